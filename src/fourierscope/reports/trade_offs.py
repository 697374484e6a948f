"""The lines of trade-off that belong on a page with corruption profiles: each profile against the natural one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fourierscope.results import Result, trade_off


class Fit(NamedTuple):
    """A corruption profile against another: the line of their trade-off, None where there is none, and a sentence."""

    profile: Result
    line: Result | None
    says: str


def trade_offs(results: Sequence[Result]) -> list[Fit]:
    """The trade-off of each corruption profile against the one named natural, else the first given, of the same
    question on the same images. Pairs whose line is among the results are not fitted again, and one classifier is not
    fitted against itself.
    """
    held = {key for one in results if one.record.get("analysis") == "TradeOff" for key in _keys(one.record)}
    groups: dict[str, list[Result]] = {}
    for one in results:
        if one.record.get("analysis") == "CorruptionProfile" and "classifier" in one.record["subject"]:
            groups.setdefault(_key(one.record, []), []).append(one)
    found = []
    for group in groups.values():
        natural = next((one for one in group if _name(one).endswith("natural")), group[0])
        pairs = [(one, _pair(one, natural)) for one in group]
        new = [one for one, pair in pairs if pair[0] != pair[1] and _key(one.record, pair) not in held]
        found += [_fit(one, natural) for one in new]
    return found


def _fit(profile: Result, natural: Result) -> Fit:
    pair = f"{_name(profile)} against {_name(natural)}"
    which = "the one named natural" if _name(natural).endswith("natural") else "the first profile given"
    try:
        return Fit(profile, trade_off(profile, natural), f"Fitted: the trade-off of {pair}, {which}.")
    except ValueError as error:
        return Fit(profile, None, f"No line of trade-off, {pair}: {error}")


def _keys(record: dict[str, Any]) -> Iterator[str]:
    """The keys of a fitted line: which of the two was taken for the natural one does not matter."""
    profile = {"options": record["options"].get("profile"), "subject": record["subject"]}
    pair = record["subject"]["classifiers"]
    yield _key(profile, pair)
    yield _key(profile, pair[::-1])


def _key(record: dict[str, Any], pair: list[Any]) -> str:
    return json.dumps([record["options"], record["subject"]["samples"]["digest"], pair], sort_keys=True)


def _pair(profile: Result, natural: Result) -> list[Any]:
    return [one.record["subject"]["classifier"] for one in (profile, natural)]


def _name(profile: Result) -> str:
    return str(profile.record["subject"]["classifier"]["name"])
