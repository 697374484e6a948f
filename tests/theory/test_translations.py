"""Averaging over translations: the formula against the mean taken as it stands."""

from math import pi, sin

import pytest
import torch

from fourierscope.theory.harmonics import angles, energies
from fourierscope.theory.translations import (
    averaged,
    mean_over_translations,
    one_layer_loss,
    translated_signal,
    translation_gain,
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def loss_of(n, activation):
    """The loss of a layer of five units, by the angle of the translation of one signal."""
    signal, weights = normal(n), normal(5, n, seed=1) / 4
    return lambda by: one_layer_loss(translated_signal(signal, by), weights, activation)


@pytest.mark.parametrize("n", [8, 9])
@pytest.mark.parametrize("reach", [0.1, 1.0, 2.5, pi])
@pytest.mark.parametrize(("activation", "points", "error"), [("tanh", 128, 1e-6), ("relu", 1024, 1e-4)])
def test_the_formula_is_the_mean_over_translated_inputs(n, reach, activation, points, error):
    response, at = loss_of(n, activation), angles(points)
    measured = mean_over_translations(response, at[:: points // 8], reach)
    formula = averaged(response(at), reach)[:: points // 8]
    assert float(response(at).std()) > 0.1
    assert float((formula - measured).abs().max()) < error


def test_the_spectrum_is_multiplied_by_a_sinc():
    values = loss_of(9, "relu")(angles(64))
    ratio = energies(averaged(values, 0.7))[1:] / energies(values)[1:]
    expected = [(sin(0.7 * h) / (0.7 * h)) ** 2 for h in range(1, 33)]
    assert ratio[:-1].tolist() == pytest.approx(expected[:-1], rel=1e-6)
    gain = translation_gain(4, pi / 2)
    assert gain.tolist() == pytest.approx([1, 2 / pi, 0, -2 / (3 * pi), 0], abs=1e-15)


def test_of_all_translations_the_constant_alone_remains():
    assert translation_gain(5, pi).tolist() == [1, 0, 0, 0, 0, 0]
    values = loss_of(8, "relu")(angles(64))
    whole = averaged(values, pi)
    torch.testing.assert_close(whole, values.mean().expand(64))
    measured = mean_over_translations(loss_of(8, "tanh"), angles(6), pi)
    assert float(measured.std()) < 1e-12


@pytest.mark.parametrize("n", [7, 8])
def test_signals_are_translated_by_pixels_and_between_them(n):
    signal = normal(n)
    for pixels in (0, 1, 3, -2):
        moved = translated_signal(signal, torch.tensor(2 * pi * pixels / n, dtype=torch.float64))
        torch.testing.assert_close(moved, signal.roll(pixels))
    wave = (2 * angles(n) - 0.3).cos()
    moved = translated_signal(wave, torch.tensor([0.5, 1.7], dtype=torch.float64))
    torch.testing.assert_close(moved, torch.stack([(2 * (angles(n) - by) - 0.3).cos() for by in (0.5, 1.7)]))


def test_the_loss_is_that_of_a_slow_sum():
    signal, weights = normal(3, 6), normal(4, 6, seed=1)
    found = one_layer_loss(signal, weights, "relu")
    for one, value in zip(signal, found, strict=True):
        logit = sum(max(0.0, sum(float(a * b) for a, b in zip(one, row, strict=True))) for row in weights)
        assert float(value) == pytest.approx(float(torch.tensor(-logit).exp().log1p()), rel=1e-6)


@pytest.mark.parametrize("reach", [0.0, -1.0, 3.2, float("nan")])
def test_a_reach_is_an_angle_up_to_all_translations(reach):
    for ask in (
        lambda: translation_gain(3, reach),
        lambda: averaged(torch.zeros(8), reach),
        lambda: mean_over_translations(torch.cos, angles(4), reach),
    ):
        with pytest.raises(ValueError, match="reach is an angle above 0"):
            ask()
