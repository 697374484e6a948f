"""Table 1: accuracy of each network without and with the mask of a set of images."""

from __future__ import annotations

from typing import Literal

from fourierscope.analyses import MaskTransfer
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.images import halves
from fourierscope.papers.karantzas2022.learned import ROLES
from fourierscope.papers.karantzas2022.masks import LOSSES, on_others, set_masks
from fourierscope.papers.karantzas2022.printed import printed
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, outcomes, paired, within

Half = Literal["learned", "held-out"]

_LITTLE = 0.02  # of accuracy
_OWN, _WHOLE, _RANDOM = ({"masked": word} for word in ("mask", "whole image", "random mask, equal size"))
_SHOWN = ["whole image", "mask", "random mask, equal size", "random mask, equal energy"]


def _make(making: Making) -> None:
    _, held = halves(making)
    for role, loss, own in set_masks(making):
        making.ask(f"{role}-{loss}-held-out", MaskTransfer(), on_others(own, held))


def _draw(made: Made) -> list[Picture]:
    names = made.having([f"{role}-{loss}-held-out" for role in ROLES for loss in LOSSES])
    values = [made[name]["accuracy"].sel(masked=_SHOWN) for name in names]
    told = [one.removesuffix("-held-out").replace("-", ", ", 1) for one in names]
    says = (
        "Accuracy on images that the mask was not learned from: whole, under the mask of the learned half, and under "
        "random masks of its size and of the energy that it lets through."
    )
    return [Picture("table-1", says, draw_together(values, told))]


def _change(made: Made, role: str, loss: str, half: Half) -> Reading:
    """Accuracy under the mask minus that without, on the images it was learned from, or on others."""
    if half == "held-out":
        return within(of_role(made, role, f"{loss}-held-out"), "accuracy", _OWN, _WHOLE)
    held = of_role(made, role, loss)
    return paired(outcomes(held, "accuracy", {}), outcomes(held, "clean_accuracy", {}))


def _beside(made: Made) -> list[Beside]:
    numbers, rows = printed("table 1"), []
    for place, role in enumerate(numbers["role"]):
        for loss in LOSSES:
            held = made.results.get(f"{role}-{loss}")
            for name, column in (("clean_accuracy", "standard"), ("accuracy", "masked")):
                ours = None if held is None else at(held, name, {})
                rows.append(Beside(f"{role}, {column}, {loss}", numbers[column][place], ours))
    return rows


def _little(role: str, loss: str, half: Half) -> Check:
    numbers = printed("table 1")
    place = numbers["role"].index(role)
    gap = numbers["masked"][place] - numbers["standard"][place]
    return Check(
        f"{loss}, {role}, {half} images: accuracy under the mask minus that without it",
        lambda made: _change(made, role, loss, half),
        -_LITTLE,
        _LITTLE,
        printed=f"{gap:+.4f}" if half == "learned" else "",
    )


def _over_random(role: str, loss: str) -> Check:
    return Check(
        f"{loss}, {role}, held-out images: accuracy under the mask minus that under a random one of its size",
        lambda made: within(of_role(made, role, f"{loss}-held-out"), "accuracy", _OWN, _RANDOM),
        low=ABOVE_ZERO,
    )


EXHIBIT = Exhibit(
    number="table 1",
    title="Accuracy with and without the mask of a set",
    claim="The mask layer changes the accuracy of a network but little, however it was trained.",
    source="section 3.1; masks there are learned from and tried on the same images, ours on held-out ones too",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        *(_little(role, loss, half) for half in ("learned", "held-out") for loss in LOSSES for role in ROLES),
        *(_over_random(role, loss) for loss in LOSSES for role in ROLES),
    ),
)
