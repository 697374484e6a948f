"""Pooling without aliasing, as modules."""

import numpy as np
import pytest
import torch
from torch import nn

from fourierscope.training import BlurPool2d, SpectralPool2d

SIZES = [(14, 14), (7, 9), (10, 18), (1, 5), (56, 3)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "pool",
    [SpectralPool2d(), SpectralPool2d(3), BlurPool2d(), BlurPool2d(2), BlurPool2d(5, 4), BlurPool2d(150)],
)
def test_a_constant_map_stays_as_it_is(pool, size):
    found = pool(torch.full((2, 3, *size), -1.5))
    torch.testing.assert_close(found, torch.full_like(found, -1.5), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", SIZES)
def test_sizes_are_as_told(size):
    maps = torch.rand(1, 2, *size)
    assert SpectralPool2d()(maps).shape[2:] == tuple(max(1, side // 2) for side in size)
    assert BlurPool2d(3)(maps).shape[2:] == tuple((side + 1) // 2 for side in size)


def test_blur_is_a_binomial_mean_of_neighbours():
    maps = torch.rand(1, 2, 6, 8, generator=torch.Generator().manual_seed(0))
    found, line = BlurPool2d(3)(maps), torch.tensor([0.25, 0.5, 0.25])
    wanted = (maps[:, :, 1:4, 3:6] * torch.outer(line, line)).sum((2, 3))
    torch.testing.assert_close(found[:, :, 1, 2], wanted)


def test_pools_learn_nothing_and_serve_half_precision():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), SpectralPool2d(), BlurPool2d()).bfloat16()
    assert network(torch.rand(1, 1, 11, 12).bfloat16()).dtype == torch.bfloat16
    assert len(list(network[1:].parameters())) == 0
    assert not any(name.startswith(("1.", "2.")) for name in network.state_dict())


@pytest.mark.parametrize(
    "made",
    [lambda: SpectralPool2d(0), lambda: SpectralPool2d(True), lambda: BlurPool2d(0), lambda: BlurPool2d(3, 1.5)],
)
def test_numbers_that_do_not_fit_are_refused(made):
    with pytest.raises(ValueError, match="is a whole number from 1 on"):
        made()


def test_whole_numbers_of_numpy_are_whole_and_maps_of_whole_numbers_are_refused():
    assert SpectralPool2d(np.int64(2)).stride == BlurPool2d(3, np.int64(2)).stride == 2
    with pytest.raises(TypeError, match="floating-point"):
        SpectralPool2d()(torch.ones(1, 1, 4, 4, dtype=torch.uint8))
    for maps in (torch.ones(1, 1, 4, 4, dtype=torch.uint8), torch.rand(3, 4, 4)):
        with pytest.raises(ValueError, match="of floating point"):
            BlurPool2d()(maps)


@pytest.mark.parametrize("taps", [1, 2, 4, 5])
def test_a_blur_lies_at_its_pixel_or_half_a_pixel_on(taps):
    maps = torch.arange(12.0).view(-1, 1) + 100 * torch.arange(11.0)  # a slope keeps its value under a centred mean
    found = BlurPool2d(taps)(maps[None, None])[0, 0, 2:-2, 2:-2]
    half = 0 if taps % 2 else 0.5
    torch.testing.assert_close(found, maps[::2, ::2][2:-2, 2:-2] + half * 101)
