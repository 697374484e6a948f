"""Figure 3: with natural labels low components are learned first; with shuffled labels less so."""

from __future__ import annotations

import torch

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart, exact
from fourierscope.papers.wang2020.learned import RADII, SMOKE, Learner, curves, training_of
from fourierscope.papers.wang2020.readings import last, lead
from fourierscope.subjects import Samples

KINDS = ("natural", "shuffled")
_IMAGES = {"smoke": 300, "small": 3000, "full": 50_000}
_EPOCHS = {"smoke": (6, 24), "small": (15, 45), "full": (100, 300)}
_SEEDS = {"smoke": 2, "small": 3, "full": 3}
_PRINTED = {
    "natural": (0.98, 0.28, 0.63, 0.91, 0.97),
    "shuffled": (0.97, 0.14, 0.53, 0.90, 0.97),
}  # training accuracy at the end: whole images, and low components at each radius


def _make(making: Making) -> None:
    natural = making.training_samples(SMOKE).limited(_IMAGES[making.budget])
    for kind, epochs in zip(KINDS, _EPOCHS[making.budget], strict=True):
        samples = natural if kind == "natural" else shuffled(natural)
        training = training_of(making, Learner(), samples, epochs)
        curves(making, kind, training, seeds=_SEEDS[making.budget])


def shuffled(samples: Samples) -> Samples:
    """The same images with their labels dealt out anew: as many of each class, and nothing to be found."""
    labels = samples.needed_labels()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    return Samples(samples.images, labels[order], f"{samples.name}, shuffled labels", samples.classes, samples.places)


def _draw(made: Made) -> list[Picture]:
    told = {
        "natural": "Natural labels: training accuracy on whole images and on low components, by epoch.",
        "shuffled": "Shuffled labels: the same; what is learned of them rests less on low components.",
    }
    pictures = []
    for kind in made.having(KINDS):
        parts = [
            made[kind]["low_accuracy_train"].sel(part=part) for part in made[kind]["low_accuracy_train"]["part"].values
        ]
        names = [str(part) for part in made[kind]["low_accuracy_train"]["part"].values]
        pictures.append(Picture(f"figure-3-{kind}", told[kind], draw_together(parts, names)))
    return pictures


def _beside(made: Made) -> list[Beside]:
    found = []
    for kind in made.having(KINDS):
        for radius, value in zip((None, *RADII), _PRINTED[kind], strict=True):
            where = "whole images" if radius is None else f"low components, radius {radius}"
            found.append(Beside(f"{kind} labels, {where}, at the end", value, last(made, kind, "low", radius, "train")))
    return found


def _leads(radius: int) -> Check:
    def read(made: Made) -> Reading:
        return apart(*(lead(made, kind, radius) for kind in KINDS))

    return Check(
        f"When half is learned: share of it that low components of radius {radius} carry, natural less shuffled labels",
        read,
        low=ABOVE_ZERO,
    )


def _later(made: Made) -> Reading:
    """How many times the epochs shuffled labels take until half of them is learned."""
    natural, other = (float(made[kind]["half_learned"].mean()) for kind in KINDS)
    return exact(other / natural, made["natural"].dataset.sizes["seed"])


EXHIBIT = Exhibit(
    number="3",
    title="Natural labels are learned by low components first, shuffled labels less so",
    claim="With natural labels low components are learned before high ones; shuffled labels are learned by both.",
    source="section 4, Fig. 3; printed numbers are read off the poster's curves, within .02",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        *(_leads(radius) for radius in RADII[:2]),
        Check(
            f"At the end: training accuracy on low components of radius {RADII[0]}, natural less shuffled labels",
            lambda made: apart(*(last(made, kind, "low", RADII[0], "train") for kind in KINDS)),
            low=ABOVE_ZERO,
            printed="+.14",
        ),
        Check(
            "Shuffled labels: epochs until half is learned, over those of natural ones",
            _later,
            low=1.5,
            printed="at chance for some 25 epochs",
        ),
    ),
)
