"""Figure 4: the Fourier heat maps of three ImageNet models, up to 31 cycles per image."""

from __future__ import annotations

from fourierscope.analyses import HeatMap
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import at, within
from fourierscope.papers.yin2019.printed import printed

ROLES = ("natural", "autoaugment", "gaussian")
_NORM, _CROP, _SMALLEST = 15.7, 63, 128
_IMAGES = {"full": 50000}
_COMMAND = (
    "fourierscope paper yin2019 4 --budget full --samples folder:PATH --classifier natural=torchvision:resnet50 "
    "--weights natural=FILE --device cuda"
)


def _make(making: Making) -> None:
    plane = making.setting.samples.plane
    if making.budget != "full" or min(plane.shape) < _SMALLEST:
        raise NotTried(
            f"it is of ImageNet: waves of norm {_NORM} up to {_CROP // 2} cycles per image (1985 of them) on images of "
            f"224 pixels. With those and networks of your own: {_COMMAND}"
        )
    for role, trial in making.trials(ROLES, making.samples(_IMAGES)):
        making.ask(role, HeatMap(norm=_NORM, crop=_CROP), trial)


def _draw(made: Made) -> list[Picture]:
    roles = made.having(ROLES)
    says = (
        f"Test error under each Fourier wave of norm {_NORM}, up to {_CROP // 2} cycles per image: a quarter of what "
        "224 pixels hold, so that the corners are middle frequencies."
    )
    return [Picture("figure-4", says, draw_together([made[role]["error"] for role in roles], roles))]


def _beside(made: Made) -> list[Beside]:
    numbers = printed("figure 4")
    return [
        Beside(f"{role}, error at radius {radius}", error, at(made[role], "error_ring", {"radius": radius}))
        for role in made.having(ROLES)
        for radius, error in zip(numbers["radius"], numbers["error"][role], strict=True)
    ]


def _rises(role: str, first: int, second: int) -> Check:
    numbers = dict(zip(printed("figure 4")["radius"], printed("figure 4")["error"][role], strict=True))
    return Check(
        f"The {role} network's error at radius {first} minus that at radius {second} is above 0",
        lambda made: within(made[role], "error_ring", {"radius": first}, {"radius": second}),
        low=ABOVE_ZERO,
        printed=f"{numbers[first] - numbers[second]:+.2f}",
    )


EXHIBIT = Exhibit(
    number="4",
    title="Fourier heat maps of ImageNet networks",
    claim=(
        "The natural network errs more the higher the frequency, up to 31 cycles per image; Gaussian training turns "
        "this round from radius 8 on; AutoAugment lies in between."
    ),
    source="section 4.1",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(_rises("natural", 16, 1), _rises("gaussian", 8, 31), _rises("autoaugment", 16, 1)),
)
