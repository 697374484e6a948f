"""Figure 5: accuracy under noise of low or of high frequencies alone, as its band grows."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fourierscope.analyses import BandNoise
from fourierscope.figures import Panel, draw_panels
from fourierscope.papers.exhibit import ABOVE_ZERO, REAL, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, between, exact, within
from fourierscope.papers.yin2019.printed import printed

ROLES = ("natural", "gaussian", "adversarial")
_IMAGES = {"smoke": 100, "small": 2000, "full": 10000}
_BANDS = ("low", "high")


def _make(making: Making) -> None:
    making.needs_plane(32, 32)
    for role, trial in making.trials(ROLES, making.samples(_IMAGES)):
        making.ask(role, BandNoise(norm=8.0, bandwidths=tuple(printed("figure 5")["bandwidth"][1:])), trial)


def _draw(made: Made) -> list[Picture]:
    roles = made.having(ROLES)
    ours = [
        Panel(f"ours: {band} frequencies", [made[role]["accuracy"].sel(noise=band, drop=True) for role in roles], roles)
        for band in _BANDS
    ]
    theirs = [
        Panel(f"printed: {band} frequencies", [_printed_curve(role, band) for role in roles], roles) for band in _BANDS
    ]
    says = (
        "Accuracy under noise of norm 8 that holds low or high frequencies alone, as its band grows (0 is without "
        "noise): ours above, with 95 % bands, the printed curves below. The narrowest bands part the networks most."
    )
    return [Picture("figure-5", says, draw_panels([*ours, *theirs]))]


def _printed_curve(role: str, band: str) -> xr.DataArray:
    numbers = printed("figure 5")
    axis = xr.Variable(("bandwidth",), np.array(numbers["bandwidth"]), {"units": "cycles/image"})
    return xr.DataArray(
        np.array(numbers[band][role]), {"bandwidth": axis}, ("bandwidth",), name="accuracy", attrs={"units": "1"}
    )


def _beside(made: Made) -> list[Beside]:
    numbers = printed("figure 5")
    return [
        Beside(
            f"{role}, {band} frequencies, bandwidth {width}",
            value,
            at(made[role], "accuracy", {"noise": band, "bandwidth": width}),
        )
        for role in made.having(ROLES)
        for band in _BANDS
        for width, value in zip(numbers["bandwidth"], numbers[band][role], strict=True)
        if width or band == "low"
    ]


def _far(role: str) -> Check:
    def read(made: Made) -> Reading:
        gaps = [
            abs(one.ours.value - one.printed) for one in _beside(made) if one.what.startswith(f"{role},") and one.ours
        ]
        made[role]
        return exact(float(np.mean(gaps)), int(made[role].dataset["n"]))

    return Check(
        f"{role} network: mean distance of its 17 accuracies from the printed ones",
        read,
        high=0.10,
        printed="0",
        budgets=REAL,
    )


def _better(first: str, second: str, band: str, width: int) -> Check:
    place = {"noise": band, "bandwidth": width}
    values = {
        role: dict(zip(printed("figure 5")["bandwidth"], printed("figure 5")[band][role], strict=True))[width]
        for role in ROLES
    }
    return Check(
        f"Noise of {band} frequencies, bandwidth {width}: {first} is right more often than {second}",
        lambda made: between(made[first], made[second], "accuracy", place),
        low=ABOVE_ZERO,
        printed=f"{values[first] - values[second]:+.3f}",
    )


def _white(role: str) -> Check:
    return Check(
        f"{role} network: noise of low and of high frequencies at bandwidth 31, both nearly white, differ little",
        lambda made: within(
            made[role], "accuracy", {"noise": "low", "bandwidth": 31}, {"noise": "high", "bandwidth": 31}
        ),
        low=-0.03,
        high=0.03,
        printed=f"{printed('figure 5')['low'][role][-1] - printed('figure 5')['high'][role][-1]:+.3f}",
    )


EXHIBIT = Exhibit(
    number="5",
    title="Accuracy under low-frequency and high-frequency noise of one norm",
    claim=(
        "Gaussian and adversarial training buy robustness to high-frequency noise; against the "
        "narrowest band of low frequencies they are worse than natural training."
    ),
    source="section 4.2",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        *(_better(role, "natural", "high", width) for role in ("gaussian", "adversarial") for width in (3, 11)),
        *(_better("natural", role, "low", 3) for role in ("gaussian", "adversarial")),
        *(_white(role) for role in ROLES),
        *(_far(role) for role in ROLES),
    ),
)
