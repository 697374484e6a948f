"""Yin, Lopes, Shlens, Cubuk, Gilmer (2019): A Fourier perspective on model robustness in computer vision. NeurIPS,
arXiv:1906.08988.

What is stated: CIFAR-10 with WideResNet-28-10 and ImageNet with ResNet-50; pixels in [0, 1]; waves of L2 norm 4 per
channel with a random sign for each channel, 1000 test images (Fig. 3); noise of norm 8 per channel at bandwidths 3 to
31 (Fig. 5); spectra as means of magnitudes, corruptions at severity 3 (Fig. 2); the share of energy above bandwidth 27
as the mean of per-image ratios over five severities (Fig. 6); Gaussian augmentation with a deviation drawn up to 0.1;
AutoAugment without brightness and contrast.

What is not stated, and what we chose: whether perturbed images are clipped (we clip); the phase of the waves (pi / 4,
as in the published code); the attack behind Fig. 7 (L-infinity PGD, 8 / 255, 20 steps); the adversarial training (PGD,
8 / 255); learning rates and epochs (those of our recipes); the scales of spectra (ours are orthonormal: printed values
are divided by 32).

Where we differ: the budget `small` takes ResNet-20 instead of WideResNet-28-10; corruptions are made by this package
with the published parameters, not read from the published files; `smoke` takes small networks of the embedded patches,
which try the machinery and say nothing about the paper. Fig. 1 of the paper is of ImageNet, ours of CIFAR-10.
"""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.yin2019 import figure1, figure2, figure3, figure4, figure5, figure6, figure7, table1, table2

ROLES = ("natural", "gaussian", "adversarial", "lowpass15", "highpass31", "autoaugment", "fognoise")
_SMOKE = ("natural", "gaussian", "adversarial")
_SMALL = ("natural", "gaussian", "adversarial", "lowpass15", "highpass31", "autoaugment")

PAPER = Paper(
    name="yin2019",
    title="Yin et al. (2019): A Fourier perspective on model robustness in computer vision (arXiv:1906.08988)",
    roles=ROLES,
    budgets={
        "smoke": Budget(
            "small networks of embedded patches, few images. It tries the machinery: what holds or fails here says "
            "nothing about the paper.",
            "patches:test",
            {role: f"reference:{role}" for role in _SMOKE},
            {role: f"smoke has only the networks {', '.join(_SMOKE)}" for role in ROLES if role not in _SMOKE},
        ),
        "small": Budget(
            "CIFAR-10 test images of your own, ResNet-20 networks; minutes to two hours on two cores.",
            None,
            {role: f"reference:cifar10-resnet20-{role}" for role in _SMALL},
            {},
        ),
        "full": Budget(
            "test images and classifiers of your own, such as WideResNet-28-10; made for a GPU.", None, {}, {}
        ),
    },
    exhibits=tuple(
        one.EXHIBIT for one in (figure1, figure2, figure3, figure4, figure5, figure6, figure7, table1, table2)
    ),
)
