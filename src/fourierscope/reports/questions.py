"""Results put in order: those that answer one question on the same samples stand together, with their differences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import xarray as xr

from fourierscope.figures.form import is_difference, number
from fourierscope.results import Result, classifier_name, described, made_with

MOST_PAIRED = 4  # classifiers; of more, each is compared with the first alone


@dataclass(frozen=True)
class Compared:
    """The paired difference of two named results."""

    first: str
    second: str
    result: Result

    @property
    def name(self) -> str:
        return f"{self.first} minus {self.second}"


@dataclass(frozen=True)
class Question:
    """One analysis with one set of options, its results by name, and their paired differences."""

    analysis: str
    samples: str
    options: str
    names: tuple[str, ...]
    results: tuple[Result, ...]
    differences: tuple[Compared, ...]
    note: str
    distinction: str = ""

    @property
    def samples_digest(self) -> str:
        """What samples all results are of; empty where they are of different ones."""
        subject = self.results[0].record.get("subject", {})
        return str(subject["samples"].get("digest", "")) if "samples" in subject else ""

    @property
    def heading(self) -> str:
        spaced = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in self.analysis).strip()
        single = f" of {self.names[0]}" if len(self.names) == 1 and self.names[0] != self.samples else ""
        where = f" on {self.samples}" if self.samples else ""
        return f"{spaced[:1].upper()}{spaced[1:]}{single}{where}{self.distinction}"


def questions(results: Sequence[Result]) -> list[Question]:
    """The results by question, in the order in which questions first came."""
    groups: dict[str, list[Result]] = {}
    for one in results:
        groups.setdefault(_key(one.record), []).append(one)
    return _distinguished([_question(group) for group in groups.values()])


def _distinguished(asked: list[Question]) -> list[Question]:
    """Questions with one heading get the options in which they differ added to it."""
    found = []
    for one in asked:
        alike = [_flat_options(other.results[0].record) for other in asked if other.heading == one.heading]
        own = _flat_options(one.results[0].record)
        told = [
            f"{key} {_told(value, key)}" for key, value in own.items() if any(value != o.get(key, value) for o in alike)
        ]
        found.append(replace(one, distinction=f" ({', '.join(told)})" if told else ""))
    return found


def compared(result: Result) -> Iterator[str]:
    """The names of a difference's values that say something of the classifiers, and not of what was done to them."""
    of_treatment = _OF_TREATMENT.get(str(result.record.get("analysis")), ())
    return (name for name in shown(result) if name not in of_treatment)


def shown(result: Result) -> Iterator[str]:
    """The names of the values that a reader wants: no bounds, marks, outcomes, indices or counts, but a plane's own."""
    held = result.dataset.data_vars
    beside = {one.attrs[key] for one in held.values() for key in _BESIDE if key in one.attrs}
    beside -= {one.attrs.get("counts") for one in held.values() if one.ndim == 2 and not is_difference(one)}
    for name, values in held.items():
        if name not in beside and name != "n" and not str(name).endswith("_p") and "says" in values.attrs:
            yield str(name)


_OF_TREATMENT = {"Robustness": ("change",), "MaskTransfer": ("size", "energy", "likeness", "energy_miss")}
_BESIDE = ("low", "high", "counts", "seen", "looks", "marks", "outcomes", "index", "images", "line", "reached")


def _key(record: dict[str, Any]) -> str:
    subject = record.get("subject", {})
    kind = next((key for key in ("classifiers", "classifier", "before") if key in subject), "samples")
    digest = subject["samples"]["digest"] if kind.startswith("classifier") else ""
    return json.dumps([record.get("analysis"), record.get("options"), kind, digest, made_with(subject)], sort_keys=True)


def _question(group: list[Result]) -> Question:
    record = group[0].record
    whole = _told_apart([_name(one.record) for one in group])
    subject = record.get("subject", {})
    names = shortened(whole) if "before" in subject else whole
    differences, note = _differences(group, names)
    options = _options(record.get("options", {}) | {"masks": _options_of_masks(record)})
    samples = subject["samples"]["name"] if "samples" in subject else names[0] if len(group) == 1 else ""
    analysis = str(record.get("analysis", "Result"))
    note = note or _note(record, whole, names)
    return Question(analysis, str(samples), options, tuple(names), tuple(group), differences, note)


