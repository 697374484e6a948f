"""PREDICTED: closed forms and exact solvers. Knows no data and no file.

Frequencies here are response frequencies, of a function along its input; those of pixels live in `fourier`.
"""

from fourierscope.theory import averaging as averaging
from fourierscope.theory import frequency_loss as frequency_loss
from fourierscope.theory import gradients as gradients
from fourierscope.theory import harmonics as harmonics
from fourierscope.theory import lipschitz as lipschitz
from fourierscope.theory import piecewise_linear as piecewise_linear
from fourierscope.theory import polygons as polygons
from fourierscope.theory import regions as regions
from fourierscope.theory import translations as translations
