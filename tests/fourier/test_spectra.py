"""Ring means and power laws."""

import numpy as np
import pytest
import torch

from fourierscope.fourier import Plane
from fourierscope.fourier.spectra import power_law, ring_means

SIZES = [(16, 16), (15, 15), (15, 10), (10, 15), (32, 32), (31, 31)]


@pytest.mark.parametrize("size", [*SIZES, (9, 6), (1, 5)])
def test_ring_means_are_those_of_a_slow_loop(size):
    values = torch.rand(2, *size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sums = {}
    for i in range(size[0]):
        for j in range(size[1]):
            ring = int(np.floor(np.hypot(i - size[0] // 2, j - size[1] // 2) + 0.5))
            sums.setdefault(ring, []).append(values[:, i, j].numpy())
    radius, means = ring_means(values)
    assert radius.tolist() == sorted(sums)
    for place, ring in enumerate(sorted(sums)):
        np.testing.assert_allclose(means[:, place], np.mean(sums[ring], axis=0))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("slope", [-3.0, -2.0, -1.0, 0.0, 1.5])
def test_the_power_law_of_a_pure_one_is_exact(size, slope):
    radius = Plane(*size).radius().clamp(min=1e-3)
    found = power_law(7.0 * radius**slope)
    assert found.slope == pytest.approx(slope, abs=1e-10)
    assert found.intercept == pytest.approx(np.log10(7), abs=1e-10)
    assert found.slope_error == pytest.approx(0, abs=1e-6)
    if slope:
        assert found.r_squared == pytest.approx(1)


def test_only_the_rings_asked_for_are_fitted():
    radius = Plane(32, 32).radius().clamp(min=0.5)
    bent = torch.where(radius < 7.5, radius**-1.0, radius**-3.0)
    assert power_law(bent, highest=7).slope == pytest.approx(-1)
    assert power_law(bent, lowest=8).slope == pytest.approx(-3)


def test_a_spectrum_without_a_power_law_is_refused():
    with pytest.raises(ValueError, match="three rings"):
        power_law(torch.ones(4, 4))
    empty = torch.ones(16, 16)
    empty[3, 3] = 0
    with pytest.raises(ValueError, match="above 0"):
        power_law(empty)
