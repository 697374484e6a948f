"""WHERE: frequency planes, waves, transforms, filters, bands and spectra. Knows no network and no file."""

from fourierscope.fourier import bands as bands
from fourierscope.fourier import filters as filters
from fourierscope.fourier import spectra as spectra
from fourierscope.fourier.cosines import cosine_matrix as cosine_matrix
from fourierscope.fourier.plane import Frequency as Frequency
from fourierscope.fourier.plane import Plane as Plane
from fourierscope.fourier.transform import to_images as to_images
from fourierscope.fourier.transform import to_spectrum as to_spectrum
from fourierscope.fourier.waves import is_self_paired as is_self_paired
from fourierscope.fourier.waves import quadratures as quadratures
from fourierscope.fourier.waves import wave as wave
