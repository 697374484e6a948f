"""Table 3: a linear classifier of masks, and one of masks under shuffled labels."""

from __future__ import annotations

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.class_question import class_question
from fourierscope.papers.karantzas2022.printed import printed
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at

_SHUFFLED = "mask, labels shuffled"
_COLUMNS = {"train": "train_accuracy", "test": "accuracy"}


def _make(making: Making) -> None:
    class_question(making)


def _draw(made: Made) -> list[Picture]:
    held = of_role(made, "natural", "classes")
    says = (
        "Share of images whose class a linear classifier tells: of those it has not seen, and of those it learned "
        "from; by their masks, by masks under labels shuffled once, by amplitude spectra, by pixels."
    )
    values = [held[name].rename("accuracy") for name in ("accuracy", "train_accuracy")]
    return [Picture("table-3", says, draw_together(values, ("not seen", "learned from")))]


def _of(made: Made, features: str, column: str) -> Reading:
    return at(of_role(made, "natural", "classes"), _COLUMNS[column], {"features": features})


def _beside(made: Made) -> list[Beside]:
    return [
        Beside(f"{features}, {column}", number, _of(made, features, column))
        for features, columns in printed("table 3").items()
        for column, number in columns.items()
    ]


def _over_chance(made: Made, features: str) -> Reading:
    """Accuracy on images not seen, less the share of the most common class."""
    most, found = float(of_role(made, "natural", "classes")["most_common"]), _of(made, features, "test")
    return Reading(found.value - most, found.low - most, found.high - most, found.n)


def _advantage(control: str, says: str) -> Check:
    return Check(
        says, lambda made: at(of_role(made, "natural", "classes"), "advantage", {"control": control}), low=ABOVE_ZERO
    )


EXHIBIT = Exhibit(
    number="table 3",
    title="A linear classifier of masks",
    claim=(
        "A linear classifier tells the class of an image from its mask, for masks it has not seen; under shuffled "
        "labels it does not, which speaks for the masks and not for the classifier."
    ),
    source="section 3.2; shuffled labels are drawn anew at each access there, which nothing can learn, and fixed here",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        Check(
            "By masks not seen: accuracy above the share of the most common class",
            lambda made: _over_chance(made, "mask"),
            low=ABOVE_ZERO,
            printed="+.62",
        ),
        _advantage(_SHUFFLED, "By masks not seen: accuracy minus that under shuffled labels"),
        Check(
            "Shuffled labels, masks not seen: accuracy above the share of the most common class is little",
            lambda made: _over_chance(made, _SHUFFLED),
            high=0.05,
        ),
        Check(
            "Shuffled labels, masks learned from: known by heart, as a valid control allows",
            lambda made: _of(made, _SHUFFLED, "train"),
            low=0.9,
            printed=".1864 (invalid)",
        ),
        _advantage("amplitude spectrum", "By masks not seen: accuracy minus that by the images' amplitude spectra"),
        _advantage("image", "By masks not seen: accuracy minus that by the images' pixels"),
    ),
)
