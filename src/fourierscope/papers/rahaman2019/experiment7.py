"""Experiment 7: deeper and wider networks, and those with larger weights, reach higher frequencies of a peak."""

from __future__ import annotations

from dataclasses import replace

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.rahaman2019.peak import Peak, PeakLearned, Shape, word
from fourierscope.papers.reading import outcomes, paired

_DEPTHS = tuple(Shape(layers, 16) for layers in (3, 4, 5, 6))
_WIDTHS = tuple(Shape(3, width) for width in (16, 32, 64, 128))
_BOUNDS = tuple(Shape(6, 64, largest) for largest in (0.1, 0.2, 0.5, 2.0))
SWEEPS = {"depth": _DEPTHS, "width": _WIDTHS, "largest weight": _BOUNDS}
_ALL = tuple(dict.fromkeys(shape for several in SWEEPS.values() for shape in several))
LEARNED = {
    "smoke": (Peak(_ALL, 64, 400, 3e-3), PeakLearned(2)),
    "small": (Peak(_ALL, 64, 4000), PeakLearned(5)),
    "full": (Peak(_ALL, 200, 50_000, 3e-4), PeakLearned(10)),
}


def _make(making: Making) -> None:
    subject, question = LEARNED[making.budget]
    making.ask("peak", question, replace(subject, device=making.setting.device or "cpu"))


def _draw(made: Made) -> list[Picture]:
    pictures = []
    for name, shapes in SWEEPS.items():
        says = (
            f"How much of each frequency of a peak is learned, by {name}; 1: all of it. Mean and 95 % interval over "
            f"{made['peak'].record['options']['seeds']} trainings."
        )
        curves = [made["peak"]["magnitude"].sel(shape=word(shape)) for shape in shapes]
        drawn = draw_together(curves, [word(shape) for shape in shapes])
        pictures.append(Picture(f"experiment-7-{name.replace(' ', '-')}", says, drawn))
    return pictures


def _more(name: str) -> Check:
    shapes = SWEEPS[name]

    def read(made: Made) -> Reading:
        most, least = (outcomes(made["peak"], "reach", {"shape": word(one)}) for one in (shapes[-1], shapes[0]))
        return paired(most, least)

    return Check(
        f"By {name}: what {word(shapes[-1])} reach of the peak, less what {word(shapes[0])} do (expected: holds)",
        read,
        low=ABOVE_ZERO,
    )


EXHIBIT = Exhibit(
    number="experiment 7",
    title="A peak, by depth, width and size of weights",
    claim="Depth, width and larger weights each let a network reach higher frequencies of a peak.",
    source="appendix, the experiments on a delta-like target; how long and on how many points is not stated",
    make=_make,
    draw=_draw,
    checks=tuple(_more(name) for name in SWEEPS),
)
