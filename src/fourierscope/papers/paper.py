"""A paper made again: its exhibits in their order, each made, checked, drawn, and written to its folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from fourierscope.fourier.kinds import did_you_mean
from fourierscope.papers.exhibit import REAL, Beside, Checked, Exhibit, Made, Picture
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.tables import as_json
from fourierscope.reports import Table
from fourierscope.results import written_whole
from fourierscope.runs import StoreError

_MARK = "setting.json"  # says whose folder it is


@dataclass(frozen=True)
class Budget:
    """How much a paper is made again with: in words, the images, and the classifiers by their role.

    Roles without a word here are the user's to give; `absent` says why, for those that the budget cannot have.
    """

    says: str
    samples: str | None
    classifiers: Mapping[str, str]
    absent: Mapping[str, str]


@dataclass(frozen=True)
class Paper:
    """A published paper: its exhibits, the roles that classifiers play in it, and what each budget gives them."""

    name: str
    title: str
    roles: tuple[str, ...]
    budgets: Mapping[str, Budget]
    exhibits: tuple[Exhibit, ...]

    def exhibit(self, number: str) -> Exhibit:
        """The exhibit of that number: "3", "figure 3", "figure3", "table 2". Raises ValueError with those there are."""
        wanted = re.sub(r"^figure", "", re.sub(r"[\s-]", "", number.lower()))
        for one in self.exhibits:
            if one.number.replace(" ", "") == wanted:
                return one
        known = [one.number for one in self.exhibits]
        near = "" if re.search(r"\d", wanted) else did_you_mean(wanted, known)  # another number is no slip
        told = f"{self.name} has {', '.join(known)}; {number!r} came.{near}{_written(known)}"
        raise ValueError(told)

    def budget(self, name: str) -> Budget:
        """The budget of that name. Raises ValueError with those there are."""
        if name not in self.budgets:
            raise ValueError(f"The budgets of {self.name} are {', '.join(self.budgets)}; {name!r} came.")
        return self.budgets[name]


def _written(numbers: Sequence[str]) -> str:
    """How exhibits are written that are numbers, or of two words: of each kind the first one, after a space."""
    figures = [f'{one}, figure{one}, figure-{one} or "figure {one}"' for one in numbers if one.isdecimal()]
    words = [f'{one.replace(" ", "")}, {one.replace(" ", "-")} or "{one}" in quotes' for one in numbers if " " in one]
    ways = "; ".join(figures[:1] + words[:1])
    return f" Write {ways}." if ways else ""


class Outcome(NamedTuple):
    """What came of an exhibit. `not_tried` is the reason, where it could not be made at all.

    `beside` is empty in the budget smoke, whose images and networks are not the paper's.
    """

    exhibit: Exhibit
    made: Made
    checked: list[Checked]
    beside: list[Beside]
    pictures: list[Picture]
    not_tried: str = ""
    reused: int = 0
    """Finished cells that were there already."""
    tables: Sequence[Table] = ()


def made_again(paper: Paper, exhibits: Sequence[Exhibit], setting: Setting, folder: Path) -> Iterator[Outcome]:
    """Make each exhibit in its own folder within `folder`, and what came of it, one after the other.

    Finished cells are kept and used again; pictures and tables that follow from them are written anew. Raises
    StoreError, and changes nothing, where the folder holds something else or belongs to another setting.
    """
    _claimed(paper, setting, folder)
    for one in exhibits:
        yield _outcome(one, setting, folder / one.name)


def _outcome(exhibit: Exhibit, setting: Setting, folder: Path) -> Outcome:
    making, why = Making(setting, folder), ""
    try:
        exhibit.make(making)
    except NotTried as error:
        why = str(error)
    made = Made(making.results, making.left_out)
    checked = [
        Checked(one, "not tried here", why=why) if why else one.tried(made, setting.budget) for one in exhibit.checks
    ]
    beside = [] if why or setting.budget not in REAL else exhibit.beside(made)
    pictures, tables = ([], []) if why else (exhibit.draw(made), exhibit.tables(made))
    outcome = Outcome(exhibit, made, checked, beside, pictures, why, making.reused, tables)
    _write(outcome, setting.budget, folder)
    return outcome


def _write(outcome: Outcome, budget: str, folder: Path) -> None:
    """The pictures and the checks of an exhibit, as files that follow from its finished cells."""
    for picture in outcome.pictures:
        written_whole(folder / f"{picture.name}.png", partial(_put, picture.png), overwrite=True)
    checks = json.dumps(as_json(outcome, budget), indent=1, allow_nan=False) + "\n"
    written_whole(folder / "checks.json", partial(_put, checks.encode()), overwrite=True)


def _put(content: bytes, draft: Path) -> None:
    draft.write_bytes(content)


def _claimed(paper: Paper, setting: Setting, folder: Path) -> None:
    """Make the folder this setting's own, or see that it is."""
    own: dict[str, Any] = {
        "paper": paper.name,
        "budget": setting.budget,
        "samples": setting.samples.digest,
        "samples name": setting.samples.name,
        "limit": setting.limit,
    }
    path = folder / _MARK
    if folder.exists() and (not folder.is_dir() or (_foreign(folder) and not path.exists())):
        raise StoreError(f"{folder} exists and holds something else than a paper's exhibits. Choose another folder.")
    if not path.exists():
        written_whole(path, partial(_put, (json.dumps(own, indent=1) + "\n").encode()))
        return
    told = list(_changed(_held(path), own))
    if told:
        kept = "Nothing was changed; choose another folder (--folder), or ask as then."
        raise StoreError(f"{folder} belongs to another setting: {'; '.join(told)}. {kept}")


def _foreign(folder: Path) -> bool:
    """Whether a folder holds anything but drafts of the mark, which a kill leaves."""
    return any(not (one.name.startswith(f".{_MARK}.") and one.suffix == ".draft") for one in folder.iterdir())


def _changed(held: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it was, in words: of images their names, since nobody knows a digest."""
    for key in ("paper", "budget", "limit"):
        was, now = (one.get(key) or "none" for one in (held, own))
        if was != now:
            yield f"{key} was {was} and is now {now}"
    if held.get("samples") != own["samples"]:
        then = f"then {held['samples name']}, " if "samples name" in held else ""
        yield f"the test images are others ({then}now {own['samples name']})"


def _held(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:  # of JSON, of UTF-8, of a folder in its place
        raise StoreError(f"{path} is damaged ({error}). Delete this file, or choose another folder.") from error
    if not isinstance(held, dict):
        raise StoreError(f"{path} is damaged (it is no table of names). Delete this file, or choose another folder.")
    return held
