"""The Fourier transform of images: orthonormal, so energies agree in both domains, and centred as `Plane` says."""

from __future__ import annotations

import torch
from torch import Tensor

_AXES = (-2, -1)


def to_spectrum(images: Tensor) -> Tensor:
    """The spectrum (..., h, w), complex and centred, of real images (..., h, w).

    Orthonormal: sum |spectrum|^2 = sum images^2. Half precision is transformed in float32. Raises TypeError for whole
    numbers (uint8 images belong in `Samples`, which scales them to [0, 1]).
    """
    return torch.fft.fftshift(torch.fft.fft2(_transformable(images), norm="ortho"), dim=_AXES)


def to_images(spectra: Tensor) -> Tensor:
    """The real images (..., h, w) of centred spectra (..., h, w): the inverse of `to_spectrum`.

    Raises ValueError where a spectrum is not Hermitian, that is, where no real image has it.
    """
    images = _inverse(spectra)
    imaginary, size = images.imag.abs().amax(), images.abs().amax()
    if imaginary > 1e-4 * size:
        raise ValueError(
            f"This spectrum is not Hermitian: its images would have imaginary parts up to {float(imaginary):.3g} "
            f"beside {float(size):.3g}. A frequency and its partner (`Plane.partner`) must hold conjugate values."
        )
    return images.real


def filtered(images: Tensor, gain: Tensor) -> Tensor:
    """The images (..., h, w) with their spectrum multiplied by a gain that is the same at partners.

    Unlike `to_images` it may leave nothing but rounding errors, whose imaginary parts are no sign of a wrong spectrum.
    """
    return _inverse(to_spectrum(images) * gain).real


def _inverse(spectra: Tensor) -> Tensor:
    return torch.fft.ifft2(torch.fft.ifftshift(spectra, dim=_AXES), norm="ortho")


def _transformable(images: Tensor) -> Tensor:
    if not images.is_floating_point():
        raise TypeError(f"A spectrum is taken of floating-point images; {images.dtype} came. Use `Samples.batch`.")
    return images.float() if images.dtype in (torch.float16, torch.bfloat16) else images
