"""Rahaman, Baratin, Arpit, Draxler, Lin, Hamprecht, Bengio, Courville (2019): On the spectral bias of neural networks.
ICML 2019, arXiv:1806.08734.

What is stated: sums of sines with random phases, k = 5, 10, ..., 50, amplitudes equal or growing, at 200 points of
[0, 1); ReLU networks of 6 layers, 256 wide; random steps in parameter space; MNIST's 3 and 8 with noise on their
labels, and by eigenvectors of a Gaussian kernel; curves R (cos 2 pi z, sin 2 pi z), R = 1 + sin(2 pi L z) / 2, with
k = 20, 40, ..., 200 at 1,000 points; Fourier amplitudes over the targets' by step; spectral norms of layers.

What we chose: where article and published code differ, the code's Adam at 3e-4 (the article says gradient descent),
five hidden layers before the last linear one, labels -1 and 1, noise sin(2 pi k |x|). All points in each step, weights
drawn as torch does. `small` takes 20,000 and 10,000 steps (the article 80,000 and 50,000), and amplitudes grow from .1
to 1. Directions are even on the sphere (the code's have positive entries only). Kernel bands are a twentieth, up to a
fifth, and the rest of all modes; the kernel of Figure 6 is one step wide.

Where we differ: errors are of complex differences, and the article's ratios of magnitudes stand beside them; a
time is that of first coming below .5; those never learned share the last rank. Spectral norms are largest singular
values: the published code's power iteration gives other numbers, for a missing bracket multiplies them by the width,
and it iterates W in place of W^T W. Experiments are numbered as in the published code. Not made: noise in
eigenvectors. Experiment 6 has two classes and cross-entropy, the same loss as one logit's. `smoke` takes narrow
networks, low frequencies and embedded digits, another data set than MNIST.
"""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.rahaman2019 import (
    experiment1,
    experiment2,
    experiment3,
    experiment4,
    experiment5,
    experiment6,
    experiment7,
    figure6,
)

PAPER = Paper(
    name="rahaman2019",
    title="Rahaman et al. (2019): On the spectral bias of neural networks (arXiv:1806.08734)",
    roles=(),
    budgets={
        "smoke": Budget(
            "Few sines, narrow networks, and embedded digits, which are not the paper's MNIST.", "digits", {}, {}
        ),
        "small": Budget(
            "The article's sines and networks, fewer steps; Experiments 3 and 4 take MNIST of your own.",
            "digits",
            {},
            {},
        ),
        "full": Budget("The article's steps, ten draws; MNIST of your own; made for a GPU.", "digits", {}, {}),
    },
    exhibits=tuple(
        one.EXHIBIT
        for one in (experiment1, experiment2, experiment3, experiment4, experiment5, experiment6, experiment7, figure6)
    ),
)
