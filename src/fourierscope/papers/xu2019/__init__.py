"""Xu, Zhang, Luo, Xiao, Ma (2019): Frequency principle: Fourier analysis sheds light on deep neural networks.
arXiv:1901.06523; with Xu, Zhang, Xiao (2018): Training behavior of deep neural network in frequency domain.
arXiv:1807.01251.

What is stated: networks, targets and images in words; the relative error of Fourier coefficients; the projection on the
first principal component; the filter exp(-|x|^2 / (2 variance)).

What is not known to us, and what we chose: most settings, for we had abstracts, passages and the authors' code, not the
full text. Figure numbers are ours. Lines: tanh 1-200-200-200-100-1, Adam at 2e-4, 201 points of one period. Images:
pixels in [0, 1], one-hot labels; fully connected networks by squared error, convolutional ones by cross-entropy. The
target behind the rounding is the sum of three sines. Half of the labels' energy is low behind the filter.

Where we differ: errors are of complex differences (the code compares magnitudes); grids leave their end point out; what
does not stand out of the noise floor of a sample is left out; a filter must have neighbours to average over; a time is
that of first reaching, over several seeds. Drawn labels are compared by relative errors, as published, and by equal
distance from the targets. The kernel bands and the cases in which the principle fails are not in the articles. `smoke`
takes embedded digits and small networks.
"""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.xu2019 import figure1, figure2, figure3, figure4, figure5, figure6, table1, theorems

PAPER = Paper(
    name="xu2019",
    title="Xu et al. (2019): Frequency principle: Fourier analysis sheds light on deep neural networks "
    "(arXiv:1901.06523)",
    roles=(),
    budgets={
        "smoke": Budget(
            "1,000 embedded digits and small networks: real trainings, but not the paper's images.", "digits", {}, {}
        ),
        "small": Budget(
            "2,000 labelled images of your own, such as MNIST or CIFAR-10; an hour on one core.", None, {}, {}
        ),
        "full": Budget("5,000 labelled images of your own, long trainings, many seeds; made for a GPU.", None, {}, {}),
    },
    exhibits=tuple(one.EXHIBIT for one in (figure1, figure2, figure3, figure4, figure5, figure6, table1, theorems)),
)
