"""Figure 7: how often the mask of an image has more of its energy in a band for the one network than for the other."""

from __future__ import annotations

from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.differences import LOWEST, MIDDLE, band_share, lead_in_band
from fourierscope.papers.karantzas2022.images import few_of, single_images
from fourierscope.papers.karantzas2022.learned import network
from fourierscope.papers.karantzas2022.masks import (
    LOSSES,
    PAIR,
    Loss,
    by_loss,
    mask_path,
    single_energies,
    trials_of,
)
from fourierscope.papers.karantzas2022.printed import printed
from fourierscope.papers.making import Making
from fourierscope.papers.reading import between, within
from fourierscope.results import mask_wins, wilson

_ENDS = ("from all", "from none")
_LOSS = 0.1  # nat, at which sizes are compared
_BANDS = "the lowest bands (6 of 64 to the corner)"


def _make(making: Making) -> None:
    for role in PAIR:
        network(making, role)  # without both there is nothing to compare
    single_energies(making)
    for loss in LOSSES:
        first, second = (making.results[f"{role}-{by_loss('single-energy', loss)}"] for role in reversed(PAIR))
        making.hold(by_loss("wins", loss), mask_wins(first, second))
    for role, trial in trials_of(making, PAIR, few_of(making, single_images(making))):
        mask_path(making, role, trial)


def _draw(made: Made) -> list[Picture]:
    says = (
        "Share of images whose mask has more of its energy in a band for the one network than for the other, or the "
        "same for both (such as nothing), which the article counts as a loss: by {}."
    )
    sizes = draw_together([of_role(made, role, "path")["size_at"] for role in PAIR], PAIR)
    told = (
        "Mean size of the least masks found that lose no more than so much cross-entropy, begun from all frequencies "
        "and from none: the true least lies below both. At equal losses networks are compared fairly."
    )
    found = []
    for loss in LOSSES:
        for name, value in (("radius", "radial_wins"), ("direction", "angular_wins")):
            drawing = draw(made[by_loss("wins", loss)][value])
            found.append(Picture(f"figure-7-{by_loss(name, loss)}", f"{says.format(name)} Masks by {loss}.", drawing))
    return [*found, Picture("figure-7-sizes", told, sizes)]


def _more(made: Made, loss: Loss) -> Reading:
    """The share of images of which the adversarial network's mask has more of its energy in the lowest bands."""
    ours, theirs = (
        band_share(of_role(made, role, by_loss("single-energy", loss)), 0, LOWEST) for role in reversed(PAIR)
    )
    found = wilson(float((ours > theirs).mean()), len(ours))
    return Reading(float(found.value), float(found.low), float(found.high), len(ours))


def _beside(made: Made) -> list[Beside]:
    low, high = printed("figure 7")["lowest"]
    says = "share of images with more in the lowest bands, adversarial (printed: by band)"
    return [Beside(f"{loss}: {says}", (low + high) / 2, _more(made, loss)) for loss in LOSSES]


def _of_bands(loss: Loss) -> tuple[Check, ...]:
    """The claims on bands, of masks by this loss; the printed numbers are of the code's."""

    def lead(made: Made, low: float, high: float) -> Reading:
        name = by_loss("single-energy", loss)
        return lead_in_band(of_role(made, "adversarial", name), of_role(made, "natural", name), low, high)

    return (
        Check(
            f"{loss}: share of images with more in {_BANDS}, adversarial less natural",
            lambda made: lead(made, 0, LOWEST),
            low=ABOVE_ZERO,
        ),
        Check(
            f"{loss}: share of images with more there for the adversarial network",
            lambda made: _more(made, loss),
            low=0.5,
            printed=".90-.97 a band",
        ),
        Check(
            f"{loss}: share of images with more in the middle (a quarter to half of the way), adversarial less natural",
            lambda made: lead(made, *MIDDLE),
            high=-ABOVE_ZERO,
            printed=".03-.05 more",
        ),
    )


def _at_equal_loss(end: str) -> Check:
    return Check(
        f"Masks that lose no more than {_LOSS} nat, begun {end}: size, adversarial minus natural, as at one sparsity",
        lambda made: between(
            of_role(made, "adversarial", "path"),
            of_role(made, "natural", "path"),
            "size_at",
            {"end": end, "loss": _LOSS},
        ),
        low=ABOVE_ZERO,
    )


def _bracket(role: str) -> Check:
    places = [{"end": end, "loss": _LOSS} for end in _ENDS]
    return Check(
        f"{role}: size of masks that lose no more than {_LOSS} nat, begun from all minus begun from none",
        lambda made: within(of_role(made, role, "path"), "size_at", *places),
        -0.05,
        0.05,
    )


EXHIBIT = Exhibit(
    number="7",
    title="Bands in which masks of the adversarially trained network have more energy",
    claim=(
        "For nine images in ten and more the mask of the adversarially trained network has more of its energy in the "
        "lowest bands than that of the natural one, and less in the middle."
    ),
    source="section 3.2; ties count as losses there, and here by themselves",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        *(check for loss in LOSSES for check in _of_bands(loss)),
        *(_at_equal_loss(end) for end in _ENDS),
        *(_bracket(role) for role in PAIR),
    ),
)
