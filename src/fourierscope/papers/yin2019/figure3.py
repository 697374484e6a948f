"""Figure 3: the Fourier heat maps of three CIFAR-10 models."""

from __future__ import annotations

import numpy as np

from fourierscope.analyses import HeatMap
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, REAL, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, between, exact, within
from fourierscope.papers.yin2019.printed import printed, printed_map

ROLES = ("natural", "gaussian", "adversarial")
_IMAGES = {"smoke": 50, "small": 1000, "full": 1000}
_RADII = tuple(printed("figure 3")["radius"])


def _make(making: Making) -> None:
    making.needs_plane(32, 32)
    for role, trial in making.trials(ROLES, making.samples(_IMAGES)):
        making.ask(role, HeatMap(norm=4.0), trial)


def _draw(made: Made) -> list[Picture]:
    roles = made.having(ROLES)
    ours = [made[role]["error"] for role in roles]
    maps = [*ours, *(printed_map(role) for role in roles)]
    names = [
        *(made[role].record["subject"]["classifier"]["name"] for role in roles),
        *(f"printed: {role}" for role in roles),
    ]
    rings = [made[role]["error_ring"].sel(radius=slice(0, 22)) for role in roles]
    says = (
        "Test error under each Fourier wave of norm 4, zero frequency in the middle: ours first, then the printed maps "
        "(read off the picture: grey and single dark cells are its call-outs), on one scale. Bright is where one wave "
        "is enough to mislead the network."
    )
    return [
        Picture("figure-3", says, draw_together(maps, names)),
        Picture(
            "figure-3-rings",
            "The same, averaged over rings of equal radius, with 95 % bands: where do the three cross?",
            draw_together(rings, roles),
        ),
    ]


def _beside(made: Made) -> list[Beside]:
    numbers = printed("figure 3")
    rows = []
    for role in ROLES:
        have = role in made.results
        for radius, error in zip(_RADII, numbers["error"][role], strict=True):
            rows.append(
                Beside(
                    f"{role}, error at radius {radius}",
                    error,
                    at(made[role], "error_ring", {"radius": radius}) if have else None,
                )
            )
        rows.append(Beside(f"{role}, mean of the map", numbers["mean"][role], _mean(made, role) if have else None))
    return rows


def _mean(made: Made, role: str) -> Reading:
    values = made[role]["error"].values
    return exact(float(values.mean()), int(made[role].dataset["n"]))


def _far(made: Made) -> Reading:
    """The mean distance from the printed ring values over all three models."""
    numbers = printed("figure 3")["error"]
    gaps = [
        abs(at(made[role], "error_ring", {"radius": radius}).value - error)
        for role in ROLES
        for radius, error in zip(_RADII, numbers[role], strict=True)
    ]
    return exact(float(np.mean(gaps)), int(made[ROLES[0]].dataset["n"]))


def _rises(role: str, first: int, second: int) -> Check:
    numbers = dict(zip(_RADII, printed("figure 3")["error"][role], strict=True))
    return Check(
        f"The {role} network's error at radius {first} minus that at radius {second} is above 0",
        lambda made: within(made[role], "error_ring", {"radius": first}, {"radius": second}),
        low=ABOVE_ZERO,
        printed=f"{numbers[first] - numbers[second]:+.2f}",
    )


def _above(role: str, radius: int) -> Check:
    numbers = {one: dict(zip(_RADII, values, strict=True)) for one, values in printed("figure 3")["error"].items()}
    robust_is_worse = radius <= 2
    first, second = (role, "natural") if robust_is_worse else ("natural", role)
    return Check(
        f"At radius {radius} the {first} network errs more than the {second} one",
        lambda made: between(made[first], made[second], "error_ring", {"radius": radius}),
        low=ABOVE_ZERO,
        printed=f"{numbers[first][radius] - numbers[second][radius]:+.2f}",
    )


EXHIBIT = Exhibit(
    number="3",
    title="Fourier heat maps of networks trained naturally, with Gaussian noise, and adversarially",
    claim=(
        "The natural network is misled by all but the lowest frequencies; Gaussian and adversarial training make it "
        "robust to high frequencies, and less so to the lowest."
    ),
    source="section 4.1",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        _rises("natural", 8, 1),
        _rises("gaussian", 4, 20),
        _rises("adversarial", 4, 20),
        *(_above(role, radius) for role in ("gaussian", "adversarial") for radius in (1, 16, 20)),
        Check("Mean distance of the 21 ring values from the printed ones", _far, high=0.10, printed="0", budgets=REAL),
    ),
)
