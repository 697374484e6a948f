"""Figure 6: images, attacked images, masks of both networks, and what passes them: for the eye, and controlled."""

from __future__ import annotations

from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.masks import PAIR, transfers
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at

_CONTROLS = ("equal size", "equal energy")
_VALUES = {
    "sufficiency": "kept under the mask minus kept under random masks of",
    "necessity": "kept without random masks minus kept without the mask, of",
    "binary_necessity": "kept without random binary masks minus kept without the binary mask, of",
}


def _make(making: Making) -> None:
    transfers(making)


def _draw(made: Made) -> list[Picture]:
    looks = (
        "An image, its mask, what passes the mask and its binary complement, and the same for the attacked image under "
        "the mask of the clean one. What passes is stretched by itself, for the eye."
    )
    found = [
        Picture(f"figure-6-{role}", f"{role}: {looks}", draw(of_role(made, role, "transfer")["pictures"]))
        for role in PAIR
        if f"{role}-transfer" in made.results
    ]
    roles = [role for role in PAIR if f"{role}-transfer" in made.results]
    says = (
        "Share of predictions that are kept: under the image's own mask and its complement, and under masks that know "
        "nothing of it. Only what lies apart from its controls says something of the mask."
    )
    values = [of_role(made, role, "transfer")["kept_share"] for role in roles]
    return [*found, Picture("figure-6-controls", says, draw_together(values, roles))]


def _controlled(role: str, value: str, control: str) -> Check:
    return Check(
        f"{role}: {_VALUES[value]} {control}",
        lambda made: at(of_role(made, role, "transfer"), value, {"control": control}),
        low=ABOVE_ZERO,
    )


EXHIBIT = Exhibit(
    number="6",
    title="Images, masks, complements, and attacks",
    claim=(
        "The frequencies of an image's mask are sufficient and necessary for its classification; here against random "
        "masks of equal size and of equal energy, which the article does not have."
    ),
    source="section 3.2",
    make=_make,
    draw=_draw,
    checks=tuple(_controlled(role, value, control) for role in PAIR for value in _VALUES for control in _CONTROLS),
)
