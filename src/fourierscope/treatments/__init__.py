"""CHANGED: a subject becomes another of the same kind: attacked, corrupted, filtered. Nothing given is changed."""

from fourierscope.treatments.additive_noise import gaussian_noise as gaussian_noise
from fourierscope.treatments.attacks import LinfPGD as LinfPGD
from fourierscope.treatments.corruptions import CORRUPTIONS as CORRUPTIONS
from fourierscope.treatments.corruptions import Corruption as Corruption
from fourierscope.treatments.corruptions import corrupt as corrupt
