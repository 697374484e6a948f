"""TRAINED: recipes, and the loop that a classifier learns by."""

from fourierscope.training.loop import train as train
from fourierscope.training.recipe import RECIPES as RECIPES
from fourierscope.training.recipe import GaussianNoise as GaussianNoise
from fourierscope.training.recipe import Recipe as Recipe
from fourierscope.training.recipe import recipe_named as recipe_named
from fourierscope.training.reference import accuracy as accuracy
from fourierscope.training.reference import make_reference as make_reference
