"""Luo, Ma, Xu, Zhang (2019): Theory of the frequency principle for general deep neural networks. arXiv:1906.09235.

What is stated: a loss is an integral over frequency; of what gradient flow takes off it, the share above a frequency
eta is at most C eta^-m, in the first stage, between two times at which the loss halves, and in the last stage; m grows
with the smoothness of activation, target and density of the inputs.

What is not known to us, and what we chose: the constants and exponents, for we had abstracts and passages, not the full
text; so slopes stand here without printed numbers. Networks 1-200-200-200-100-1 with weights as torch draws them, the
target sin x + sin 3x + sin 5x on [-pi, pi), thresholds from 8 on, above the target's own frequencies: from 4 on the
slopes would be those of the target, which shows at 8 still. Training is plain gradient descent in small steps.

Where we differ: the share is taken of the exact derivative, not of a step. A density that jumps at the ends of its
interval has the slope -1 whatever the network, so it gets the verdict "invalid: non-smooth density". All finite windows
limit what can be seen: cos(x / 2)^(4 p) has the slope -(4 p + 1) by itself. Exhibits are named by us.
"""

from __future__ import annotations

from fourierscope.papers.luo2019 import stages, window
from fourierscope.papers.paper import Budget, Paper

PAPER = Paper(
    name="luo2019",
    title="Luo et al. (2019): Theory of the frequency principle for general deep neural networks (arXiv:1906.09235)",
    roles=(),
    budgets={
        "smoke": Budget("The networks of every budget, few steps and seeds; no images are asked.", "digits", {}, {}),
        "small": Budget("3,000 steps, ten seeds; six minutes on one core.", "digits", {}, {}),
        "full": Budget("20,000 steps, twenty seeds, a finer grid.", "digits", {}, {}),
    },
    exhibits=(window.EXHIBIT, stages.EXHIBIT),
)
