"""Flows of a density on the circle: two solvers and the linear law against each other, and what a solver must keep."""

from itertools import pairwise
from math import pi

import pytest
import torch

from fourierscope.theory import circle
from fourierscope.theory.circle_flows import (
    _looked_at,
    _stepped,
    cosine_moments,
    even_places,
    particle_flow,
    place_moments,
    spectral_flow,
)

TIMES = (0.0, 10.0, 100.0, 1000.0)
CASES = [(1.0, (1, 3, 4)), (0.1, (1, 3, 10)), (0.5, (1, 2, 3, 5))]


def problem(width, frequencies, count, amplitude=0.3):
    rates = circle.flow_rates(circle.gaussian_transform(width, count))
    return rates, cosine_moments(frequencies, [amplitude] * len(frequencies), count)


def by_grid(width, frequencies, points=256, amplitude=0.3, times=TIMES, step=0.5):
    return spectral_flow(*problem(width, frequencies, (points - 1) // 3, amplitude), times, points, step)


def by_particles(width, frequencies, amplitude=0.3, times=TIMES, step=0.5, places=None):
    count = max(circle.last_frequency(width), *frequencies)
    rates, target = problem(width, frequencies, count, amplitude)
    return place_moments(
        particle_flow(rates, target, even_places(256) if places is None else places, times, step), count
    )


def errors(moments, frequencies, amplitude=0.3):
    return (moments[:, list(frequencies)] - amplitude / 2).abs() / (amplitude / 2)


@pytest.mark.parametrize(("width", "frequencies"), CASES)
def test_particles_follow_the_linear_law_and_the_grid_follows_particles(width, frequencies):
    grid, particles = by_grid(width, frequencies, 128), by_particles(width, frequencies)
    law = circle.linear_law(torch.tensor([circle.flow_rate(k, width) for k in frequencies]), TIMES)
    found = errors(particles, frequencies)
    assert float((found - law).abs().max()) <= 0.25
    assert torch.equal(found[1].argsort(), law[1].argsort())
    apart = particles[:, list(frequencies)] - grid.moments[:, list(frequencies)]
    assert float(apart.abs().max()) / 0.15 < 2e-3
    assert float(grid.mass_error.max()) < 1e-10
    assert float(grid.least.min()) > 0


def test_the_numbers_are_those_of_an_independent_computation():
    """Printed to three figures, with 1,024 particles."""
    wanted = torch.tensor([[0.051, 0.624, 0.858], [2e-4, 0.005, 0.561], [0, 4e-4, 0.057]]).double()
    torch.testing.assert_close(errors(by_particles(1.0, (1, 3, 4)), (1, 3, 4))[1:], wanted, rtol=0, atol=6e-4)
    wanted = torch.tensor([[0.952, 0.656, 0.057], [0.630, 0.026, 4e-4], [0.010, 3e-4, 0]]).double()
    torch.testing.assert_close(errors(by_particles(0.1, (1, 3, 10)), (1, 3, 10))[1:], wanted, rtol=0, atol=6e-4)


def test_wide_features_learn_low_frequencies_first_and_narrow_ones_high_frequencies():
    early = [errors(by_grid(width, one, 128, times=(10.0,)).moments, one)[0] for width, one in CASES]
    assert [one.argsort().tolist() for one in early] == [[0, 1, 2], [2, 1, 0], [2, 1, 3, 0]]


@pytest.mark.parametrize("width", [0.5, 1.0])
def test_small_targets_follow_the_linear_law_exactly(width):
    law = circle.linear_law(torch.tensor([circle.flow_rate(k, width) for k in (1, 3)]), (1.0, 5.0))
    for moments in (
        by_grid(width, (1, 3), amplitude=1e-5, times=(1.0, 5.0), step=0.1).moments,
        by_particles(width, (1, 3), amplitude=1e-5, times=(1.0, 5.0), step=0.02),
    ):
        torch.testing.assert_close(errors(moments, (1, 3), 1e-5), law, rtol=0, atol=3e-5)


def test_particles_move_down_the_gradient_of_the_loss_taken_by_quadrature():
    width, frequencies, x = 0.7, (1, 2), even_places(400)
    places = torch.tensor([0.3, 1.9, 4.4, 5.0], dtype=torch.float64, requires_grad=True)
    target = 1 + 0.3 * sum(torch.cos(k * x) for k in frequencies)  # times 1 / (2 pi)
    wanted = circle.feature(x[:, None] - x, width) @ target / len(x)
    loss = (circle.feature(x[:, None] - places, width).mean(1) - wanted).square().mean() * pi
    (gradient,) = torch.autograd.grad(loss, places)
    count = circle.last_frequency(width)
    rates, moments = problem(width, frequencies, count)
    (moved,) = particle_flow(rates, moments, places.detach(), (1e-6,))
    torch.testing.assert_close((moved - places.detach()) / 1e-6, -4 * gradient, rtol=0, atol=1e-5)


def test_the_grid_solves_the_equation_as_written():
    """d rho/dt = d/dw (rho dV/dw) by finite differences of the solution and of V."""
    width, frequencies, points, later = 1.0, (1, 3), 256, 1e-3
    held = by_grid(width, frequencies, times=(5.0 - later, 5.0, 5.0 + later)).moments
    density = torch.fft.irfft(held, points, norm="forward") / (2 * pi)
    x = even_places(points)
    wanted = (1 + 0.3 * (torch.cos(x) + torch.cos(3 * x))) / (2 * pi)
    features, cell = circle.feature(x[:, None] - x, width), 2 * pi / points
    potential = features @ (features @ (density[1] - wanted)) * cell**2

    def change(values):  # centred, of sixth order
        ahead = [torch.roll(values, -one) - torch.roll(values, one) for one in (1, 2, 3)]
        return (45 * ahead[0] - 9 * ahead[1] + ahead[2]) / (60 * cell)

    torch.testing.assert_close(
        (density[2] - density[0]) / (2 * later), change(density[1] * change(potential)), rtol=0, atol=1e-6
    )


def test_particles_are_of_second_order_and_the_grid_of_fourth():
    best = by_grid(0.5, (1, 3), times=(4.0,), step=0.02).moments[0, [1, 3]]
    wrong = [
        (by_particles(0.5, (1, 3), times=(4.0,), step=one)[0, [1, 3]] - best).abs().max() for one in (0.5, 0.25, 0.125)
    ]
    assert [float(one / two) for one, two in pairwise(wrong)] == pytest.approx([4, 4], abs=0.5)
    rate = torch.tensor(-1.0).double()
    stepped = [(_stepped(lambda a: rate * a, torch.ones(1).double(), d), d) for d in (0.2, 0.1)]
    off = [float((one - (rate * d).exp()).abs()) for one, d in stepped]
    assert off[0] / off[1] == pytest.approx(32, abs=2)


def test_finer_grids_and_steps_change_nothing_that_is_told():
    given = {"width": 0.5, "frequencies": (1, 2, 3, 5), "times": (10.0, 100.0)}
    coarse, fine = by_grid(points=128, **given), by_grid(points=384, step=0.25, **given)
    torch.testing.assert_close(coarse.moments[:, :6], fine.moments[:, :6], rtol=0, atol=1e-6)
    assert float(coarse.unresolved.max()) < 1e-5
    assert float(fine.unresolved.max()) < 1e-13


def test_a_density_that_touches_zero_stays_above_it():
    held = by_grid(1.0, (1,), 128, amplitude=1.0, times=(1.0, 10.0, 100.0))
    assert 0 < float(held.least.min()) < 0.02
    assert float(held.mass_error.max()) < 1e-10


def test_where_the_density_is_lost_the_solver_stops_and_particles_go_on():
    """The sharpest density of ten waves: mass gathers at its peak, and the grid makes densities below 0 beside it."""
    frequencies, amplitudes = range(1, 11), [2 * (1 - k / 11) for k in range(1, 11)]
    rates = circle.flow_rates(circle.gaussian_transform(1.0, 42))
    target = cosine_moments(frequencies, amplitudes, 42)
    with pytest.raises(ValueError, match="only particles can follow"):
        spectral_flow(rates, target, TIMES, 128)
    last = place_moments(particle_flow(rates, target, even_places(128), (100.0,)), 42)[0]
    assert float((last[1] - target[1]).abs()) < 0.01


def test_the_loss_never_rises():
    moments = by_particles(0.5, (1, 2, 3, 5), times=tuple(map(float, range(0, 60, 3))))
    count = moments.shape[1] - 1
    _, target = problem(0.5, (1, 2, 3, 5), count)
    loss = ((moments - target).abs() * circle.gaussian_transform(0.5, count)).square().sum(1)
    assert bool((loss.diff() < 0).all())


def test_turning_the_particles_and_the_target_turns_the_flow():
    rates, target = problem(0.5, (1, 2), 20)
    turn = torch.exp(-0.9j * torch.arange(21, dtype=torch.float64))
    places = torch.rand(50, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 * pi
    first = particle_flow(rates, target, places, (7.0,))
    other = particle_flow(rates, target * turn, places + 0.9, (7.0,))
    torch.testing.assert_close(other, first + 0.9, rtol=0, atol=1e-10)


def test_moments_are_those_of_their_integral():
    places = torch.tensor([0.2, 3.0, 9.1], dtype=torch.float64)
    wanted = torch.stack([torch.exp(-1j * k * places).mean() for k in range(5)])
    torch.testing.assert_close(place_moments(places, 4), wanted)
    x = even_places(64)
    density = (1 + 0.4 * torch.cos(2 * x)) / (2 * pi)
    wanted = torch.stack([(density * torch.exp(-1j * k * x)).mean() * 2 * pi for k in range(5)])
    torch.testing.assert_close(cosine_moments((2,), (0.4,), 4), wanted)


def test_long_steps_are_shortened_where_the_flow_is_fast():
    rates, target = problem(1.0, (1, 3), 10)
    fast = particle_flow(1000 * rates, target, even_places(32), (0.01,), step=10.0)
    slow = particle_flow(rates, target, even_places(32), (10.0,), step=0.1)
    torch.testing.assert_close(fast, slow, rtol=0, atol=0.01)
    fast, slow = (spectral_flow(one * rates, target, (10 / one, 1000 / one), 31, 10.0) for one in (1000, 1))
    torch.testing.assert_close(fast.moments, slow.moments, rtol=0, atol=1e-10)


def test_fine_grids_take_steps_that_their_finest_wave_bears():
    """Without that limit rounding grows to .01 on 768 points, and the density is lost on 1,024."""
    for points in (768, 1024):
        held = by_grid(1.0, (1, 3, 4), points, times=(30.0,), step=1.0)
        assert float(held.unresolved) < 1e-12


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"times": ()}, "rise from 0"),
        ({"times": (2.0, 1.0)}, "rise from 0"),
        ({"times": (-1.0, 1.0)}, "rise from 0"),
        ({"times": (float("nan"),)}, "rise from 0"),
        ({"times": (float("inf"),)}, "rise from 0"),
        ({"step": 0.0}, "above 0"),
        ({"target": torch.ones(5)}, r"both \(k \+ 1,\)"),
    ],
)
def test_what_does_not_fit_is_told(change, says):
    rates, target = problem(1.0, (1, 3), 10)
    given = {"rates": rates, "target": target, "times": (1.0,)} | change
    with pytest.raises(ValueError, match=says):
        particle_flow(places=even_places(8), **given)
    with pytest.raises(ValueError, match=says):
        spectral_flow(points=31, **given)


