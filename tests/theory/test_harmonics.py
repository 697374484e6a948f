"""Harmonics of activation functions: laws, closed forms, and the Fourier integral taken slowly."""

from cmath import exp
from math import cos, pi, sqrt

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from fourierscope.theory.harmonics import (
    ACTIVATIONS,
    activation_harmonics,
    activation_named,
    activation_tones,
    angles,
    energies,
    relu_harmonics,
    spectral_centroid,
    tone_energies,
    total_distortion,
)

ALIASED = 2e-9


def test_functions_are_those_of_their_formulas():
    x = torch.linspace(-4, 4, 33, dtype=torch.float64)
    expected = {
        "relu": x.clamp(min=0),
        "softplus": (1 + x.exp()).log(),
        "gelu": x * (1 + torch.erf(x / sqrt(2))) / 2,
        "swish": x / (1 + (-x).exp()),
        "mish": x * (1 + x.exp()).log().tanh(),
        "tanh": 1 - 2 / (1 + (2 * x).exp()),
        "hardtanh": x.clamp(-1, 1),
    }
    assert list(expected) == list(ACTIVATIONS)
    for name, values in expected.items():
        torch.testing.assert_close(activation_named(name)(x), values)


def test_relu_has_its_closed_coefficients_and_its_total_distortion():
    found = activation_harmonics("relu", count=500)
    assert found[:5].tolist() == pytest.approx([1 / pi, 0.5, 2 / (3 * pi), 0, -2 / (15 * pi)], abs=ALIASED)
    assert float((found - relu_harmonics(500)).abs().max()) < ALIASED
    for given in (found, relu_harmonics(500), activation_harmonics("relu")):
        assert float(total_distortion(given)) == pytest.approx(0.43524, abs=1e-5)
    assert float(total_distortion(relu_harmonics(5000))) == pytest.approx(sqrt(1 - 8 / pi**2), abs=1e-10)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("amplitude", "bias"), [(1.0, 0.0), (3.0, -0.7)])
def test_coefficients_are_those_of_the_fourier_integral(name, amplitude, bias):
    function = activation_named(name)

    def response(t):
        return float(function(torch.tensor(bias + amplitude * cos(t), dtype=torch.float64)))

    kinks = sorted(float(np.arccos((kink - bias) / amplitude)) for kink in (-1, 0, 1) if abs(kink - bias) < amplitude)
    found = activation_harmonics(name, amplitude, bias, count=7)
    for h in (0, 1, 2, 3, 6):
        integral = quad(lambda t, h=h: response(t) * cos(h * t), 0, pi, points=kinks, limit=100)[0] * 2 / pi
        assert float(found[h]) == pytest.approx(integral / (2 if h == 0 else 1), abs=1e-8)


@pytest.mark.parametrize("name", ["tanh", "hardtanh"])
def test_odd_functions_have_no_even_harmonics(name):
    found = activation_harmonics(name, 2.5)
    assert float(found[::2].abs().max()) < 1e-14
    assert float(total_distortion(found)) > 0.1
    assert float(activation_harmonics(name, 2.5, bias=0.5)[2].abs()) > 0.01  # no longer odd about its middle


def test_within_its_linear_part_nothing_is_distorted():
    for name, bias in (("hardtanh", 0.0), ("relu", 2.0)):
        found = activation_harmonics(name, 0.9, bias)
        assert float(total_distortion(found)) < 1e-14
        assert found[:2].tolist() == pytest.approx([bias, 0.9])
        assert float(spectral_centroid(found)) == pytest.approx(1)


def test_relu_bends_all_amplitudes_alike_and_smooth_functions_small_ones_less():
    def distortion(name, amplitude):
        return float(total_distortion(activation_harmonics(name, amplitude)))

    assert distortion("relu", 0.1) == pytest.approx(distortion("relu", 10.0), abs=1e-7)
    for name in ("softplus", "gelu", "swish", "mish", "tanh"):
        assert distortion(name, 0.1) < 0.5 * distortion(name, 1.0)


def test_distortion_and_centroid_are_read_from_the_first_harmonic_on():
    coefficients = torch.tensor([[7.0, -2.0, 0.0, 3.0, 4.0], [0.0, 2.0, 0.0, 0.0, 0.0]])
    assert total_distortion(coefficients).tolist() == [2.5, 0]
    assert spectral_centroid(coefficients).tolist() == pytest.approx([(4 + 27 + 64) / 29, 1])
    assert float(total_distortion(torch.tensor([1.0, 0.0, 0.5]))) == float("inf")
    assert bool(spectral_centroid(torch.tensor([1.0, 0.0, 0.0])).isnan())


