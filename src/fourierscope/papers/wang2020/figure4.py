"""Figure 4: batch sizes, the gap between training and test images, and high components."""

from __future__ import annotations

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart
from fourierscope.papers.wang2020.learned import RADII, Learner, curves, training_of
from fourierscope.papers.wang2020.readings import last

_BATCHES = {"smoke": (20, 100), "small": (25, 100, 400), "full": (32, 64, 128, 256)}


def _make(making: Making) -> None:
    for batch in _BATCHES[making.budget]:
        curves(making, f"batch {batch}", training_of(making, Learner(batch)))


def _names(made: Made) -> list[str]:
    """The batch sizes that were made, from the smallest to the largest."""
    return sorted(made.results, key=lambda name: int(name.split()[1]))


def _draw(made: Made) -> list[Picture]:
    names, pictures = _names(made), []
    told = {
        "test": (
            "low_accuracy_test",
            "whole image",
            "Accuracy on whole test images by epoch, with batches of several sizes.",
        ),
        "train": ("low_accuracy_train", "whole image", "Accuracy on whole training images by epoch."),
        "low": (
            "low_accuracy_test",
            f"radius {RADII[0]}",
            f"Accuracy on low components of test images, radius {RADII[0]}.",
        ),
        "high": (
            "high_accuracy_test",
            f"radius {RADII[0]}",
            f"Accuracy on high components of test images, radius {RADII[0]}.",
        ),
    }
    for word, (value, part, says) in told.items():
        drawn = draw_together([made[name][value].sel(part=part) for name in names], names)
        pictures.append(Picture(f"figure-4-{word}", says, drawn))
    return pictures


def _small_less_large(made: Made, kept: str, radius: int | None = None, split: str = "test") -> Reading:
    names = _names(made)
    return apart(*(last(made, name, kept, radius, split) for name in (names[0], names[-1])))


def _gap(made: Made, name: str) -> Reading:
    """Accuracy on training images less that on test images, at the end."""
    return apart(last(made, name, "low", split="train"), last(made, name, "low"))


EXHIBIT = Exhibit(
    number="4",
    title="Batch sizes",
    claim="Small batches are right more often on training and test images; large ones are closer on both, and less "
    "right by high components.",
    source="section 5.1, Fig. 4; its numbers are not on record, and after few epochs large batches have learned less",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Test accuracy, smallest less largest batch", lambda made: _small_less_large(made, "low"), low=ABOVE_ZERO
        ),
        Check(
            "Gap between training and test accuracy, smallest less largest batch",
            lambda made: apart(*(_gap(made, name) for name in (_names(made)[0], _names(made)[-1]))),
            low=ABOVE_ZERO,
        ),
        Check(
            f"Test accuracy on high components of radius {RADII[0]}, smallest less largest batch",
            lambda made: _small_less_large(made, "high", RADII[0]),
            low=ABOVE_ZERO,
        ),
    ),
)
