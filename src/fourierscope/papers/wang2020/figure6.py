"""Figure 6: batch norm where nothing but low components is learned."""

from __future__ import annotations

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart
from fourierscope.papers.wang2020.learned import RADII, Learner, curves, training_of
from fourierscope.papers.wang2020.readings import last

_LEARNED = {"smoke": (4,), "small": (4, 16), "full": RADII}


def _name(batch_norm: bool, radius: int) -> str:
    return f"{'batch norm' if batch_norm else 'none'}, radius {radius}"


def _make(making: Making) -> None:
    for radius in _LEARNED[making.budget]:
        for batch_norm in (False, True):
            learner = Learner(batch_norm=batch_norm, component=("low", radius))
            curves(making, _name(batch_norm, radius), training_of(making, learner), "none")
    for batch_norm in (False, True):
        name = "batch norm, whole images" if batch_norm else "none, whole images"
        curves(making, name, training_of(making, Learner(batch_norm=batch_norm)), "none")


def _draw(made: Made) -> list[Picture]:
    names = [name for name in made.results if "radius" in name]
    curves_drawn = [made[name]["low_accuracy_test"].sel(part=name.split(", ")[1]) for name in names]
    says = "Accuracy by epoch on low components of test images, where the same components alone are learned."
    return [Picture("figure-6", says, draw_together(curves_drawn, names))]


def _advantage(made: Made, radius: int | None) -> Reading:
    """Test accuracy with batch norm less that without, on what was learned."""
    if radius is None:
        return apart(*(last(made, f"{one}, whole images", "low") for one in ("batch norm", "none")))
    return apart(*(last(made, _name(one, radius), "low", radius) for one in (True, False)))


EXHIBIT = Exhibit(
    number="6",
    title="Batch norm on low components",
    claim="Where low components alone are learned, batch norm loses its advantage.",
    source="section 5.2, Fig. 6; its numbers are not on record",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            f"Advantage of batch norm where low components of radius {RADII[0]} are learned, less that on whole images",
            lambda made: apart(_advantage(made, RADII[0]), _advantage(made, None)),
            high=0,
        ),
        Check(
            f"Advantage of batch norm where low components of radius {RADII[0]} are learned",
            lambda made: _advantage(made, RADII[0]),
            high=0,
        ),
    ),
)