@pytest.mark.parametrize("points", [8, 9, 64])
def test_energies_add_up_and_are_those_of_the_sums_written_out(points):
    values = torch.randn(3, points, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = energies(values)
    assert found.shape == (3, points // 2 + 1)
    torch.testing.assert_close(found.sum(-1), values.square().mean(-1))
    for h in range(points // 2 + 1):
        bin_ = sum(values[:, i] * exp(-2j * pi * h * i / points) for i in range(points)) / points
        alone = h == 0 or 2 * h == points
        torch.testing.assert_close(found[:, h], bin_.abs().square() * (1 if alone else 2))


def test_a_wave_of_any_phase_has_the_energy_of_its_own_harmonic_alone():
    found = energies(3 + 2 * (3 * angles(16) - 0.4).cos())
    assert found.tolist() == pytest.approx([9, 0, 0, 2, 0, 0, 0, 0, 0], abs=1e-12)


def test_a_large_constant_does_not_round_the_waves_away():
    start = torch.rand(200, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    values = (1e4 * (1 + start) + (angles(64) - 6 * start).cos()).float()
    found, exact = (total_distortion(energies(one).double().mean(0).sqrt()) for one in (values, values.double()))
    assert float(found) == pytest.approx(float(exact), rel=0.05)
    tones = [tone_energies(one.unflatten(-1, (8, 8))).sum.double().mean() for one in (values, values.double())]
    assert float(tones[0]) == pytest.approx(float(tones[1]), rel=0.05)


@pytest.mark.parametrize("points", [5, 12])
def test_a_square_of_two_tones_has_sum_difference_and_doubles_alone(points):
    s, t = torch.meshgrid(angles(points), angles(points), indexing="ij")
    linear = tone_energies(3 * (s - 0.3).cos() + 2 * (t - 1.1).cos())
    assert [float(one) for one in linear] == pytest.approx([4.5 + 2, 0, 0, 0], abs=1e-12)
    square = tone_energies((3 * (s - 0.3).cos() + 2 * (t - 1.1).cos()).square())
    assert [float(one) for one in square] == pytest.approx([0, 18, 18, 4.5**2 / 2 + 2], abs=1e-12)


def test_sum_and_difference_are_not_mistaken_for_each_other():
    s, t = torch.meshgrid(angles(12), angles(12), indexing="ij")
    assert [float(one) for one in tone_energies((s + t).cos())] == pytest.approx([0, 0.5, 0, 0], abs=1e-12)
    assert [float(one) for one in tone_energies((s - t).cos())] == pytest.approx([0, 0, 0.5, 0], abs=1e-12)


def test_two_tones_through_relu_have_their_closed_energies():
    # relu(2 cos p cos q) = relu(2 cos p) relu(cos q) + relu(-2 cos p) relu(-cos q) with p, q = (s +- t) / 2
    c = relu_harmonics(2)
    found = activation_tones("relu")
    expected = [0.25, (4 * c[2] * c[0]) ** 2 / 2, (4 * c[2] * c[0]) ** 2 / 2, (2 * c[2] ** 2) ** 2]
    assert [float(one) for one in found] == pytest.approx([float(one) for one in expected], abs=2e-6)
    assert float(found.sum) == pytest.approx((8 / (3 * pi**2)) ** 2 / 2, abs=2e-6)
    assert [float(one) for one in activation_tones("relu", 3.0)] == pytest.approx([9 * float(one) for one in found])


def test_odd_functions_make_no_tones_of_even_order():
    found = activation_tones("tanh", 2.0)
    assert max(float(one) for one in found[1:]) < 1e-25 < float(found.fundamental)


def test_what_cannot_be_asked_is_told():
    with pytest.raises(ValueError, match=r"relu, softplus, .*'sine' came"):
        activation_harmonics("sine")
    for options in ({"amplitude": 0.0}, {"amplitude": float("inf")}, {"bias": float("nan")}):
        with pytest.raises(ValueError, match="amplitude is a finite number above 0"):
            activation_harmonics("relu", **options)
        with pytest.raises(ValueError, match="amplitude is a finite number above 0"):
            activation_tones("relu", **options)
    for count in (0, 16385):
        with pytest.raises(ValueError, match=f"1 to 16384; {count} came"):
            activation_harmonics("relu", count=count)
    for shape in ((4, 4), (8, 9)):
        with pytest.raises(ValueError, match="five points or more"):
            tone_energies(torch.zeros(shape))
