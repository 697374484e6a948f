"""Tangent kernels on circle and sphere: closed forms against quadrature, and against wide networks."""

from itertools import pairwise
from math import pi

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import nn

from fourierscope.theory.kernels.circle_law import coefficients
from fourierscope.theory.kernels.rectifier import deep_kernel, two_layer_kernel
from fourierscope.theory.kernels.spheres import decay, eigenvalues, multiplicity, polynomials
from fourierscope.theory.kernels.tangent import tangent_kernel


@pytest.mark.parametrize("bias", [True, False])
def test_closed_forms_are_those_of_quadrature_of_the_formula_written_again(bias):
    def kernel(t):
        return (np.cos(t) + (1 if bias else 0)) * (np.pi - t) / (4 * np.pi)

    found = coefficients(9, bias)
    for k in range(10):
        wanted = quad(lambda t, k=k: kernel(t) * np.cos(k * t), 0, np.pi, epsabs=1e-13)[0] / np.pi
        assert float(found[k]) == pytest.approx(wanted, abs=1e-12)


def test_the_printed_table_is_of_the_kernel_with_a_bias():
    found, without = coefficients(7), coefficients(7, bias=False)
    assert float(found[0]) == pytest.approx((pi / 2 + 2 / pi) / (4 * pi), abs=1e-15)
    assert float(found[1]) == pytest.approx((2 / pi + pi / 4) / (4 * pi), abs=1e-15)
    for k in (3, 5, 7):
        assert float(found[k]) == pytest.approx(1 / (2 * pi**2 * k**2), abs=1e-15)
        assert float(without[k]) == 0
    for k in (2, 4, 6):
        assert float(found[k]) == pytest.approx((k**2 + 1) / (2 * pi**2 * (k**2 - 1) ** 2), abs=1e-15)
        assert float(without[k]) == float(found[k])  # even frequencies do without a bias


@pytest.mark.parametrize("bias", [True, False])
def test_eigenvalues_on_the_circle_are_the_closed_forms(bias):
    found = eigenvalues(lambda t: two_layer_kernel(t, bias), 60)
    torch.testing.assert_close(found, coefficients(60, bias), rtol=0, atol=1e-14)


@pytest.mark.parametrize("dimension", [2, 3, 5, 8])
def test_eigenvalues_add_up_to_the_kernel_at_one_point(dimension):
    degrees = 400
    found = eigenvalues(two_layer_kernel, degrees, dimension)
    counts = torch.tensor([float(multiplicity(k, dimension)) for k in range(degrees + 1)], dtype=torch.float64)
    rest = 1.0 / degrees  # counts * eigenvalues fall like 1 / k^2
    assert float((found * counts).sum()) == pytest.approx(0.5, abs=rest)
    angle = torch.tensor([2.0], dtype=torch.float64)
    whole = (counts * found) @ polynomials(torch.cos(angle), degrees, dimension)
    assert float(whole) == pytest.approx(float(two_layer_kernel(angle)), abs=1e-3)


@pytest.mark.parametrize("dimension", [2, 3, 4, 6])
def test_eigenvalues_fall_like_the_power_of_the_dimension(dimension):
    degrees = torch.tensor([200, 201, 400, 401])
    ratio = eigenvalues(two_layer_kernel, 401, dimension)[degrees] / decay(degrees, dimension)
    assert ratio.numpy() == pytest.approx(1, abs=3 * dimension / 200)
    assert bool(((ratio[2:] - 1).abs() <= (ratio[:2] - 1).abs() + 1e-8).all())
    shift = (degrees / (degrees + (dimension - 2) / 2)) ** dimension  # the natural middle of degrees
    assert (ratio / shift).numpy() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("dimension", [2, 3, 5])
def test_odd_degrees_from_three_on_vanish_without_a_bias(dimension):
    found = eigenvalues(lambda t: two_layer_kernel(t, False), 31, dimension)
    assert float(found[3::2].abs().max()) < 1e-14
    assert float(found[2::2].min()) > 0
    assert float(found[1]) > 0


