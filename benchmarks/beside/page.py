"""Writes what was measured into docs/speed.md, between two marks, and draws its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

HEADING, END = "## Beside other tools", "<!-- end of what `make bench` writes -->"
TITLES = {
    "whole_map": "A whole map of a 32 x 32 plane",
    "whole_map-without": "The same with bfloat16 units switched off",
    "precision": "How far `fast` is from `exact`",
    "precision-without": "The same with bfloat16 units switched off",
    "agreement": "Whether the sides measure the same",
    "cost": "What our map costs",
    "masks": "Masks",
}


def write(page: Path, tables: dict[str, dict[str, Any]], said: str) -> None:
    """Put the tables, in the order of TITLES, in place of those of the last time; the rest of the page stays."""
    parts = [f"{HEADING}\n", f"{said}\n"]
    for name, title in TITLES.items():
        if name in tables:
            turns = tables[name].get("turns")
            counted = f"{turns} turns.\n\n" if turns else ""
            parts.append(f"### {title}\n\n{counted}{lines(tables[name])}\n")
    section = "\n".join([*parts, "![Seconds of a whole map](pictures/speed.png)\n", END])
    old = page.read_text() if page.exists() else "# Speed\n"
    before, _, rest = old.partition(HEADING)
    after = rest.partition(END)[2].lstrip("\n")
    page.write_text(before.rstrip("\n") + "\n\n" + section + "\n" + (f"\n{after}" if after else ""))


def lines(table: dict[str, Any]) -> str:
    """A table in Markdown."""
    rows = [table["columns"], ["---"] * len(table["columns"]), *table["rows"]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def draw(picture: Path, tables: dict[str, dict[str, Any]]) -> None:
    """Seconds of the whole map by side, a dot each; with and without bfloat16 units."""
    titles = {"whole_map": "as the processor is", "whole_map-without": "without bfloat16 units"}
    shown = [(name, tables[name]["seconds"]) for name in ("whole_map", "whole_map-without") if name in tables]
    figure = Figure(figsize=(5.2 + 3.2 * (len(shown) - 1), 3.2), layout="constrained")
    axes = figure.subplots(1, len(shown), sharey=True, sharex=True, squeeze=False)[0]
    for place, (name, seconds) in zip(axes, shown, strict=True):
        ours = [side.startswith("fourierscope") for side in seconds]
        colours = ["#d55e00" if one else "#4c78a8" for one in ours]
        place.scatter(list(seconds.values()), list(seconds), c=colours, s=36, zorder=3)
        for side, value in seconds.items():
            place.annotate(f"{value:,.0f} s", (value, side), xytext=(7, -3), textcoords="offset points", fontsize=8)
        place.set(xlabel="seconds of a whole map", title=titles[name])
        place.title.set_fontsize(9)
        place.grid(axis="x", alpha=0.3)
        place.set_xlim(0, 1.25 * max(max(one.values()) for _, one in shown))
    axes[0].invert_yaxis()
    figure.savefig(picture, dpi=110)
