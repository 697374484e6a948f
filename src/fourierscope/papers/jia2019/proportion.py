"""Seven proportions of low, mid and high filters held in the first layer, and what robustness owes to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.jia2019 import rows
from fourierscope.papers.jia2019.leaders import pictures
from fourierscope.papers.jia2019.learned import each
from fourierscope.papers.jia2019.methods import HALF_NOISE, HELD, PROPORTIONS, STANDARD
from fourierscope.papers.jia2019.rows import FAMILIES, best_gain, by_seed, seeds_of
from fourierscope.papers.making import Making, NotTried
from fourierscope.reports import Table

METHODS = (STANDARD, HALF_NOISE, *HELD)
_SEEDS = {"smoke": 1, "small": 2, "full": 3}
_HALF_CLAIMED = 0.1097 / 2
_WHATS = ("clean", "corrupted", *FAMILIES)


class Slopes(NamedTuple):
    """How accuracy changes as the share of low, and of high, filters goes from 0 to 1 in the place of mid ones."""

    low: Reading
    high: Reading


def _make(making: Making) -> None:
    for _ in each(making, METHODS, _SEEDS[making.budget]):
        rows.write(making, METHODS)


def slopes(shares: npt.NDArray[np.float64], accuracies: npt.NDArray[np.float64]) -> Slopes:
    """Least squares of accuracies (n,) against a constant and the shares (n, 2) of low and high filters.

    Each network counts once, with Student's interval of n - 3 degrees of freedom.
    """
    count = len(accuracies)
    design = np.column_stack([np.ones(count), shares])
    found, *_ = np.linalg.lstsq(design, accuracies, rcond=None)
    freedom = count - design.shape[1]
    variance = float(np.square(accuracies - design @ found).sum()) / freedom
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(np.diag(variance * np.linalg.inv(design.T @ design)))
    ends = zip(found[1:], reach[1:], strict=True)
    low, high = (Reading(float(one), float(one - way), float(one + way), count) for one, way in ends)
    return Slopes(low, high)


def regressed(made: Made, what: str) -> Slopes:
    """The slopes of clean or corrupted accuracy, or that of a family, over all networks that hold a proportion."""
    shares, accuracies = [], []
    for method in HELD:
        low, _, high = PROPORTIONS[method.name]
        for seed in seeds_of(made, method):
            shares.append((low, high))
            accuracies.append(float(by_seed(made, method, what, [seed]).mean()))
    if len(accuracies) < 4 or np.linalg.matrix_rank(np.insert(np.array(shares), 0, 1.0, axis=1)) < 3:
        raise NotTried("a slope takes four networks or more, whose proportions do not all lie on one line")
    return slopes(np.array(shares), np.array(accuracies))


def _tables(made: Made) -> list[Table]:
    lines = []
    for what in _WHATS:
        for share, one in regressed(made, what)._asdict().items():
            lines.append((what, share, f"{one.value:+.3f}", f"{one.low:+.3f} to {one.high:+.3f}", str(one.n)))
    says = (
        "Change of accuracy as the share of low, or of high, filters goes from 0 to 1 in the place of mid ones. Bands "
        "hold 1, 2 and 6 of the nine 3 x 3 kernels: a share is one of free weights too, and the two are not told apart."
    )
    columns = ("accuracy", "share", "slope", "95 % interval", "networks")
    return [*rows.tables(made, METHODS, "proportion"), Table("Regression on the share", says, columns, tuple(lines))]


def _draw(made: Made) -> list[Picture]:
    return pictures(made, METHODS, "proportion")


EXHIBIT = Exhibit(
    number="proportion",
    title="The proportion of frequencies in the first layer, held in training",
    claim="The proportion of filters of different frequency in the first layer decides accuracy and robustness.",
    source=(
        "the abstract alone; how the article measured and held proportions is not public. Filters are held to bands "
        "by counts (cuts at 1/6 and 1/3 cycles per pixel), our reading"
    ),
    make=_make,
    draw=_draw,
    tables=_tables,
    checks=(
        Check(
            "Accuracy under noise as the share of low filters grows, slope (expected: holds)",
            lambda made: regressed(made, "noise").low,
            low=ABOVE_ZERO,
        ),
        Check(
            "Clean accuracy as the share of low filters grows, slope: below 0 (expected: holds)",
            lambda made: regressed(made, "clean").low,
            high=-ABOVE_ZERO,
        ),
        Check(
            "Accuracy under noise as the share of high filters grows, slope: below 0 (expected: holds)",
            lambda made: regressed(made, "noise").high,
            high=-ABOVE_ZERO,
        ),
        Check(
            "Best of seven proportions less standard: at least half of the claimed gain (expected: fails)",
            lambda made: best_gain(made, HELD, STANDARD),
            low=_HALF_CLAIMED,
            printed="+.1097 (abstract)",
        ),
        Check(
            "Best of seven proportions less 50 % Gaussian (expected: fails)",
            lambda made: best_gain(made, HELD, HALF_NOISE),
            low=ABOVE_ZERO,
        ),
    ),
)