def test_the_eigenvalue_of_space_is_that_of_an_integral_over_the_sphere():
    drawn = torch.randn(400_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cosines = (drawn / drawn.norm(dim=1, keepdim=True))[:, 0]
    legendre = (5 * cosines**3 - 3 * cosines) / 2
    sampled = two_layer_kernel(torch.arccos(cosines)) * legendre
    error = float(sampled.std()) / 400_000**0.5
    assert abs(float(sampled.mean()) - float(eigenvalues(two_layer_kernel, 3, 3)[3])) < 4 * error


def test_harmonics_are_counted():
    assert [multiplicity(k, 2) for k in range(4)] == [1, 2, 2, 2]
    assert [multiplicity(k, 3) for k in range(4)] == [1, 3, 5, 7]
    assert [multiplicity(k, 4) for k in range(4)] == [1, 4, 9, 16]


class TwoLayers(nn.Module):
    """Basri's network, with (x, 1) divided by the square root of 2: first layer alone learns."""

    def __init__(self, neurons, bias):
        super().__init__()
        chance = torch.Generator().manual_seed(1)
        self.hidden = nn.Linear(2, neurons, bias=bias)
        self.hidden.weight.data = torch.randn(neurons, 2, generator=chance)
        if bias:
            self.hidden.bias.data.zero_()

    def forward(self, points):
        return torch.relu(self.hidden(points)).sum(1, keepdim=True) / (2 * self.hidden.out_features) ** 0.5


@pytest.mark.parametrize("bias", [True, False])
def test_a_wide_network_has_the_two_layer_kernel(bias):
    angles = torch.linspace(0, pi, 9, dtype=torch.float64)
    points = torch.stack([angles.cos(), angles.sin()], 1)
    found = tangent_kernel(TwoLayers(20_000, bias), points)[0]
    assert found.numpy() == pytest.approx(two_layer_kernel(angles, bias).numpy(), abs=0.01)


class Deep(nn.Module):
    """Weights N(0, 1), and what divides them in front."""

    def __init__(self, width, hidden):
        super().__init__()
        chance = torch.Generator().manual_seed(2)
        sizes = [2, *([width] * hidden), 1]
        drawn = [torch.randn(b, a, generator=chance) for a, b in pairwise(sizes)]
        self.weights = nn.ParameterList([nn.Parameter(one) for one in drawn])

    def forward(self, points):
        held = points @ self.weights[0].T
        for one in list(self.weights)[1:]:
            held = (2 / one.shape[1]) ** 0.5 * torch.relu(held) @ one.T
        return held


@pytest.mark.parametrize(("hidden", "width", "near"), [(1, 20_000, 0.05), (3, 500, 0.35)])
def test_a_wide_network_of_many_layers_has_the_deep_kernel(hidden, width, near):
    angles = torch.linspace(0, pi, 7, dtype=torch.float64)
    points = torch.stack([angles.cos(), angles.sin()], 1)
    found = tangent_kernel(Deep(width, hidden), points)[0]
    assert found.numpy() == pytest.approx(deep_kernel(angles, hidden).numpy(), abs=near)


def test_the_deep_kernel_keeps_its_kink_near_zero():
    angles = torch.tensor([0.0, 1e-9, 1e-6, 1e-3], dtype=torch.float64)
    found = deep_kernel(angles, 4)
    assert float(found[0]) == 5
    slopes = (found[1:] - found[0]) / angles[1:]
    assert slopes.numpy() == pytest.approx(-(1 + 2 + 3 + 4) / pi, rel=3e-3)
    with pytest.raises(ValueError, match="one hidden layer"):
        deep_kernel(angles, 0)


def test_spheres_of_one_dimension_are_refused():
    with pytest.raises(ValueError, match="at least 2"):
        eigenvalues(two_layer_kernel, 3, 1)
