"""CHANGED: a subject becomes another of the same kind: attacked, corrupted, filtered. Nothing given is changed."""

from fourierscope.treatments.attacks import LinfPGD as LinfPGD
