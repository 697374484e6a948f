"""Figure 7: how often the mask of an image has more of its energy in a band for the one network than for the other."""

from __future__ import annotations

from fourierscope.analyses.mask_wins import mask_wins
from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.differences import LOWEST, MIDDLE, band_share, lead_in_band
from fourierscope.papers.karantzas2022.images import few_of, single_images
from fourierscope.papers.karantzas2022.learned import network
from fourierscope.papers.karantzas2022.masks import PAIR, Loss, energies, mask_path, masks_by, single_masks, trials_of
from fourierscope.papers.karantzas2022.printed import printed
from fourierscope.papers.making import Making
from fourierscope.papers.reading import between, within
from fourierscope.results import wilson

_CODE: Loss = "squared-difference"
_ENDS = ("from all", "from none")
_LOSS = 0.1  # nat, at which sizes are compared
_BANDS = "the lowest bands (6 of 64 to the corner)"


def _make(making: Making) -> None:
    for role in PAIR:
        network(making, role)  # without both there is nothing to compare
    for role, own in single_masks(making):
        energies(making, f"{role}-single", own)
    _hold_wins(making, "wins", "single-energy")
    for role, trial in trials_of(making, PAIR, few_of(making, single_images(making))):
        energies(making, f"{role}-{_CODE}-single", masks_by(making, role, _CODE, trial))
        mask_path(making, role, trial)
    _hold_wins(making, f"wins-{_CODE}", f"{_CODE}-single-energy")


def _hold_wins(making: Making, name: str, energy: str) -> None:
    """Of the adversarial network over the natural one."""
    making.hold(name, mask_wins(making.results[f"adversarial-{energy}"], making.results[f"natural-{energy}"]))


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
    return [
        Picture("figure-7-radius", says.format("radius"), draw(made["wins"]["radial_wins"])),
        Picture("figure-7-direction", says.format("direction"), draw(made["wins"]["angular_wins"])),
        Picture("figure-7-sizes", told, sizes),
    ]


def _lead(made: Made, energy: str, low: float, high: float) -> Reading:
    return lead_in_band(of_role(made, "adversarial", energy), of_role(made, "natural", energy), low, high)


def _more(made: Made) -> Reading:
    """The share of images of which the adversarial network's mask has more of its energy in the lowest bands."""
    ours, theirs = (band_share(of_role(made, role, "single-energy"), 0, LOWEST) for role in ("adversarial", "natural"))
    found = wilson(float((ours > theirs).mean()), len(ours))
    return Reading(float(found.value), float(found.low), float(found.high), len(ours))


def _beside(made: Made) -> list[Beside]:
    low, high = printed("figure 7")["lowest"]
    return [
        Beside(
            "share of images with more in the lowest bands, adversarial (printed by band)",
            (low + high) / 2,
            _more(made),
        )
    ]


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
        Check(
            f"Share of images with more in {_BANDS}: adversarial less natural",
            lambda made: _lead(made, "single-energy", 0, LOWEST),
            low=ABOVE_ZERO,
        ),
        Check("Share of images with more there for the adversarial network", _more, low=0.5, printed=".90-.97 a band"),
        Check(
            "Share of images with more in the middle (a quarter to half of the way): adversarial less natural",
            lambda made: _lead(made, "single-energy", *MIDDLE),
            high=-ABOVE_ZERO,
            printed=".03-.05 more",
        ),
        Check(
            f"The same in {_BANDS} by the authors' loss, fewer images",
            lambda made: _lead(made, f"{_CODE}-single-energy", 0, LOWEST),
            low=ABOVE_ZERO,
        ),
        *(_at_equal_loss(end) for end in _ENDS),
        *(_bracket(role) for role in PAIR),
    ),
)
