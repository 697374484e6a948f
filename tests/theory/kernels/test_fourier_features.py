"""Fourier features: the kernel of their inner products, and what they make of a kernel's spectrum."""

from math import inf, pi

import numpy as np
import pytest
import torch

from fourierscope.theory.kernels.circle_law import coefficients
from fourierscope.theory.kernels.fourier_features import (
    FourierFeatures,
    composed_spectrum,
    feature_angle,
    power_amplitudes,
    stationary_kernel,
)
from fourierscope.theory.kernels.rectifier import deep_kernel, two_layer_kernel

FREQUENCIES = torch.arange(1, 17, dtype=torch.float64)


def test_inner_products_are_the_stationary_kernel():
    amplitudes = power_amplitudes(FREQUENCIES, 0.7)
    points = torch.rand(9, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    features = FourierFeatures(FREQUENCIES, amplitudes)(points)
    wanted = stationary_kernel(points - points.T, FREQUENCIES, amplitudes)
    torch.testing.assert_close(features @ features.T, wanted)
    slow = sum(float(a) ** 2 * np.cos(2 * pi * float(b) * 0.13) for a, b in zip(amplitudes, FREQUENCIES, strict=True))
    assert float(stationary_kernel(torch.tensor(0.13, dtype=torch.float64), FREQUENCIES, amplitudes)) == pytest.approx(
        slow
    )


def test_the_angle_is_that_of_the_features():
    amplitudes = power_amplitudes(FREQUENCIES, 1.0)
    differences = torch.linspace(0, 1, 40, dtype=torch.float64)
    cosines = stationary_kernel(differences, FREQUENCIES, amplitudes) / amplitudes.square().sum()
    torch.testing.assert_close(feature_angle(differences, FREQUENCIES, amplitudes).cos(), cosines)
    tiny = feature_angle(torch.tensor([1e-10], dtype=torch.float64), FREQUENCIES, amplitudes)
    speed = 2 * pi * float((amplitudes * FREQUENCIES).norm() / amplitudes.norm())
    assert float(tiny) == pytest.approx(1e-10 * speed, rel=1e-9)


def test_a_linear_model_of_equal_features_has_a_flat_spectrum():
    flat = composed_spectrum(torch.cos, FREQUENCIES, power_amplitudes(FREQUENCIES, 0.0), 64)
    torch.testing.assert_close(flat[1:17], torch.full((16,), 1 / 32, dtype=torch.float64))
    assert float(flat[17:].abs().max()) < 1e-15
    steep = composed_spectrum(torch.cos, FREQUENCIES, power_amplitudes(FREQUENCIES, 1.0), 64)
    torch.testing.assert_close(steep[1:17] / steep[1], FREQUENCIES**-2)


def test_the_lowest_feature_alone_is_the_circle_law():
    only = power_amplitudes(FREQUENCIES, inf)
    assert only.tolist() == [1.0] + [0.0] * 15
    found = composed_spectrum(two_layer_kernel, FREQUENCIES, only, 4096)[:6]
    torch.testing.assert_close(found, coefficients(5), atol=1e-6, rtol=0)


def test_smaller_powers_lift_high_frequencies_of_a_deep_kernel():
    lifted = [
        composed_spectrum(lambda t: deep_kernel(t, 4), FREQUENCIES, power_amplitudes(FREQUENCIES, p), 512)
        for p in (0.0, 0.5, 1.0, inf)
    ]
    high = torch.stack([one[16] / one[1] for one in lifted])
    assert bool((high.diff() < 0).all())
    assert float(high[0]) > 0.5
    assert float(high[-1]) < 0.05


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="one amplitude"):
        FourierFeatures(FREQUENCIES, torch.ones(3))
    with pytest.raises(ValueError, match="above 0"):
        power_amplitudes(torch.tensor([0.0, 1.0]), 1.0)
