"""Figure 2: images that a network names rightly by their high component and not by their low one, and how many."""

from __future__ import annotations

from fourierscope.analyses import HighFrequencyPredictions
from fourierscope.figures import draw
from fourierscope.papers.exhibit import ABOVE_ZERO, REAL, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import apart, at, exact
from fourierscope.papers.wang2020.learned import RADII
from fourierscope.treatments.batch_statistics import BatchNormStatistics

ROLES = ("natural", "adversarial")
_IMAGES = {"smoke": 200, "small": 2000, "full": 10_000}
_STATISTICS: tuple[BatchNormStatistics, ...] = ("running", "batch")


def _make(making: Making) -> None:
    samples = making.samples(_IMAGES)
    for role, trial in making.trials(ROLES, samples):
        for statistics in _STATISTICS:
            question = HighFrequencyPredictions(RADII, bn_stats=statistics)
            try:
                making.ask(f"{role} {statistics}", question, trial)
            except ValueError as error:
                if statistics == "running":
                    raise
                making.left_out[f"{role} {statistics}"] = str(error)


def _draw(made: Made) -> list[Picture]:
    pictures = []
    names = made.having([f"{role} {one}" for role in ROLES for one in _STATISTICS])
    for name in names:
        says = f"Share of images named rightly as a whole and by one component alone; {name} statistics."
        pictures.append(Picture(f"figure-2-{name.replace(' ', '-')}", says, draw(made[name]["only_right"])))
        if "pictures" in made[name] and name.endswith("running"):
            says = f"Images that one component alone names rightly, those it is surest of first; {name} statistics."
            pictures.append(Picture(f"figure-2-{name.split()[0]}-images", says, draw(made[name]["pictures"])))
    return pictures


def _beyond_chance(radius: int) -> Check:
    def read(made: Made) -> Reading:
        place = {"only": "high", "radius": radius}
        rate = at(made["natural running"], "only_right", place)
        chance = float(made["natural running"]["expected"].sel(place))
        return Reading(rate.value - chance, rate.low - chance, rate.high - chance, rate.n)

    return Check(
        f"Images right by their high component alone at radius {radius}: their rate less what chance gives",
        read,
        low=ABOVE_ZERO,
        printed="eight images, no rate",
    )


def _fewer_after_attacks(made: Made) -> Reading:
    place = {"only": "high", "radius": RADII[0]}
    return apart(*(at(made[f"{role} running"], "only_right", place) for role in ROLES))


def _more_by_batch(made: Made) -> Reading:
    place = {"only": "high", "radius": RADII[0]}
    if "natural batch" not in made.results:
        raise NotTried(made.left_out.get("natural batch", "the natural network has no batch norm"))
    return apart(*(at(made[f"natural {one}"], "only_right", place) for one in reversed(_STATISTICS)))


def _are_they_many(made: Made) -> Reading:
    """The rate by the high component alone over that by the low one alone, at the largest radius."""
    rates = [float(made["natural running"]["only_right"].sel(only=kept, radius=RADII[-1])) for kept in ("high", "low")]
    return exact(rates[0] / max(rates[1], 1e-12), int(made["natural running"]["n"]))


EXHIBIT = Exhibit(
    number="2",
    title="Right by the high component alone",
    claim="Networks name some images by a high component that means little to the eye, and not by the low one.",
    source="section 3.1, Fig. 2, which shows eight images; their rate is ours",
    make=_make,
    draw=_draw,
    checks=(
        *(_beyond_chance(radius) for radius in RADII[:2]),
        Check(
            f"Radius {RADII[0]}: that rate, natural less adversarially trained",
            _fewer_after_attacks,
            low=ABOVE_ZERO,
            budgets=REAL,
        ),
        Check(
            f"Radius {RADII[0]}: that rate, statistics of the batch less running ones, one network (expected: holds)",
            _more_by_batch,
            low=ABOVE_ZERO,
        ),
        Check(
            f"Radius {RADII[-1]}: that rate over the reverse, right by the low component alone (expected: holds)",
            _are_they_many,
            high=0.1,
            budgets=REAL,
        ),
    ),
)
