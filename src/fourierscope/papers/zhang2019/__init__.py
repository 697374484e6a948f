"""Zhang, Xu, Luo, Ma (2019): Explicitizing an implicit bias of the frequency principle in two-layer neural networks.
arXiv:1905.10264; with Luo, Ma, Xu, Zhang (2020), arXiv:2010.08153, and (2021), arXiv:2102.00200.

What is stated: the model and its rates for ReLU and tanh; that a wide network ends at the function of least FP-norm
through the data; an a-priori bound by that norm. From the published code: five points on a line with two laws of
weights, the corners of exclusive or, widths, and differences by width in a comment.

What is not known to us, and what we chose: the range of biases for exclusive or, the constants of the bound, the
targets of the figure of FP-norms. The recorded differences are perhaps of other data than the code's.

Where we differ: the prediction is one solve, not a grid in a periodic box (which is 5e-3 off here, the size of the
differences themselves). In the limit of wide weights it is the natural spline; the published figures draw one that is
not (not-a-knot), ten times farther off. Moments are those of |w|, not of each coordinate. Rates of descent are ten
times the published ones, near the largest that is stable, and a network's steps that much fewer. The difference of
network and prediction has three parts besides training, which the article does not tell apart; one does not go away
with the width. tanh and images are left out.
"""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.zhang2019 import budget, figure1, figure2, norm, width

PAPER = Paper(
    name="zhang2019",
    title="Zhang et al. (2019): Explicitizing an implicit bias of the frequency principle (arXiv:1905.10264)",
    roles=(),
    budgets={
        "smoke": Budget("The examples of every budget, few widths and draws; no images are asked.", "digits", {}, {}),
        "small": Budget("The published widths, five to ten draws; two minutes on one core.", "digits", {}, {}),
        "full": Budget("Twenty draws, ten times the steps.", "digits", {}, {}),
    },
    exhibits=(*figure1.EXHIBITS, figure2.EXHIBIT, width.EXHIBIT, budget.EXHIBIT, norm.EXHIBIT),
)
