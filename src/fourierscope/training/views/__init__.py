"""How one looks at a network that learns: views are fixed linear maps of its answers, or ask it themselves."""

from fourierscope.training.views.components import Components as Components
from fourierscope.training.views.fixed_modes import FixedModes as FixedModes
from fourierscope.training.views.neighbours import GaussianFilter as GaussianFilter
from fourierscope.training.views.neighbours import KernelModes as KernelModes
from fourierscope.training.views.transforms import AroundCircle as AroundCircle
from fourierscope.training.views.transforms import Grid as Grid
from fourierscope.training.views.transforms import Projection as Projection
