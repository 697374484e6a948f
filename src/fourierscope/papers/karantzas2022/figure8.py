"""Figure 8: the answers of a linear classifier of masks, as places in a plane."""

from __future__ import annotations

import numpy as np

from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.class_question import class_question
from fourierscope.papers.making import Making
from fourierscope.results import wilson

_MOST = 10  # classes drawn


def _make(making: Making) -> None:
    class_question(making)


def _draw(made: Made) -> list[Picture]:
    held = of_role(made, "natural", "classes")
    says = f"Where the masks lie, by the class of their image. {held['embedding'].attrs['says']}"
    means = held["class_mask"]
    names = [str(one) for one in means["class"].values[:_MOST]]
    planes = [means.sel({"class": one}, drop=True) for one in names]
    told = "The mean mask of the images of each class; frequency zero in the middle."
    return [
        Picture("figure-8", says, draw(held["embedding"])),
        Picture("figure-8-classes", told, draw_together(planes, names)),
    ]


def _neighbours(made: Made) -> Reading:
    """How often the nearest other place is of the same class, more than when all lay anywhere."""
    held = of_role(made, "natural", "classes")["embedding"]
    places, words = held.values, held["item"].values
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(apart, np.inf)
    same = words[apart.argmin(1)] == words
    found = wilson(float(same.mean()), len(words))
    by_chance = float(np.mean([(words == one).sum() - 1 for one in words]) / (len(words) - 1))
    value, low, high = (float(one) - by_chance for one in found)
    return Reading(value, low, high, len(words))


EXHIBIT = Exhibit(
    number="8",
    title="The masks' answers cluster by class",
    claim="The responses of a linear classifier of masks cluster by the class of the image.",
    source="section 3.2; by UMAP there, by principal components here, of masks that the classifier has not seen",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Share of masks whose nearest neighbour in the plane is of the same class, more than by chance",
            _neighbours,
            low=ABOVE_ZERO,
        ),
    ),
)
