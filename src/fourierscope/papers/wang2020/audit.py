"""The audit of the batch-norm panel: the same network and images under every switch of published curves."""

from __future__ import annotations

from fourierscope.analyses import FrequencyAudit
from fourierscope.analyses.claims import CLAIMS, DEPENDENT
from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.wang2020.learned import RADII

ROLES = ("natural", "adversarial")
_IMAGES = {"smoke": 100, "small": 1000, "full": 10_000}
_RADII = {"smoke": (4, 8), "small": RADII, "full": RADII}


def _make(making: Making) -> None:
    for role, trial in making.trials(ROLES, making.samples(_IMAGES)):
        making.ask(role, FrequencyAudit(_RADII[making.budget]), trial)


def _draw(made: Made) -> list[Picture]:
    pictures = []
    for role in made.having(ROLES):
        told = str(made[role]["verdict"].attrs["told"]).replace("\n", " ")
        pictures.append(Picture(f"audit-{role}", f"{role}: {told}", draw(made[role]["spread"])))
        if "high_moved" in made[role]:
            says = f"{role}: how far each switch alone moves the accuracy on high components."
            pictures.append(Picture(f"audit-{role}-moved", says, draw(made[role]["high_moved"])))
    return pictures


def _dependent(role: str) -> Check:
    def read(made: Made) -> Reading:
        """How many of the radii have an accuracy on high components that hangs on the switches."""
        held = made[role]["verdict"].sel(claim=next(iter(list(CLAIMS)[1:2])))
        return exact(float((held == DEPENDENT).mean()), int(made[role]["n"]))

    return Check(
        f"{role}: share of radii at which accuracy on high components hangs on the switches (expected: holds)",
        read,
        low=0.5,
    )


def _moved_by_statistics(made: Made) -> Reading:
    """How far batch-norm statistics alone move the accuracy on high components at radius 8."""
    moved = made["natural"]["high_moved"].sel(switch="batch-norm statistics", radius=8)
    return exact(float(moved), int(made["natural"]["n"]))


EXHIBIT = Exhibit(
    number="audit",
    title="What curves of components hang on",
    claim="Ours, not the article's: accuracy on high components hangs on switches that published curves leave unsaid.",
    source="the article says neither how components are scaled nor which statistics batch norms take",
    make=_make,
    draw=_draw,
    checks=(
        *(_dependent(role) for role in ROLES),
        Check(
            "natural: how far batch-norm statistics alone move accuracy on high components of radius 8",
            _moved_by_statistics,
            low=0.1,
        ),
    ),
)
