"""Attacks: the change of an image, within a budget, that hurts a classifier most."""

from fourierscope.treatments.attacks.auto_attack import auto_attack as auto_attack
from fourierscope.treatments.attacks.automatic import apgd as apgd
from fourierscope.treatments.attacks.confined import ConfinedAttack as ConfinedAttack
from fourierscope.treatments.attacks.confined import band_pgd as band_pgd
from fourierscope.treatments.attacks.confined import low_frequency_pgd as low_frequency_pgd
from fourierscope.treatments.attacks.foolbox_attacks import foolbox_attack as foolbox_attack
from fourierscope.treatments.attacks.in_training import L2PGD as L2PGD
from fourierscope.treatments.attacks.in_training import LinfPGD as LinfPGD
from fourierscope.treatments.attacks.nearest import deepfool as deepfool
from fourierscope.treatments.attacks.nearest import just_across as just_across
from fourierscope.treatments.attacks.projected import fgsm as fgsm
from fourierscope.treatments.attacks.projected import pgd as pgd
from fourierscope.treatments.attacks.square import square_attack as square_attack
from fourierscope.treatments.attacks.waves import SingleWave as SingleWave
from fourierscope.treatments.attacks.waves import UniversalWave as UniversalWave
from fourierscope.treatments.attacks.waves import WaveAttack as WaveAttack
from fourierscope.treatments.attacks.waves import universal_wave as universal_wave
from fourierscope.treatments.attacks.waves import wave_attack as wave_attack
from fourierscope.treatments.attacks.waves import wave_search as wave_search