def test_a_grid_of_another_size_is_told():
    with pytest.raises(ValueError, match="keeps the moments 0 to 10; rates of 12 came"):
        spectral_flow(*problem(1.0, (1,), 11), (1.0,), 31)


def test_two_frequencies_on_their_way_make_their_sum():
    """What takes k = 4 off the linear law at width 1 is 1 + 3: without the 3 it keeps to it."""
    law = float(torch.exp(torch.tensor(-100 * circle.flow_rate(4, 1.0))))
    found = [by_grid(1.0, one, 64, times=(100.0,)).moments[0, 4] for one in ((1, 3, 4), (1, 4))]
    with_both, alone = (float((one - 0.15).abs() / 0.15) for one in found)
    assert law - with_both > 0.2
    assert alone == pytest.approx(law, abs=0.005)


def test_a_density_below_zero_between_grid_points_is_found():
    """A wave whose troughs all lie between 16 points, where it is above 0."""
    moments = cosine_moments((), (), 5)
    moments[5] = 1.01 / 2 * torch.exp(torch.tensor(1j * pi / 16))
    assert float(torch.fft.irfft(moments, 16, norm="forward").min()) > 0
    with pytest.raises(ValueError, match=r"the density is -0\.00"):
        _looked_at(moments, 16, 1.0)


def test_the_least_density_is_that_of_all_steps_so_far():
    """On its way to the target the density is lower than at its end."""
    held = by_grid(1.0, (1, 3, 4), 64, times=(1.0, 50.0, 1000.0))
    at_the_end = float(torch.fft.irfft(held.moments[-1], 512, norm="forward").min()) / (2 * pi)
    assert float(held.least[-1]) < at_the_end - 0.002
    assert bool((held.least.diff() <= 0).all())
