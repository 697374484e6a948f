"""Gradients at one frequency: against automatic differentiation, numerical transforms, and a table of shares."""

from math import pi

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from fourierscope.theory.gradients import _in_ball, log_gradients, tanh_transform, wins


def drawn(count=6, neurons=3, seed=0):
    chance = torch.Generator().manual_seed(seed)
    a, w, b = torch.randn(3, count, neurons, generator=chance, dtype=torch.float64)
    return a, w.sign() * (w.abs() + 0.4), b


@pytest.mark.parametrize("frequency", [0.7, 2.0])
def test_the_transform_is_that_of_the_derivative_over_ik(frequency):
    a, w, b = drawn(1, 1)
    slope = lambda x: float(a) * float(w) / np.cosh(float(w) * x + float(b)) ** 2  # noqa: E731
    real = quad(lambda x: slope(x) * np.cos(frequency * x), -60, 60, limit=400)[0]
    imaginary = quad(lambda x: -slope(x) * np.sin(frequency * x), -60, 60, limit=400)[0]
    wanted = (real + 1j * imaginary) / (1j * frequency)
    assert abs(complex(tanh_transform(a, w, b, frequency)[0]) - wanted) < 1e-8


@pytest.mark.parametrize("frequency", [0.5, 1.0, 3.0])
def test_gradients_are_those_of_automatic_differentiation(frequency):
    held = [one.clone().requires_grad_() for one in drawn()]
    loss = (tanh_transform(*held, frequency) - (0.3 - 0.8j)).abs().square() / 2
    found = torch.autograd.grad(loss.sum(), held)
    wanted = torch.cat([one.abs() for one in found], dim=1)
    torch.testing.assert_close(log_gradients(*drawn(), frequency, 0.3 - 0.8j).exp(), wanted, rtol=1e-8, atol=1e-12)


def test_small_weights_leave_logarithms_that_a_number_could_not_hold():
    small = torch.full((1, 1), 1e-3, dtype=torch.float64)
    low, high = (log_gradients(small, small, small, one) for one in (1.0, 2.0))
    assert bool(torch.isfinite(low).all())
    assert bool(torch.isfinite(high).all())
    torch.testing.assert_close((low - high)[0, 2], torch.tensor(pi / 2e-3, dtype=torch.float64), rtol=0.01, atol=0)


def test_the_ball_is_filled_evenly():
    points = _in_ball(2.0, 3, 40000, torch.Generator().manual_seed(1))
    sizes = points.norm(dim=1)
    assert float(sizes.max()) <= 2
    assert float((sizes < 1).double().mean()) == pytest.approx(1 / 8, abs=0.01)
    assert float(points.mean(0).abs().max()) < 0.02


@pytest.mark.parametrize(
    ("radius", "neurons", "every", "norm"),
    [(2.0, 1, 0.212, 0.0216), (1.0, 1, 0.098, 0.0), (0.5, 1, 0.0032, 0.0), (1.0, 3, 0.088, 0.0)],
)
def test_shares_of_networks_in_which_low_does_not_win(radius, neurons, every, norm):
    count = 60000
    found = wins(radius, neurons, count, torch.Generator().manual_seed(2))
    for share, wanted in ((1 - found.every / count, every), (1 - found.norm / count, norm)):
        assert abs(share - wanted) < 4 * np.sqrt(max(wanted, 1e-4) / count) + 5e-4


def test_low_wins_more_often_the_smaller_the_ball():
    shares = [wins(one, 1, 20000, torch.Generator().manual_seed(3)).every for one in (2.0, 1.0, 0.5, 0.25)]
    assert shares == sorted(shares)
    for wrong in ({"frequencies": (2.0, 1.0)}, {"radius": 0.0}, {"neurons": 0}, {"drawn": 0}):
        given = {"radius": 1.0, "neurons": 1, "drawn": 10, "generator": torch.Generator()} | wrong
        with pytest.raises(ValueError, match="ascend"):
            wins(**given)
