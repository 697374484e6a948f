"""Kernels: in which order they learn, exactly. Tangent kernels of networks, their spectra, and what follows from them.

A kernel is a function of the angle between two points on a sphere, or a matrix over given points. Eigenvalues on a
sphere are those under its even probability measure, so that a kernel matrix of n even points has n times as much.
"""

from fourierscope.theory.kernels import circle_law as circle_law
from fourierscope.theory.kernels import fourier_features as fourier_features
from fourierscope.theory.kernels import learning_curves as learning_curves
from fourierscope.theory.kernels import linear_law as linear_law
from fourierscope.theory.kernels import rectifier as rectifier
from fourierscope.theory.kernels import spheres as spheres
from fourierscope.theory.kernels import tangent as tangent
