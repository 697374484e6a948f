"""TRAINED: recipes, the loops that networks learn by, and who watches them."""

from fourierscope.training import views as views
from fourierscope.training.adapters import for_lightning as for_lightning
from fourierscope.training.adapters import for_transformers as for_transformers
from fourierscope.training.augmentations import Affine as Affine
from fourierscope.training.augmentations import AugMix as AugMix
from fourierscope.training.augmentations import AutoAugment as AutoAugment
from fourierscope.training.augmentations import Crops as Crops
from fourierscope.training.augmentations import Flips as Flips
from fourierscope.training.augmentations import OnlyComponent as OnlyComponent
from fourierscope.training.augmentations import Tints as Tints
from fourierscope.training.fitting import fit as fit
from fourierscope.training.loop import train as train
from fourierscope.training.noise import GaussianNoise as GaussianNoise
from fourierscope.training.noise import ShapedNoise as ShapedNoise
from fourierscope.training.recipe import RECIPES as RECIPES
from fourierscope.training.recipe import Recipe as Recipe
from fourierscope.training.recipe import recipe_named as recipe_named
from fourierscope.training.reference import REFERENCES as REFERENCES
from fourierscope.training.reference import Budget as Budget
from fourierscope.training.reference import accuracy as accuracy
from fourierscope.training.reference import make_reference as make_reference
from fourierscope.training.reference import moments as moments
from fourierscope.training.saving import save as save
from fourierscope.training.tracker import SpectralTracker as SpectralTracker
