"""CHANGED: a subject becomes another of the same kind: attacked, corrupted, filtered. Nothing given is changed."""

from fourierscope.treatments.attacks import L2PGD as L2PGD
from fourierscope.treatments.attacks import ConfinedAttack as ConfinedAttack
from fourierscope.treatments.attacks import LinfPGD as LinfPGD
from fourierscope.treatments.attacks import band_pgd as band_pgd
from fourierscope.treatments.attacks import fgsm as fgsm
from fourierscope.treatments.attacks import low_frequency_pgd as low_frequency_pgd
from fourierscope.treatments.attacks import pgd as pgd
