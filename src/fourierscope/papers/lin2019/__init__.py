"""Lin et al. (2019): Bandlimiting neural networks against adversarial attacks. arXiv:1905.12797.

What is stated: a network with piecewise-linear activations parts its input space into very many linear regions; the
mean over a ball around the input is a low pass; so the mean over points of a few directions should defend, without any
training: more than 95 % of attacked images with less than 1 % of clean accuracy lost. The published code (2019) has
15 directions, three distances both ways and the image itself, 91 points, a radius of 6 for CIFAR-10 after normalisation
by ImageNet's means and deviations, no clipping, and probabilities averaged.

What is not known to us, and what we chose: the tables of single attacks, for we had passages, the code, and the numbers
of the robust-ml list: 92.55 clean, 88.41 claimed at 8/255, and 15.8 under the Square attack of others. Their attacks
looked for the smallest change that fools the undefended network, by foolbox 2; ours halves the straight way to an image
attacked by APGD. A radius of 6 in their units is 1.356 on pixels in [0, 1], by the mean of ImageNet's deviations.

Where we differ: equation 6 lacks (2 pi)^(n / 2), and the decay is (n + 1) / 2, not n / 2 + 1. The count of regions is
10^215.9 by Zaslavsky's formula where the article says about 10^200; it is a bound for one layer, so we count on lines
and planes as well. Attacks know of the average. Our networks are small ResNets on CIFAR-10, theirs ResNet-110; the
ImageNet network is not made. Exhibits are named by us.

Controls of the attacks are ours too: APGD by the mean of several looks, and AutoAttack, on fewer images.
"""

from __future__ import annotations

from fourierscope.papers.lin2019 import defence, regions, transfer
from fourierscope.papers.paper import Budget, Paper

ROLES = ("natural",)

PAPER = Paper(
    name="lin2019",
    title="Lin et al. (2019): Bandlimiting neural networks against adversarial attacks (arXiv:1905.12797)",
    roles=ROLES,
    budgets={
        "smoke": Budget(
            "A few embedded patches, a small network, an average over few points, short attacks. It tries the "
            "machinery: what holds or fails here says little about the paper.",
            "patches:test",
            {role: f"reference:{role}" for role in ROLES},
            {},
        ),
        "small": Budget(
            "100 CIFAR-10 images of your own, ResNet-20, 91 points, APGD of 20 steps, Square of 500 queries; some "
            "hours on one core.",
            None,
            {role: f"reference:cifar10-resnet20-{role}" for role in ROLES},
            {},
        ),
        "full": Budget(
            "1,000 CIFAR-10 images and a network of your own, APGD of 100 steps, Square of 20,000 queries; made for a "
            "GPU.",
            None,
            {},
            {},
        ),
    },
    exhibits=(transfer.EXHIBIT, regions.EXHIBIT, defence.EXHIBIT),
)
