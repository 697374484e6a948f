"""A loss by frequency: its sum, its descent against small steps, and the slopes of windows known in closed form."""

from math import pi

import pytest
import torch
from torch import nn

from fourierscope.theory import frequency_loss as loss

DOUBLE = torch.float64
ETAS = (8, 11, 16, 23, 32, 45, 64)


def grid(count):
    return -pi + 2 * pi * torch.arange(count, dtype=DOUBLE) / count


def network(activation=nn.Tanh, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(1, 20), activation(), nn.Linear(20, 10), activation(), nn.Linear(10, 1)).double()


@pytest.mark.parametrize("count", [16, 17, 50])
def test_energies_add_up_to_the_loss(count):
    errors = torch.randn(count, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)
    density = loss.hann_density(grid(count))
    assert float(density.mean()) == pytest.approx(1)
    assert len(loss.energies(errors, density)) == len(loss.frequencies(count))
    assert float(loss.energies(errors, density).sum()) == pytest.approx(float((density * errors**2).mean()))


def test_a_wave_has_its_energy_at_its_frequency():
    points = grid(64)
    found = loss.energies(torch.cos(9 * points), loss.hann_density(points))
    assert float(loss.frequencies(64)[found.argmax()]) == 9
    near = (loss.frequencies(64) - 9).abs() < 2
    assert float(found[near].sum() / found.sum()) > 0.999


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
@pytest.mark.parametrize("power", [0, 1])
def test_the_descent_is_that_of_a_small_step_and_two_spectra(activation, power):
    points = grid(65)
    values, density, model = torch.sin(points), loss.hann_density(points, power), network(activation)
    found = loss.descent(model, points, values, density)
    outputs = model(points[:, None])[:, 0]
    gradients = torch.autograd.grad((density * (outputs - values) ** 2).mean(), list(model.parameters()))
    length = sum(float((one**2).sum()) for one in gradients)
    assert float(found.sum()) == pytest.approx(-length)  # dL/dt = -|g|^2
    step = 1e-5 / length**0.5
    before = loss.energies(outputs.detach() - values, density)
    with torch.no_grad():
        for one, gradient in zip(model.parameters(), gradients, strict=True):
            one -= step * gradient
        after = loss.energies(model(points[:, None])[:, 0] - values, density)
    torch.testing.assert_close((after - before) / step, found, rtol=1e-3, atol=1e-4 * float(found.abs().max()))


def test_the_descent_leaves_the_network_as_it_was():
    model, points = network(), grid(33)
    before = [one.clone() for one in model.parameters()]
    loss.descent(model, points, torch.sin(points), loss.hann_density(points))
    assert all(one.equal(other) and one.grad is None for one, other in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_a_window_by_itself_has_its_known_slope_and_a_jump_is_refused(power):
    density = loss.hann_density(grid(512), power)
    assert loss.density_slope(density, ETAS) == pytest.approx(-(4 * power + 1), abs=0.2)
    assert loss.verdict(density, ETAS) == ("valid" if power else "invalid: non-smooth density")


def test_shares_and_slopes_are_their_formulas():
    places = loss.frequencies(64)
    changes = torch.zeros_like(places)
    changes[places == 2], changes[places == 9], changes[places == 4] = 3.0, -1.0, 2.0
    assert loss.shares_above(changes, (2, 4, 10)).tolist() == [0.25, 0.25, 0]
    assert loss.log_slope((2, 4, 16), 5 * torch.tensor([2.0, 4.0, 16.0], dtype=DOUBLE) ** -3) == pytest.approx(-3)


def test_what_does_not_fit_is_told():
    for wrong in ((0,), (17,), (-4, 8)):
        with pytest.raises(ValueError, match="up to a quarter of the 64 points, 16"):
            loss.shares_above(torch.ones(129, dtype=DOUBLE), wrong)
    with pytest.raises(ValueError, match="from 0 on"):
        loss.hann_density(grid(8), -1)


def test_tanh_falls_faster_than_relu_behind_a_window_and_not_without():
    points = grid(256)
    values, slopes = sum(torch.sin(k * points) for k in (1, 3, 5)), {}
    for power in (0, 1):
        density = loss.hann_density(points, power)
        for activation in (nn.Tanh, nn.ReLU):
            found = [
                loss.log_slope(
                    ETAS, loss.shares_above(loss.descent(network(activation, seed), points, values, density), ETAS)
                )
                for seed in range(6)
            ]
            slopes[power, activation] = sum(found) / len(found)
    assert slopes[1, nn.Tanh] < -5 < slopes[1, nn.ReLU] < -2
    assert abs(slopes[0, nn.Tanh] - slopes[0, nn.ReLU]) < 1
