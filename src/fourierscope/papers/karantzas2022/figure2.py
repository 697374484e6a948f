"""Figure 2: the mask layer, from an image to its masked image."""

from __future__ import annotations

from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture
from fourierscope.papers.karantzas2022.layer import MaskLayer
from fourierscope.papers.karantzas2022.masks import single_masks
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at

_ROUNDING = 1e-5  # of float32 pixels, there and back


def _make(making: Making) -> None:
    for role, own in single_masks(making, ("natural",)):
        making.ask(f"{role}-layer", MaskLayer(), own)


def _draw(made: Made) -> list[Picture]:
    says = (
        "From top to bottom what the layer does: an image, the logarithm of its spectrum, the mask of its gains, and "
        "the image that comes back, stretched to black and white for the eye. Planes are centred, white is 1."
    )
    return [Picture("figure-2", says, draw(made["natural-layer"]["pictures"]))]


EXHIBIT = Exhibit(
    number="2",
    title="The mask layer",
    claim="A mask multiplies the spectrum of an image, which then goes back to pixels and on to the network.",
    source="section 2.1",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "A mask of ones leaves images as they are: largest change of a pixel",
            lambda made: at(made["natural-layer"], "identity_error", {}),
            high=_ROUNDING,
        ),
        Check(
            "Taking the real part loses nothing where partners have one gain: share of the energy",
            lambda made: at(made["natural-layer"], "lost_share", {}),
            -_ROUNDING,
            _ROUNDING,
        ),
        Check(
            "Where each has its own, drawn evenly from [0, 1], an eighth is lost",
            lambda made: at(made["natural-layer"], "lost_share_by_chance", {}),
            0.08,
            0.17,
        ),
    ),
)
