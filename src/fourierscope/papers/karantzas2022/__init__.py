"""Karantzas, Besier, Ortega Caro, Pitkow, Tolias, Patel, Anselmi (2022): Understanding robustness and generalization of
artificial neural networks through Fourier masks. Frontiers in Artificial Intelligence 5:890016,
doi:10.3389/frai.2022.890016.

What is stated: grey images of five ImageNet classes, VGG11 (ResNet-18 gives alike), Adam at 1e-3 with one cycle, 50
epochs; augmentations by scales (0.5, 1.5), translations of 0.4, rotations [0, pi], PGD; masks by equation 2 with
sparsity 0.2 for the validation set and 0.07 for single images.

What is not stated, and what we chose: the loss of a mask. Equation 2 has the cross-entropy itself, the authors' code
exp(D^2) of its change D; masks of sets and of single images are made by both, those of classes by the first. The
attack's size, from the code: 0.06 on normalised pixels, 3.46 / 255, 10 steps. The random crops in which all
their networks learned: an affine magnification from 1 to 2 stands for them. What is moved in from outside is mirrored,
not black. VGG11 has batch norm and one linear layer.

Where we differ: masks are least ones by projected gradients with a certificate, one gain for a frequency and its
partner, not Adam with a rate that the code never reaches. Masks of sets learn from half of the images and are tried on
the other half too. Complements change no mask (the code overwrites its graded masks by binary ones, so the printed
58.69 % is of binary masks). Every mask has random controls. Ties of bands count by themselves. Shuffled labels are
fixed. `small` takes CIFAR-10 and ResNet-20; `smoke` takes small networks of patches and says nothing about the article.
"""

from __future__ import annotations

from fourierscope.papers.karantzas2022 import (
    figure1,
    figure2,
    figure3,
    figure4,
    figure5,
    figure6,
    figure7,
    figure8,
    table1,
    table2,
    table3,
)
from fourierscope.papers.karantzas2022.learned import ROLES
from fourierscope.papers.paper import Budget, Paper

_PAIR = ("natural", "adversarial")

PAPER = Paper(
    name="karantzas2022",
    title="Karantzas et al. (2022): Understanding robustness and generalization through Fourier masks "
    "(doi:10.3389/frai.2022.890016)",
    roles=ROLES,
    budgets={
        "smoke": Budget(
            "small networks of embedded patches, few images. It tries the machinery: what holds or fails here says "
            "nothing about the paper.",
            "patches:test",
            {role: f"reference:{role}" for role in _PAIR},
            {role: f"smoke has only the networks {' and '.join(_PAIR)}" for role in ROLES if role not in _PAIR},
        ),
        "small": Budget(
            "CIFAR-10 test images of your own, ResNet-20 networks, two of them shipped and three trained where "
            "training images are given; about two hours on one core.",
            None,
            {role: f"reference:cifar10-resnet20-{role}" for role in _PAIR},
            {},
        ),
        "full": Budget(
            "grey Imagenette images of 128 pixels of your own; five VGG11 networks, trained where training images are "
            "given; made for a GPU.",
            None,
            {},
            {},
        ),
    },
    exhibits=tuple(
        one.EXHIBIT
        for one in (
            figure1,
            figure2,
            figure3,
            table1,
            figure4,
            figure5,
            figure6,
            table2,
            figure7,
            figure8,
            table3,
        )
    ),
)
