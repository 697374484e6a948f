"""Figure 5: bands of kernel eigenvectors over images, learned from slow to quick ones; true labels and drawn ones."""

from __future__ import annotations

from fourierscope.analyses import FrequencyPrinciple
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture
from fourierscope.papers.making import Making
from fourierscope.papers.xu2019.images import LEARNED, drawn_labels, image_fit, mean_curves
from fourierscope.papers.xu2019.lines import order_by_area, seeds_in_order
from fourierscope.results import Result

_DIGITS = (0, 50, 200, 1000)
_BANDWIDTH = 1.25  # of digits; for other images half the median distance of two of them
_NAMES = {"true": "true labels", "drawn": "labels drawn by chance"}


def band_order(making: Making, name: str) -> Result:
    """In which order the bands of true or drawn labels are learned in this budget."""
    subject, seeds = image_fit(making), LEARNED[making.budget].seeds
    own = making.budget == "smoke" and len(subject.points) >= _DIGITS[-1]
    question = FrequencyPrinciple(
        view="kernel", width=_BANDWIDTH if own else 0.0, edges=_DIGITS if own else (), threshold=0.5, seeds=seeds
    )
    return making.ask(name, question, subject if name == "true" else drawn_labels(subject), "kernel")


def _make(making: Making) -> None:
    for name in _NAMES:
        band_order(making, name)


def _draw(made: Made) -> list[Picture]:
    says = (
        "Relative error within bands of kernel eigenvectors, by step: low modes vary slowly over the images. "
        "Means over seeds."
    )
    held = made.having(list(_NAMES))
    return [
        Picture(
            "figure-5", says, draw_together([mean_curves(made[one]) for one in held], [_NAMES[one] for one in held])
        )
    ]


def _by_area(name: str) -> Check:
    return Check(
        f"{_NAMES[name]}: Spearman correlation of the band with its mean error over log steps",
        lambda made: order_by_area(made, name),
        low=0.99,
    )


EXHIBIT = Exhibit(
    number="5",
    title="Bands of kernel eigenvectors over images",
    claim="Labels are learned from slow to quick eigenvectors of a kernel, whether or not they mean something.",
    source="not in the article: the third way to see many dimensions, Rahaman et al. (2019), Fig. 4",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "true labels: share of seeds that come within .5 of the bands in their order",
            lambda made: seeds_in_order(made, "true"),
            low=1.0,
        ),
        *(_by_area(name) for name in _NAMES),
    ),
)
