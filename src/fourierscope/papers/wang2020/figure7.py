"""Figure 7: kernels of the first layer, natural beside adversarially trained, and how smooth they are."""

from __future__ import annotations

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart, between, exact
from fourierscope.papers.wang2020.kernels import ask_kernels, filters, roughness, with_kernels

ROLES = ("natural", "adversarial")
_IMAGES = {"smoke": 20, "small": 1000, "full": 10_000}
_SHARES = {
    "energy_share": "Share of the energy of first kernels in each band of frequencies.",
    "input_share": "Share of the energy of first answers to these images in each band, means left out.",
}


def _make(making: Making) -> None:
    for role, trial in making.trials(ROLES, making.samples(_IMAGES), with_kernels(making)):
        ask_kernels(making, role, trial)


def _draw(made: Made) -> list[Picture]:
    roles = made.having(ROLES)
    says = f"First kernels and their responses, by centroid: {', above '.join(roles)}."
    pictures = [Picture("figure-7", says, draw_together([made[one]["kernels"] for one in roles], roles))]
    for name, told in _SHARES.items():
        drawn = draw_together([made[one][name] for one in roles], roles)
        pictures.append(Picture(f"figure-7-{name.replace('_', '-')}", told, drawn))
    return pictures


def _held(band: str, more: str, less: str) -> Check:
    def read(made: Made) -> Reading:
        first, second = (float(made[role]["energy_share"].sel(band=band)) for role in (more, less))
        return exact(first - second, min(filters(made, role) for role in ROLES))

    says = f"Share of kernels' energy at {band} frequencies, {more} less {less} (exact; n counts filters)"
    return Check(says, read, low=ABOVE_ZERO)


def _answered(band: str, more: str, less: str) -> Check:
    def read(made: Made) -> Reading:
        return between(made[more], made[less], "input_share", {"band": band})

    says = f"Share of first answers' energy at {band} frequencies, {more} less {less}, image by image"
    return Check(says, read, low=ABOVE_ZERO)


def _rougher(made: Made) -> Reading:
    return apart(*(roughness(made, role) for role in ROLES))


EXHIBIT = Exhibit(
    number="7",
    title="First kernels, natural and adversarially trained",
    claim="Kernels of adversarially trained networks are smooth: adjacent weights are close.",
    source="section 6.1, Fig. 7, which shows pictures; the numbers are ours. One network a role: what differs may be "
    "chance of its weights",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Mean roughness of first filters, natural less adversarial (interval over filters)",
            _rougher,
            low=ABOVE_ZERO,
            printed="pictures, no number",
        ),
        _held("low", "adversarial", "natural"),
        _held("high", "natural", "adversarial"),
        _answered("low", "adversarial", "natural"),
        _answered("mid", "natural", "adversarial"),
        _answered("high", "natural", "adversarial"),
    ),
)
