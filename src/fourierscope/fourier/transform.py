"""The Fourier transform of images: orthonormal, so energies agree in both domains, and centred as `Plane` says."""

from __future__ import annotations

import torch
from torch import Tensor

from fourierscope.fourier.kinds import came

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


def cropped(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (..., h, w) made smaller, (..., m, n), by keeping the frequencies that fit the smaller plane.

    Values keep their size: a constant stays the constant, and a wave below the new Nyquist frequency is the same wave
    at fewer pixels. Along an even new side the two lines at its Nyquist frequency are averaged, each axis by itself, so
    that the result is real; they count by half. (`scipy.signal.resample` adds them up.) Raises ValueError for a size
    that is larger or below 1.
    """
    height, width = images.shape[-2:]
    if not (1 <= size[0] <= height and 1 <= size[1] <= width):
        raise ValueError(f"Cropping makes images of {height} x {width} smaller, to 1 x 1 at least; {size} came.")
    spectra = _lines_kept(to_spectrum(images), size[0], -2)
    spectra = _lines_kept(spectra, size[1], -1)
    return (_inverse(spectra).real * (size[0] * size[1] / (height * width)) ** 0.5).to(images.dtype)


def _lines_kept(spectra: Tensor, count: int, axis: int) -> Tensor:
    """The middle lines of centred spectra along an axis, the first of them averaged with what stands opposite."""
    side = spectra.shape[axis]
    start = side // 2 - count // 2
    kept = spectra.narrow(axis, start, count)
    if count % 2 or count == side:
        return kept
    first, opposite = spectra.narrow(axis, start, 1), spectra.narrow(axis, start + count, 1)
    return torch.cat([(first + opposite) / 2, kept.narrow(axis, 1, count - 1)], dim=axis)


def _inverse(spectra: Tensor) -> Tensor:
    return torch.fft.ifft2(torch.fft.ifftshift(spectra, dim=_AXES), norm="ortho")


def _transformable(images: Tensor) -> Tensor:
    if not isinstance(images, Tensor):
        raise TypeError(f"A spectrum is taken of images (..., h, w), a tensor; {came(images)} came.")
    if not images.is_floating_point():
        raise TypeError(f"A spectrum is taken of floating-point images; {images.dtype} came. Use `Samples.batch`.")
    if images.ndim < 2 or not images.numel():
        raise ValueError(f"A spectrum is taken of images (..., h, w); shape {tuple(images.shape)} came.")
    return images.float() if images.dtype in (torch.float16, torch.bfloat16) else images
