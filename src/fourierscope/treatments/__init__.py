"""CHANGED: a subject becomes another of the same kind: attacked, corrupted, filtered. Nothing given is changed."""

from fourierscope.treatments.additive_noise import gaussian_noise as gaussian_noise
from fourierscope.treatments.attacks import L2PGD as L2PGD
from fourierscope.treatments.attacks import ConfinedAttack as ConfinedAttack
from fourierscope.treatments.attacks import LinfPGD as LinfPGD
from fourierscope.treatments.attacks import band_pgd as band_pgd
from fourierscope.treatments.attacks import fgsm as fgsm
from fourierscope.treatments.attacks import low_frequency_pgd as low_frequency_pgd
from fourierscope.treatments.attacks import pgd as pgd
from fourierscope.treatments.corruptions import CORRUPTIONS as CORRUPTIONS
from fourierscope.treatments.corruptions import Corruption as Corruption
from fourierscope.treatments.corruptions import corrupt as corrupt
