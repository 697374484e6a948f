"""Xu, Zhang, Luo, Xiao, Ma (2019): Frequency principle."""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.xu2019 import figure1, figure2, figure3, figure4, figure5, figure6, table1

PAPER = Paper(
    name="xu2019",
    title="Xu et al. (2019): Frequency principle",
    roles=(),
    budgets={
        "smoke": Budget("small networks, embedded digits; under a minute.", "digits", {}, {}),
        "small": Budget("small.", None, {}, {}),
        "full": Budget("full.", None, {}, {}),
    },
    exhibits=tuple(one.EXHIBIT for one in (figure1, figure2, figure3, figure4, figure5, figure6, table1)),
)
