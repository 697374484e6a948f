"""How the difference of network and prediction falls with the width, down to what endlessly many neurons leave."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, exact
from fourierscope.papers.zhang2019.examples import CUBIC, EXCLUSIVE_OR, distance

_PUBLISHED = (500, 1000, 2000, 4000, 8000, 16_000)
_L1 = (6.6e-3, 4.4e-3, 3.7e-3, 2.8e-3, 2.4e-3, 1.85e-3)  # in a comment of the published code
_L2 = (11.5e-3, 7.1e-3, 5.9e-3, 4.5e-3, 3.6e-3, 2.8e-3)
_WIDEST, _WIDEST_OF_TWO = 64_000, 32_000
_WIDTHS = {
    "smoke": (250, 1000, 4000, 16_000, _WIDEST),
    "small": (250, *_PUBLISHED, 32_000, _WIDEST),
    "full": (250, *_PUBLISHED, 32_000, _WIDEST, 256_000),
}
_PLACES = {"smoke": 400, "small": 800, "full": 1600}
_DRAWS = {"smoke": 10, "small": 10, "full": 100}
_EXAMPLES = {"cubic": CUBIC, "exclusive-or": EXCLUSIVE_OR}


def _make(making: Making) -> None:
    budget = making.budget
    widths = {"cubic": _WIDTHS[budget], "exclusive-or": (1000, 4000, 8000, _WIDEST_OF_TWO)}
    for name, example in _EXAMPLES.items():
        draws = _DRAWS[budget] if name == "cubic" else max(6, _DRAWS[budget] // 4)
        question = example.question(widths=widths[name], draws=draws, places=_PLACES[budget])
        making.ask(name, question, example.fit(2000))


def _draw(made: Made) -> list[Picture]:
    held = made.having(list(_EXAMPLES))
    says = "Root mean square of network - prediction by width, after endless training in the tangent kernel."
    return [Picture("width", says, draw_together([in_decades(made[one]["l2"]) for one in held], held))]


def in_decades(l2: xr.DataArray) -> xr.DataArray:
    """Distances (width,) and their bounds as logarithms to base 10, over that of the width: powers are lines.

    A lower bound reaches down to a tenth of the value at most.
    """
    high = np.log10(l2.coords["l2_high"].variable)
    low = np.log10(np.maximum(l2.coords["l2_low"].variable, l2.variable / 10))
    found = xr.DataArray(np.log10(l2.variable), l2.coords, name="log10_of_l2", attrs=l2.attrs)
    found = found.assign_coords(l2_low=low, l2_high=high, width=np.log10(l2["width"].values))
    found = found.rename(width="log10_of_width")
    found["log10_of_width"].attrs["units"] = "neurons"
    return found


def _falls(name: str, low: float, high: float) -> Check:
    def read(made: Made) -> Reading:
        draws = int(made[name].record["options"]["draws"])
        return at(made[name], "slope", {})._replace(n=draws)

    return Check(f"{name.replace('-', ' ')}: slope of log distance on log width", read, low, high)


def _to_the_floor(made: Made) -> Reading:
    held = distance(made, "cubic", _WIDEST)
    limit = float(made["cubic"]["limit"])
    return Reading(held.value / limit, held.low / limit, held.high / limit, held.n)


def _limit(made: Made) -> Reading:
    return exact(float(made["cubic"]["limit"]), 1)


def _beside(made: Made) -> list[Beside]:
    found = []
    for name, printed in (("l1", _L1), ("l2", _L2)):
        for width, one in zip(_PUBLISHED, printed, strict=True):
            ours = at(made["cubic"], name, {"width": width}) if "cubic" in made.results else None
            says = f"{name} at {width:,} neurons, recorded perhaps on other data"
            found.append(Beside(says, one, ours))
    return found


EXHIBIT = Exhibit(
    number="width",
    title="Network and prediction by width",
    claim="The difference of network and prediction falls as a power of the width.",
    source="Fig. 2 and comments of the published code; the floor is ours",
    make=_make,
    draw=_draw,
    checks=(
        _falls("cubic", -0.55, -0.3),
        _falls("exclusive-or", -0.65, -0.35),
        Check("cubic: what endlessly many neurons leave", _limit, 1.05e-3, 1.25e-3),
        Check(f"cubic: distance at {_WIDEST} neurons over what endlessly many leave", _to_the_floor, 0.8, 1.7),
        Check(
            f"exclusive or: root mean square at {_WIDEST_OF_TWO} neurons",
            lambda made: distance(made, "exclusive-or", _WIDEST_OF_TWO),
            high=0.03,
        ),
    ),
    beside=_beside,
)
