"""What belongs on a page with results of several classifiers, each held against the natural one: of corruption profiles
the line of their trade-off, of energies of masks the wins.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from fourierscope.results import Result, classifier_name, classifier_trace, made_with, mask_wins, trade_off


class Pairing(NamedTuple):
    """A result held against another: what came of it, None where nothing did, and a sentence."""

    result: Result
    found: Result | None
    says: str


class _Way(NamedTuple):
    """How results of one analysis are held against each other, and the words for it."""

    makes: str
    hold: Callable[[Result, Result], Result]
    done: str
    failed: str
    given: str
    within: str = ""
    """The option of what is made that holds those of the results; empty: it has the same ones."""


_WAYS = {
    "CorruptionProfile": _Way(
        "TradeOff", trade_off, "Fitted: the trade-off of", "No line of trade-off,", "profile", "profile"
    ),
    "MaskEnergy": _Way("MaskWins", mask_wins, "Counted: the wins of", "No wins of", "masks"),
}


def pairings(results: Sequence[Result]) -> list[Pairing]:
    """Each corruption profile, and each energy of masks, held against the one named natural, else the first given, of
    the same question on the same images, about masks made with the same options. Pairs that are among the results
    already are not held against each other again, and neither is a classifier against itself.
    """
    done = {key for one in results for key in _keys_of_made(one.record)}
    groups: dict[str, list[Result]] = {}
    for one in results:
        if one.record.get("analysis") in _WAYS and "classifier" in one.record["subject"]:
            groups.setdefault(_key(one.record, []), []).append(one)
    found = []
    for group in groups.values():
        natural = next((one for one in group if _is_natural(one)), group[0])
        for one in group:
            pair = [classifier_trace(each.record["subject"]) for each in (one, natural)]
            if pair[0] != pair[1] and _key(one.record, pair) not in done:
                done.add(_key(one.record, pair))
                found.append(_held(one, natural))
    return found


def _held(one: Result, natural: Result) -> Pairing:
    way = _WAYS[one.record["analysis"]]
    pair = " against ".join(classifier_name(each.record["subject"]) for each in (one, natural))
    which = "the one named natural" if _is_natural(natural) else f"the first {way.given} given"
    try:
        return Pairing(one, way.hold(one, natural), f"{way.done} {pair}, {which}.")
    except ValueError as error:
        return Pairing(one, None, f"{way.failed} {pair}: {error}")


def _keys_of_made(record: dict[str, Any]) -> Iterator[str]:
    """The keys of a pair that was held: which of the two was taken for the natural one does not matter."""
    for analysis, way in _WAYS.items():
        if record.get("analysis") == way.makes:
            options = record["options"].get(way.within) if way.within else record["options"]
            pair = record["subject"]["classifiers"]
            for each in (pair, pair[::-1]):
                yield _key(record | {"analysis": analysis, "options": options}, each)


def _key(record: dict[str, Any], pair: list[Any]) -> str:
    subject = record["subject"]
    held = [record["analysis"], record["options"], subject["samples"]["digest"], made_with(subject), pair]
    return json.dumps(held, sort_keys=True)


def _is_natural(one: Result) -> bool:
    """Whether a classifier is named natural, and its masks, where it has some, are its own."""
    name = str(one.record["subject"]["classifier"]["name"])
    return name.endswith("natural") and name == classifier_name(one.record["subject"])
