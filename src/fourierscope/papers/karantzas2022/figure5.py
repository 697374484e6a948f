"""Figure 5: masks of single images and of classes, and what passes them and their complements."""

from __future__ import annotations

import xarray as xr

from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.masks import LOSSES, PAIR, Loss, by_loss, class_masks, single_masks, transfers
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import at, exact, outcomes, paired, within

_STRIPS = ["image", "complement", "mask", "masked"]
_MOST = 10  # classes drawn


def _make(making: Making) -> None:
    transfers(making)
    for _ in single_masks(making, PAIR, "squared-difference"):
        pass
    try:
        class_masks(making, "natural")
    except NotTried as error:
        making.left_out["masks of classes"] = str(error)


def _draw(made: Made) -> list[Picture]:
    looks = (
        "Images, what passes the binary complement of their masks, the masks, and what passes these; what passes is "
        "stretched to black and white by itself, for the eye. In the article the complement is still recognised, and "
        "what passes the mask is not."
    )
    says = "Masks of single images of the natural network, the first of each class; frequency zero in the middle."
    found = [Picture("figure-5-masks", says, draw(of_role(made, "natural", "masks")["examples"]))]
    if "natural-class-masks" in made.results:
        told = "The mask of each class: the least under which the natural network keeps the labels of all its images."
        found.append(Picture("figure-5-classes", told, draw_together(*_of_classes(made))))
    strips = of_role(made, "natural", "transfer")["pictures"].sel(state=_STRIPS)
    return [*found, Picture("figure-5-images", looks, draw(strips))]


def _of_classes(made: Made) -> tuple[list[xr.DataArray], list[str]]:
    masks = of_role(made, "natural", "class-masks")["mask"]
    names = [str(one) for one in masks["item"].values[:_MOST]]
    return [masks.sel(item=one, drop=True) for one in names], names


def _size(role: str, loss: Loss) -> Check:
    return Check(
        f"{loss}, {role}: mean size of a mask, at most a tenth of the plane",
        lambda made: at(of_role(made, role, by_loss("masks", loss)), "mean_size", {}),
        high=0.1,
    )


def _kept(role: str, loss: Loss) -> Check:
    return Check(
        f"{loss}, {role}: share of predictions that are kept under the image's own mask",
        lambda made: at(of_role(made, role, by_loss("masks", loss)), "kept_share", {}),
        low=0.99,
        printed="1.00",
    )


def _energy(role: str) -> Check:
    """What is left to look at: a proxy, for nobody was asked what he recognises."""
    return Check(
        f"{role}: share of the image's energy that passes the binary complement minus what passes the mask",
        lambda made: within(
            of_role(made, role, "transfer"), "energy", {"masked": "binary complement"}, {"masked": "mask"}
        ),
        low=ABOVE_ZERO,
    )


def _of_its_class(role: str) -> Check:
    def read(made: Made) -> Reading:
        held = of_role(made, role, "transfer")
        if not {"mask of its class", "mask of another class"} <= set(held["kept_share"]["masked"].values):
            raise NotTried("some image finds no other one of its class, or of another, to borrow a mask from")
        return within(held, "kept_share", {"masked": "mask of its class"}, {"masked": "mask of another class"})

    says = f"{role}: share kept under the mask of another image of the class minus that under one of another class"
    return Check(says, read, low=ABOVE_ZERO)


def _class_accuracy(made: Made) -> Reading:
    held = of_role(made, "natural", "class-masks")
    return paired(outcomes(held, "accuracy", {}), outcomes(held, "clean_accuracy", {}))


def _class_size(made: Made) -> Reading:
    held = of_role(made, "natural", "class-masks")
    return exact(float(held["size"].mean()), int(held.dataset["n"]))


EXHIBIT = Exhibit(
    number="5",
    title="Masks of single images and of classes",
    claim=(
        "A few frequencies, particular to the class, are enough to keep a network's prediction; images under their "
        "masks look like textures, and under the complements like themselves."
    ),
    source="section 3.2; nobody was asked what he recognises, neither there nor here",
    make=_make,
    draw=_draw,
    checks=(
        *(check(role, loss) for check in (_size, _kept) for loss in LOSSES for role in PAIR),
        *(check(role) for check in (_energy, _of_its_class) for role in PAIR),
        Check(
            "Masks of classes: accuracy under them minus that without, on the images they were learned from",
            _class_accuracy,
            -0.02,
            1.0,
        ),
        Check("Masks of classes: mean size, less than half of the plane", _class_size, high=0.5),
    ),
)
