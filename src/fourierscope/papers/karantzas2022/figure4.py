"""Figure 4: where in frequency the masks of sets differ, by radius and by direction."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.differences import LOWEST, less, lower_by, more_in_band
from fourierscope.papers.karantzas2022.learned import ROLES
from fourierscope.papers.karantzas2022.masks import LOSSES, Loss, by_loss, energies, set_masks, single_energies
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import exact
from fourierscope.results import Result

_HIGH = (0.5, 1.0)  # of the way to the corner


def _make(making: Making) -> None:
    single_energies(making)
    for loss in LOSSES:
        energy = by_loss("single-energy", loss)
        if f"adversarial-{energy}" in making.results:
            gap = making.results[f"adversarial-{energy}"] - making.results[f"natural-{energy}"]
            making.hold(by_loss("single-difference", loss), gap)
    try:
        for role, loss, own in set_masks(making):
            energies(making, f"{role}-{loss}", own)
    except NotTried as error:
        making.left_out["masks of sets"] = str(error)


def _draw(made: Made) -> list[Picture]:
    found = []
    for name, axis, where in (("radial", "radius", "ring"), ("angular", "angle", "direction")):
        says = (
            f"How much more of its energy a network's mask has than the natural one's in every {where}, as a share of "
            "the whole, by both losses: "
        )
        for kind, told, curves in (
            ("", "masks of the set, of which there is one each.", _of_sets(made, f"{name}_share")),
            ("-single", "mean over masks of single images, with 95 % bands.", _of_images(made, f"{name}_share")),
        ):
            if curves:
                values, names = zip(*curves, strict=True)
                found.append(Picture(f"figure-4-{axis}{kind}", says + told, draw_together(values, names)))
    return found


def _of_images(made: Made, value: str) -> list[tuple[xr.DataArray, str]]:
    names = made.having([by_loss("single-difference", loss) for loss in LOSSES])
    return [(made[one][value], f"adversarial, {loss}") for one, loss in zip(names, LOSSES, strict=False)]


def _of_sets(made: Made, value: str) -> list[tuple[xr.DataArray, str]]:
    found = []
    for role in ROLES[1:]:
        for loss in LOSSES:
            both = made.having([f"{role}-{loss}-energy", f"natural-{loss}-energy"])
            if len(both) == 2:
                found.append((less(*(made[one][value] for one in both)), f"{role}, {loss}"))
    return found


def _leans(role: str, loss: str, band: tuple[float, float], where: str) -> Check:
    return Check(
        f"Mask of the set, {loss}: share of its energy {where}, {role} minus natural",
        lambda made: more_in_band(
            of_role(made, role, f"{loss}-energy"), of_role(made, "natural", f"{loss}-energy"), *band
        ),
        low=ABOVE_ZERO,
    )


def _of_single(loss: Loss) -> tuple[Check, ...]:
    """Checks of masks of single images, adversarial against natural, by this loss."""

    def pair(made: Made) -> tuple[Result, Result]:
        first, second = (of_role(made, role, by_loss("single-energy", loss)) for role in ("adversarial", "natural"))
        return first, second

    def directions(made: Made) -> Reading:
        """Of directions in which the share differs significantly, the lesser number of those above and below nought."""
        gap = (pair(made)[0] - pair(made)[1])["angular_share"]
        sure = gap["angular_share_significant"].values.astype(bool)
        signs = [int((sure & (sign * gap.values > 0)).sum()) for sign in (1, -1)]
        return exact(min(signs), int(pair(made)[0].dataset["n"]))

    return (
        Check(
            f"Masks of single images, {loss}: share of their energy in the lowest bands, adversarial minus natural",
            lambda made: more_in_band(*pair(made), 0, LOWEST),
            low=ABOVE_ZERO,
        ),
        Check(
            f"Masks of single images, {loss}: mean radius of their energy, cycles per image, natural minus adversarial",
            lambda made: lower_by(*pair(made)),
            low=ABOVE_ZERO,
        ),
        Check(
            f"Masks of single images, {loss}: directions that gain, or that lose, significantly (the lesser number)",
            directions,
            low=1,
        ),
    )


def _uneven(made: Made) -> Reading:
    """The largest less the least difference over directions, of the mask of the set."""
    gap = less(*(of_role(made, role, f"{LOSSES[0]}-energy")["angular_share"] for role in ("adversarial", "natural")))
    return exact(float(np.ptp(gap.values)), 1)


EXHIBIT = Exhibit(
    number="4",
    title="Energy of masks by radius and by direction",
    claim=(
        "Against the natural network the masks of the adversarially trained and of the scale-trained one gain at low "
        "frequencies, that of the rotation-trained one at high ones; all that is uneven in direction."
    ),
    source="section 3.1",
    make=_make,
    draw=_draw,
    checks=(
        *(
            _leans(role, loss, (0, LOWEST), "in the lowest bands")
            for loss in LOSSES
            for role in ("adversarial", "scale")
        ),
        *(_leans("rotation", loss, _HIGH, "beyond half of the way to the corner") for loss in LOSSES),
        Check(
            "Mask of the set: largest less least difference over eight directions, adversarial minus natural",
            _uneven,
            low=0.01,
        ),
        *(check for loss in LOSSES for check in _of_single(loss)),
    ),
)
