"""What Figure 6 and Table 2 share: the accuracy of every model under the paper's fifteen corruptions."""

from __future__ import annotations

from fourierscope.analyses import CorruptionProfile
from fourierscope.papers.making import Making

IMAGES = {"smoke": 30, "small": 2000, "full": 10000}
_SEVERITIES = {"smoke": (1, 3, 5), "small": (1, 2, 3, 4, 5), "full": (1, 2, 3, 4, 5)}


def profiled(making: Making, roles: tuple[str, ...]) -> None:
    """Ask for the corruption profile of each role that is there; both exhibits share the finished cells."""
    question = CorruptionProfile(corruptions="yin", severities=_SEVERITIES[making.budget])
    for role, trial in making.trials(roles, making.samples(IMAGES)):
        making.ask(role, question, trial, shared="corruptions")