def _differences(group: list[Result], names: list[str]) -> tuple[tuple[Compared, ...], str]:
    """Differences where outcomes were kept image by image, and a sentence on what was left out."""
    if len(group) < 2 or "classifier" not in group[0].record.get("subject", {}) or not all(map(_paired, group)):
        return (), ""
    pairs = list(combinations(range(len(group)), 2))
    left_out = ""
    if len(group) > MOST_PAIRED:
        left_out = f"Of {len(group)} classifiers each is compared with the first, {names[0]}; other pairs are left out."
        pairs = pairs[: len(group) - 1]
    return tuple(Compared(names[one], names[two], group[one] - group[two]) for one, two in pairs), left_out


def _paired(result: Result) -> bool:
    return any("outcomes" in values.attrs for values in result.dataset.data_vars.values())


def _name(record: dict[str, Any]) -> str:
    subject = record.get("subject", {})
    if "classifiers" in subject:
        return " minus ".join(str(one["name"]) for one in subject["classifiers"])
    if "before" in subject and str(subject["after"]["name"]).startswith(str(subject["before"]["name"])):
        return str(subject["after"]["name"])
    return classifier_name(subject) if "classifier" in subject else described(record)


def _note(record: dict[str, Any], whole: list[str], names: list[str]) -> str:
    """What a reader must know of the names: which way differences go, what short ones stand for."""
    if record.get("analysis") == "TradeOff":
        return (
            "A change of accuracy is that of the classifier named first minus that of the second: above 0, the first "
            "does better."
        )
    if len(whole) < 2 or "before" not in record.get("subject", {}):
        return ""
    told = f"The names tell what differs; in full: {'; '.join(whole)}. " if names != whole else ""
    return (
        f"{told}These are changes of images, not answers to the same images: they stand side by side, without "
        "a paired difference; ratios and shares are compared as independent."
    )


def shortened(names: list[str]) -> list[str]:
    """What differs between names of several words: the words that all share in front and behind are left out, yet not
    so many that a name is a bare number.
    """
    if len(names) < 2:
        return names
    lines = [name.split() for name in names]
    room = min(map(len, lines)) - 1
    front = next((place for place in range(room) if len({line[place] for line in lines}) > 1), room)
    behind = next(
        (place for place in range(room - front) if len({line[-1 - place] for line in lines}) > 1), room - front
    )
    while front and not all(any(map(str.isalpha, "".join(line[front : len(line) - behind]))) for line in lines):
        front -= 1
    return [" ".join(line[front : len(line) - behind]).strip(",") for line in lines]


def _flat_options(record: dict[str, Any]) -> dict[str, Any]:
    """The options of a question and, where it is about masks, how these were made."""
    made = {f"{key} of masks": value for key, value in _options_of_masks(record).items()}
    return record.get("options", {}) | made


def _options_of_masks(record: dict[str, Any]) -> dict[str, Any]:
    made = made_with(record.get("subject", {})) or {}
    return {key: value for key, value in made.items() if key != "options"} | made.get("options", {})


def _told_apart(names: list[str]) -> list[str]:
    """The names, numbered where one stands twice."""
    often, seen = Counter(names), Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if often[name] == 1 else f"{name} ({seen[name]})")
    return found


def _options(options: dict[str, Any]) -> str:
    """Options in plain words: `norm 4, severities 1, 3 and 5, clip yes`."""
    asked = {key: value for key, value in options.items() if value not in (None, "", [], {})}
    return ", ".join(
        f"{key} of ({_options(value)})" if isinstance(value, dict) else f"{key} {_told(value, key)}"
        for key, value in asked.items()
    )


def _told(value: Any, key: str = "") -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "split" and value == 0:
        return "half of Nyquist"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list) and value:
        told = [_told(one) for one in value]
        return " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))
    return "none" if value == [] else str(value)


def same_for_all(several: Sequence[xr.DataArray]) -> bool:
    """Whether a value does not depend on the classifier, so that showing it once is enough."""
    return len(several) > 1 and all(several[0].equals(one) for one in several[1:])
