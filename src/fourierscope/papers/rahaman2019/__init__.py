"""Rahaman, Baratin, Arpit, Draxler, Lin, Hamprecht, Bengio, Courville (2019): On the spectral bias of neural networks.
ICML 2019, arXiv:1806.08734.

What is stated: sums of sines with random phases, k = 5, 10, ..., 50, amplitudes equal or growing, at 200 points of
[0, 1); ReLU networks of 6 layers, 256 wide; curves R (cos 2 pi z, sin 2 pi z), R = 1 + sin(2 pi L z) / 2, with
k = 20, 40, ..., 200 at 1,000 points; Fourier amplitudes over the targets' by step; spectral norms of layers.

What we chose: where article and published code differ, the code's Adam at 3e-4 (the article says gradient descent) and
five hidden layers before the last linear one; all points in each step, and weights drawn as torch does. `small` takes
20,000 and 10,000 steps (the article 80,000 and 50,000), and amplitudes grow from .1 to 1.

Where we differ: errors are of complex differences, and the article's ratios of magnitudes stand beside them; a
time is that of first coming below .5; those never learned share the last rank. Spectral norms are largest singular
values: the published code's power iteration gives other numbers, for a missing bracket multiplies them by the width,
and it iterates W in place of W^T W. Experiments are numbered as in the published code. Made so far:
learning (1), perturbed parameters (2), curves (5), and Figure 6. `smoke` takes narrow networks and low frequencies.
"""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.rahaman2019 import experiment1, experiment2, experiment3, experiment4, experiment5, figure6

PAPER = Paper(
    name="rahaman2019",
    title="Rahaman et al. (2019): On the spectral bias of neural networks",
    roles=(),
    budgets={
        "smoke": Budget("Sums of few sines, narrow networks, 2,000 steps; no images are asked.", "digits", {}, {}),
        "small": Budget("The article's sines and networks, fewer steps, three draws of phases.", "digits", {}, {}),
        "full": Budget("The article's steps and ten draws of phases; made for a GPU.", "digits", {}, {}),
    },
    exhibits=tuple(one.EXHIBIT for one in (experiment1, experiment2, experiment3, experiment4, experiment5, figure6)),
)
