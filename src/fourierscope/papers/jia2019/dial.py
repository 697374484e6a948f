"""A dial between low and high frequencies on the first kernels of trained networks, and what it trades."""

from __future__ import annotations

from math import inf

import numpy as np
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.jia2019 import rows
from fourierscope.papers.jia2019.learned import LEARNED, each
from fourierscope.papers.jia2019.methods import HALF_NOISE, STANDARD, TILTED, Method
from fourierscope.papers.jia2019.rows import best_gain, gain, gain_text, seeds_of
from fourierscope.papers.making import Making
from fourierscope.reports import Table
from fourierscope.results import Axes

METHODS = (STANDARD, HALF_NOISE, *TILTED.values())
_TRADED = ("gaussian_noise", "fog", "contrast")
_WHATS = ("clean", "corrupted", *_TRADED)
_LOW, _HIGH = min(TILTED), max(TILTED)
_LEVEL = TILTED[0.0]
_HALF_CLAIMED = 0.1097 / 2


def _make(making: Making) -> None:
    for _ in each(making, METHODS, LEARNED[making.budget].seeds):
        rows.write(making, METHODS)


def gained(made: Made, tilt: float, what: str) -> Reading:
    """What a tilt gains over the same networks not tilted, their batch norms estimated anew too, paired over both."""
    return gain(made, TILTED[tilt], _LEVEL, what)


def _there(made: Made) -> list[float]:
    """The tilts, but none, that were asked."""
    return [tilt for tilt in TILTED if tilt and seeds_of(made, TILTED[tilt], _LEVEL)]


def _draw(made: Made) -> list[Picture]:
    says = (
        "Gain in accuracy by a tilt of the first kernels towards low (below 0) or high frequencies over no tilt, batch "
        "norms estimated anew in both, with 95 % intervals over images and seeds."
    )
    lines = [_line(made, what, says) for what in _WHATS] if _there(made) else []
    return [Picture("dial", says, draw_together(lines, _WHATS))] if lines else []


def _line(made: Made, what: str, says: str) -> xr.DataArray:
    """Gains over the tilts, with 0 where nothing is tilted."""
    found = {tilt: gained(made, tilt, what)[:3] for tilt in _there(made)} | {0.0: (0.0, 0.0, 0.0)}
    tilts = sorted(found)
    parts = np.array([found[tilt] for tilt in tilts]).T
    axes = Axes({"tilt": np.array(tilts)}, {"tilt": "below 0: towards low frequencies"})
    drawn = axes.array(parts[0], "1", says, low="gain_low", high="gain_high").rename("gain")
    return drawn.assign_coords(gain_low=("tilt", parts[1]), gain_high=("tilt", parts[2]))


def _tables(made: Made) -> list[Table]:
    says = (
        "Gain in accuracy over the same networks not tilted, paired over images and seeds with 95 % intervals. Nothing "
        "learns: kernels are tilted, and batch norms estimated anew on training images, in those not tilted too."
    )
    lines = [(f"{tilt:+g}", *(gain_text(gained(made, tilt, what)[:3]) for what in _WHATS)) for tilt in _there(made)]
    return [Table("By tilt", says, ("tilt", *_WHATS), tuple(lines)), *rows.tables(made, METHODS, "dial")]


def _tilts() -> list[Method]:
    return [TILTED[tilt] for tilt in TILTED if tilt]


def _expected(tilt: float, what: str, *, gains: bool) -> Check:
    way = "low" if tilt < 0 else "high"
    low, high = (ABOVE_ZERO, inf) if gains else (-inf, -ABOVE_ZERO)
    return Check(
        f"Tilted towards {way} frequencies by {abs(tilt):g}, less none, under {what}: "
        f"{'above' if gains else 'below'} 0 (expected: holds)",
        lambda made: gained(made, tilt, what),
        low,
        high,
    )


EXHIBIT = Exhibit(
    number="dial",
    title="A dial between low and high frequencies, turned after training",
    claim=(
        "Ours: tilting the first kernels towards low frequencies, without training, trades fog and contrast for noise; "
        "were the proportion of frequencies what decides robustness, that would be worth something."
    ),
    source="ours; expectations were written down before any network of `small` was tilted",
    make=_make,
    draw=_draw,
    tables=_tables,
    checks=(
        _expected(_LOW, "gaussian_noise", gains=True),
        _expected(_LOW, "fog", gains=False),
        _expected(_LOW, "contrast", gains=False),
        _expected(_HIGH, "gaussian_noise", gains=False),
        Check(
            "Best of four tilts less none, corrupted accuracy: at least half of the claimed gain (expected: fails)",
            lambda made: best_gain(made, _tilts(), _LEVEL),
            low=_HALF_CLAIMED,
            printed="+.1097 (abstract)",
        ),
        Check(
            "Best of four tilts less 50 % Gaussian, corrupted accuracy (expected: fails)",
            lambda made: best_gain(made, _tilts(), HALF_NOISE),
            low=ABOVE_ZERO,
        ),
    ),
)
