"""CHANGED: a subject becomes another of the same kind: attacked, corrupted, filtered. Nothing given is changed."""

from fourierscope.treatments.additive_noise import gaussian_noise as gaussian_noise
from fourierscope.treatments.attacks import L2PGD as L2PGD
from fourierscope.treatments.attacks import ConfinedAttack as ConfinedAttack
from fourierscope.treatments.attacks import LinfPGD as LinfPGD
from fourierscope.treatments.attacks import SingleWave as SingleWave
from fourierscope.treatments.attacks import UniversalWave as UniversalWave
from fourierscope.treatments.attacks import WaveAttack as WaveAttack
from fourierscope.treatments.attacks import band_pgd as band_pgd
from fourierscope.treatments.attacks import deepfool as deepfool
from fourierscope.treatments.attacks import fgsm as fgsm
from fourierscope.treatments.attacks import foolbox_attack as foolbox_attack
from fourierscope.treatments.attacks import low_frequency_pgd as low_frequency_pgd
from fourierscope.treatments.attacks import pgd as pgd
from fourierscope.treatments.attacks import universal_wave as universal_wave
from fourierscope.treatments.attacks import wave_attack as wave_attack
from fourierscope.treatments.attacks import wave_search as wave_search
from fourierscope.treatments.corruptions import CORRUPTIONS as CORRUPTIONS
from fourierscope.treatments.corruptions import Corruption as Corruption
from fourierscope.treatments.corruptions import corrupt as corrupt
from fourierscope.treatments.square_filters import high_passed as high_passed
from fourierscope.treatments.square_filters import low_passed as low_passed
from fourierscope.treatments.success import successful as successful
from fourierscope.treatments.words import TREATMENTS as TREATMENTS
from fourierscope.treatments.words import Treatment as Treatment
from fourierscope.treatments.words import treated as treated
from fourierscope.treatments.words import treatment_named as treatment_named
