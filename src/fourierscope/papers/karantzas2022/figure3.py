"""Figure 3: masks of a whole set of images for each network, and their differences from the natural network's."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.differences import less
from fourierscope.papers.karantzas2022.learned import ROLES
from fourierscope.papers.karantzas2022.masks import LOSSES, set_masks
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact

_READS = {"cross-entropy": "by equation 2", "squared-difference": "by the authors' code"}


def _make(making: Making) -> None:
    for _ in set_masks(making):
        pass


def _draw(made: Made) -> list[Picture]:
    return [one for loss in LOSSES for one in _of_reading(made, loss)]


def _of_reading(made: Made, loss: str) -> list[Picture]:
    roles = made.having([f"{role}-{loss}" for role in ROLES])
    names = [one.removesuffix(f"-{loss}") for one in roles]
    masks = [_mask(made, name, loss) for name in names]
    says = (
        f"The mask of the learned half of the images for each network, with the loss {_READS[loss]} ({loss}); "
        "frequency zero in the middle."
    )
    found = [Picture(f"figure-3-{loss}", says, draw_together(masks, names))]
    others = [name for name in names if name != "natural"]
    if "natural" in names and others:
        gaps = [less(_mask(made, name, loss), _mask(made, "natural", loss)) for name in others]
        told = "The same masks less that of the natural network: orange where the other network needs more."
        titles = [f"{name} minus natural" for name in others]
        found.append(Picture(f"figure-3-{loss}-differences", told, draw_together(gaps, titles)))
    return found


def _mask(made: Made, role: str, loss: str) -> xr.DataArray:
    return of_role(made, role, loss)["mask"].isel(item=0, drop=True)


def _radius(made: Made, role: str, loss: str) -> float:
    """The mean radius of a mask's gains, in cycles per image."""
    mask = _mask(made, role, loss)
    radius = np.hypot(mask["row"].values[:, None], mask["column"].values)
    return float((radius * mask.values).sum() / max(mask.values.sum(), np.finfo(float).tiny))


def _lower(role: str, loss: str) -> Check:
    def read(made: Made) -> Reading:
        gap = _radius(made, "natural", loss) - _radius(made, role, loss)
        return exact(gap, int(of_role(made, role, loss).dataset["n"]))

    says = f"{loss}: mean radius of the gains, natural minus {role}, whose mask lies lower"
    return Check(says, read, low=ABOVE_ZERO)


def _higher(loss: str) -> Check:
    def read(made: Made) -> Reading:
        gap = _radius(made, "rotation", loss) - _radius(made, "natural", loss)
        return exact(gap, int(of_role(made, "rotation", loss).dataset["n"]))

    return Check(
        f"{loss}: mean radius of the gains, rotation minus natural, whose mask lies higher", read, low=ABOVE_ZERO
    )


def _sparse(role: str, loss: str) -> Check:
    def read(made: Made) -> Reading:
        held = of_role(made, role, loss)
        return exact(float(held["size"][0]), int(held.dataset["n"]))

    return Check(f"{loss}, {role}: size of the mask, less than half of the plane", read, high=0.5)


EXHIBIT = Exhibit(
    number="3",
    title="Masks of a set of images, for networks trained in five ways",
    claim=(
        "How training changes what a network needs depends on the augmentation: adversarial training and random scales "
        "move the mask to low frequencies, rotations to high ones."
    ),
    source="section 3.1",
    make=_make,
    draw=_draw,
    checks=(
        *(_lower(role, loss) for loss in LOSSES for role in ("adversarial", "scale")),
        *(_higher(loss) for loss in LOSSES),
        *(_sparse(role, loss) for loss in LOSSES for role in ROLES),
    ),
)
