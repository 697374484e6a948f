"""Figure 3: images along their first principal component, learned from low to high frequency."""

from __future__ import annotations

from fourierscope.analyses import FrequencyPrinciple
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import exact
from fourierscope.papers.xu2019.images import KINDS, LEARNED, image_fit
from fourierscope.papers.xu2019.lines import ordered


def _make(making: Making) -> None:
    question = FrequencyPrinciple(view="projection", seeds=LEARNED[making.budget].seeds)
    for kind in KINDS:
        making.ask(kind, question, image_fit(making, kind))


def _draw(made: Made) -> list[Picture]:
    says = (
        "Relative error of the Fourier coefficients along the first principal component, by step; only frequencies "
        "whose targets stand out of three times the noise floor. Mean over seeds."
    )
    kinds = [kind for kind in made.having(list(KINDS)) if made[kind]["error"].sizes["frequency"]]
    if not kinds:
        return []
    return [
        Picture("figure-3", says, draw_together([made[one]["error"] for one in kinds], [KINDS[one] for one in kinds]))
    ]


def _ordering(kind: str) -> Check:
    def read(made: Made) -> Reading:
        if made[kind]["error"].sizes["frequency"] < 2:
            raise NotTried("fewer than two frequencies stand out of the noise of so few images")
        return ordered(made, kind)

    says = "Spearman correlation of frequency with time to learn, over frequencies above the noise floor"
    return Check(f"{KINDS[kind]}: {says}", read, low=ABOVE_ZERO)


def _usable(made: Made) -> Reading:
    """How many of the twenty frequencies stand out of the noise floor."""
    found = made["connected"]["error"].sizes["frequency"]
    return exact(found, found + int(made["connected"]["left_out"]))


EXHIBIT = Exhibit(
    number="3",
    title="Images along their first principal component",
    claim="Networks learn MNIST and CIFAR-10 from low to high frequency along the first principal component of images.",
    source="1901.06523, section 4.1; 1807.01251, Fig. 1. A noise floor decides which frequencies can be told at all",
    make=_make,
    draw=_draw,
    checks=(
        Check("Of the lowest twenty frequencies, those that stand out of the noise floor: two or more", _usable, low=2),
        *(_ordering(kind) for kind in KINDS),
    ),
)
