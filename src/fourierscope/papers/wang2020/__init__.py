"""Wang, Wu, Huang, Xing (2020): High-frequency component helps explain the generalization of convolutional neural
networks. CVPR 2020, arXiv:1905.13545. Figures 2 to 8, Tables 1 and 2.

What is stated: CIFAR-10, ResNet-18, pixels in [0, 1], Adam at 1e-4, batches of 100, 100 epochs (300 for shuffled
labels), Xavier initialisation; radii 4, 8, 12, 16; dropout of half before the last layer; mixup with 0.5; PGD of 8/255.

What is not stated, and what we chose: how components are scaled. The published code divides each by its own maximum,
but for attacked networks, and so do Figures 3 to 5; Figure 6 and Table 1 take them as they are. Which statistics batch
norms take when tested: the released block takes those of the batch, and is commented out; Figure 5 is asked under both.
The attack is that of our own recipes, from a random start in steps of 2/255; the code starts from the image itself.

Where we differ: the published code's network is a ResNet of depth 32 without batch norm, which `full` takes; `small`
has four convolutions and two linear layers, 5,000 images and few epochs at 1e-3, and `smoke` tries the machinery on
patches. Mixup is that of the article; the code has 1 in place of 0.5. Components lie in [0, 1] as the images do, not
in whole numbers. "Learned first" is a number here: what components carry when half of the images are learned. Printed
numbers are read off the authors' poster, within .02, those of Table 1 as quoted by others. Not made: other data sets,
networks and optimisers, and the detection of objects.

Kernels: equation 3 adds to each weight of the first kernels its eight neighbours times a strength, edges duplicated,
without training; that multiplies the gain at frequency zero by 1 + 8 strength, so variants that give it back stand
beside. Table 2's numbers are second-hand, unchecked. The published code asks foolbox 2 for the smallest change of a few
images; ours goes through the smoothed network with fixed budgets, FGSM and PGD, and shows smallest changes, transferred
from the network as it is, only beside that. The projection of kernels onto low frequencies and the penalty on adjacent
weights are named in the article without numbers.
"""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.wang2020 import (
    adjacent,
    audit,
    figure2,
    figure3,
    figure4,
    figure5,
    figure6,
    figure7,
    figure8,
    table1,
    table2,
)

ROLES = ("natural", "adversarial")

PAPER = Paper(
    name="wang2020",
    title="Wang et al. (2020): High-frequency component helps explain the generalization of CNNs (arXiv:1905.13545)",
    roles=ROLES,
    budgets={
        "smoke": Budget(
            "Few embedded patches, small networks, few epochs. It tries the machinery: what holds or fails here says "
            "nothing about the paper.",
            "patches:test",
            {role: f"reference:{role}" for role in ROLES},
            {},
        ),
        "small": Budget(
            "CIFAR-10 of your own, to learn and to test; small networks; Figures 2 to 6 in an hour or two on one core.",
            None,
            {role: f"reference:cifar10-resnet20-{role}" for role in ROLES},
            {},
        ),
        "full": Budget("CIFAR-10 of your own, ResNet-32, the article's epochs; made for a GPU.", None, {}, {}),
    },
    exhibits=tuple(
        one.EXHIBIT
        for one in (figure2, figure3, figure4, figure5, figure6, figure7, figure8, table1, table2, adjacent, audit)
    ),
)
