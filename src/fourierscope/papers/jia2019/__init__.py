"""Jia, Bao, Ma (2019): Exploring frequency domain interpretation of convolutional neural networks. arXiv:1911.12044.

What is stated, in the abstract, all that we had: filters of the first layer are sorted by frequency, their proportion
is controlled in training, and accuracy and robustness to corruptions measured; a learnable modulation of that
proportion with perturbation in the power spectrum gains 10.97 % for ResNet-18 on CIFAR-10-C, with negligible loss of
clean accuracy. The author's comment on the second version (March 2020) calls the main conclusion ambiguous.

What is not stated, and what we chose: everything else. Bands end at 1/6 and 1/3 cycles per pixel, exact for kernels
without padding; proportions are counts of filters held to a band's kernels; modulation is read in two ways, gains of
kernels by frequency that learn under noise (filter side), and noise on amplitudes whose strengths learn to mislead
(input side). Whether 10.97 is in points or relative, and over how many corruptions, is not known.

Where we differ: noise on half of the images gains about as much (Kireev et al., 2022: +10.4 points), so each claim
stands beside it. Corruptions are made by this package with the published parameters. `small` takes ResNet-20, 25,000
images and 8 epochs. The leader table is ours. Exhibits are named by us.
"""

from __future__ import annotations

from fourierscope.papers.jia2019 import dial, leaders, modulation, proportion
from fourierscope.papers.paper import Budget, Paper

PAPER = Paper(
    name="jia2019",
    title="Jia, Bao and Ma (2019): Exploring frequency domain interpretation of CNNs (arXiv:1911.12044)",
    roles=(),
    budgets={
        "smoke": Budget(
            "100 embedded patches, a small network, one epoch, four corruptions. It tries the machinery: what holds or "
            "fails here says nothing about any method.",
            "patches:test",
            {},
            {},
        ),
        "small": Budget(
            "CIFAR-10 of your own: 25,000 images to learn, 1,000 to test under 15 corruptions and 5 severities; "
            "ResNet-20, 8 epochs, 3 seeds (2 for proportions); some ten hours of one core, in cells that are kept.",
            None,
            {},
            {},
        ),
        "full": Budget("CIFAR-10 of your own, whole; ResNet-18, 200 epochs, 3 seeds; made for a GPU.", None, {}, {}),
    },
    exhibits=(leaders.EXHIBIT, modulation.EXHIBIT, proportion.EXHIBIT, dial.EXHIBIT),
)
