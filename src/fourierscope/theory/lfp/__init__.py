"""The linear frequency principle: what a wide two-layer network that starts at 0 learns, in closed form.

A network h(x) = sum over neurons of a relu(w . x + b), wide, with biases spread evenly over all of the line, and made
to start at 0, follows by gradient flow on its squared error, frequency by frequency,

    d/dt of the transform of h - f = -rate(frequency) times the transform of (h - f) at the data,

so that it ends at the function through the data with the least sum of |transform|^2 / rate. That function is a mixture
of |x|^3 and -|x| splines with a linear part, which is one linear system (`solve`); the way to it is one decomposition
(`curve`). Everything is said by two moments of the neurons at the start, with r = |w|: cubic = E[r^3] and
linear = E[a^2 r]. Directions are even on the sphere. `frequency` is ordinary, cycles per unit of x.

Source: Zhang, Xu, Luo, Ma (2019), arXiv:1905.10264; Luo, Ma, Xu, Zhang (2020), arXiv:2010.08153, for the exact model.
The closed forms are ours: the authors solve on a grid in a periodic box, 5e-3 off on their own example. The model
leaves out the part x . x' of the tangent kernel, so a real network of any width stays a little away from it:
`fourierscope.theory.two_layer` has the whole kernel.
"""

from fourierscope.theory.lfp.kernels import rate as rate
from fourierscope.theory.lfp.kernels import relu_kernel as relu_kernel
from fourierscope.theory.lfp.kernels import tanh_kernel as tanh_kernel
from fourierscope.theory.lfp.kernels import tanh_rate as tanh_rate
from fourierscope.theory.lfp.line import LineSpline as LineSpline
from fourierscope.theory.lfp.norms import fp_norm as fp_norm
from fourierscope.theory.lfp.norms import gamma_norm as gamma_norm
from fourierscope.theory.lfp.norms import generalisation_bound as generalisation_bound
from fourierscope.theory.lfp.splines import Spline as Spline
from fourierscope.theory.lfp.splines import curve as curve
from fourierscope.theory.lfp.splines import solve as solve
from fourierscope.theory.lfp.splines import solve_tanh as solve_tanh
