"""Features on the circle: rates against the operator taken by quadrature, and where they turn."""

from math import exp, pi, sqrt

import pytest
import torch
from scipy.optimize import minimize_scalar

from fourierscope.theory import circle
from fourierscope.theory.circle_flows import even_places

POINTS = even_places(256)
WIDTHS = (0.1, 0.5, 1.0, 4.0)


def slope(u, width):
    """dg/du of the sum of bumps, term by term."""
    away = (u[..., None] - 2 * pi * torch.arange(-9, 10, dtype=torch.float64)) / width
    return (-2 * away / width * (-away.square()).exp()).sum(-1)


def slow_operator(width):
    """int (dg/dw)(x - w) (dg/dw)(y - w) dw / (2 pi), a matrix over x and y, by the trapezoid rule."""
    moved = slope(POINTS[:, None] - POINTS, width)
    return moved @ moved.T / len(POINTS)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("frequency", [0, 1, 3, 10, 20])
def test_rates_are_eigenvalues_and_the_printed_ones_are_pi_times_as_large(width, frequency):
    wave = torch.cos(frequency * POINTS)
    fallen = slow_operator(width) @ wave * 2 * pi / len(POINTS)
    torch.testing.assert_close(fallen, circle.flow_rate(frequency, width) * wave, rtol=0, atol=1e-12)
    printed = pi * (width * frequency) ** 2 / 2 * exp(-((width * frequency) ** 2) / 2)
    assert printed == pytest.approx(pi * float(fallen[0]), abs=1e-11)


def test_the_rate_at_one_and_one_is_that_of_the_issue():
    assert circle.flow_rate(1, 1) == pytest.approx(0.30327, abs=5e-6)
    assert circle.cosine_coefficient(1, 1) == pytest.approx(0.09653, abs=5e-6)
    assert [round(circle.flow_rate(k, 0.5), 3) for k in (1, 2, 3, 5)] == [0.11, 0.303, 0.365, 0.137]


@pytest.mark.parametrize("width", WIDTHS)
def test_kernels_are_their_integrals(width):
    values = circle.feature(POINTS[:, None] - POINTS, width)
    wanted = values @ values.T / len(POINTS)
    apart = POINTS[:, None] - POINTS
    torch.testing.assert_close(circle.kernel(apart, width), wanted, rtol=0, atol=1e-12)
    torch.testing.assert_close(circle.mixed_derivative(apart, width), slow_operator(width), rtol=0, atol=1e-11)
    assert float(circle.mixed_derivative(POINTS, width).mean()) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_series_of_cosines_adds_up_to_the_mixed_derivative(width):
    terms = [circle.cosine_coefficient(k, width) * torch.cos(k * POINTS) for k in range(1, 120)]
    torch.testing.assert_close(torch.stack(terms).sum(0), circle.mixed_derivative(POINTS, width), rtol=0, atol=1e-11)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_turning_point_is_the_maximum_and_lies_below_the_printed_bound(width):
    found = minimize_scalar(lambda k: -circle.flow_rate(k, width), bounds=(0, 5 / width), method="bounded")
    assert found.x == pytest.approx(circle.turning_point(width), rel=1e-4)
    assert circle.turning_point(width) == pytest.approx(sqrt(2) / width)
    turn = circle.turning_point(width)
    assert circle.flow_rate(0.8 * turn, width) < circle.flow_rate(0.9 * turn, width) < circle.flow_rate(turn, width)
    assert circle.flow_rate(1.7 / width, width) > circle.flow_rate(1.9 / width, width)  # falling below 2 / width


def test_any_feature_has_its_rates_by_its_transform_and_no_shift_changes_them():
    values = torch.randn(64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    known = torch.fft.rfft(values, norm="forward")[:9]
    u = even_places(64)

    def written(at, change):
        waves = [(1j * k if change else 1) * known[k] * torch.exp(1j * k * at) for k in range(1, 9)]
        return 2 * torch.stack(waves).sum(0).real + (0 if change else known[0].real)

    moved = written(u[:, None] - u, True)
    operator = moved @ moved.T / 64
    rates = circle.flow_rates(2 * pi * known)
    for k in range(9):
        wave = torch.cos(k * u)
        torch.testing.assert_close(operator @ wave * 2 * pi / 64, rates[k] * wave, rtol=0, atol=1e-12)
    shifted = known * torch.exp(-0.7j * torch.arange(9, dtype=torch.float64))
    torch.testing.assert_close(circle.flow_rates(2 * pi * shifted), rates)


def test_gaussian_transforms_are_those_of_the_feature_and_vanish_above_the_last_frequency():
    found = torch.fft.rfft(circle.feature(POINTS, 0.5), norm="forward").real * 2 * pi
    torch.testing.assert_close(found, circle.gaussian_transform(0.5, 128), rtol=0, atol=1e-12)
    last = circle.last_frequency(0.5)
    assert circle.flow_rate(last, 0.5) < 1e-10
    assert circle.flow_rate(last - 2, 0.5) > 1e-10


def test_the_linear_law_is_an_exponential_for_each_rate():
    found = circle.linear_law(torch.tensor([0.5, 0.1]), (0, 2))
    torch.testing.assert_close(found, torch.tensor([[1.0, 1.0], [0.367879, 0.818731]]).double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("ask", [circle.turning_point, circle.last_frequency, lambda width: circle.flow_rate(1, width)])
@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_widths_above_zero_alone_are_taken(ask, width):
    with pytest.raises(ValueError, match="above 0"):
        ask(width)
