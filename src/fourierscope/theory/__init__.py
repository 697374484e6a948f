"""PREDICTED: closed forms and exact solvers. Knows no data and no file.

Frequencies here are response frequencies, of a function along its input; those of pixels live in `fourier`, and in
`filters`, whose kernels act on pixels.
"""

from fourierscope.theory import averaging as averaging
from fourierscope.theory import circle as circle
from fourierscope.theory import circle_flows as circle_flows
from fourierscope.theory import filters as filters
from fourierscope.theory import frequency_loss as frequency_loss
from fourierscope.theory import gradients as gradients
from fourierscope.theory import harmonics as harmonics
from fourierscope.theory import kernel_bands as kernel_bands
from fourierscope.theory import kernels as kernels
from fourierscope.theory import lfp as lfp
from fourierscope.theory import lipschitz as lipschitz
from fourierscope.theory import piecewise_linear as piecewise_linear
from fourierscope.theory import polygons as polygons
from fourierscope.theory import regions as regions
from fourierscope.theory import translations as translations
from fourierscope.theory import two_layer as two_layer
