"""Attacks: the change of an image, within a budget, that hurts a classifier most."""

from fourierscope.treatments.attacks.ascent import L2PGD as L2PGD
from fourierscope.treatments.attacks.ascent import LinfPGD as LinfPGD
from fourierscope.treatments.attacks.confined import ConfinedAttack as ConfinedAttack
from fourierscope.treatments.attacks.confined import band_pgd as band_pgd
from fourierscope.treatments.attacks.confined import low_frequency_pgd as low_frequency_pgd
from fourierscope.treatments.attacks.projected import fgsm as fgsm
from fourierscope.treatments.attacks.projected import pgd as pgd
