"""The linear frequency principle solved: known splines, printed numbers, transforms, the whole way, and doors."""

from functools import partial
from itertools import pairwise
from math import pi, sqrt

import numpy as np
import pytest
import torch
from scipy.integrate import quad, solve_ivp
from scipy.interpolate import CubicSpline
from scipy.special import j0

from fourierscope.theory import lfp
from fourierscope.theory.lfp.splines import _through

DOUBLE = torch.float64
POINTS = torch.tensor([-0.8, -0.6, -0.3, -0.06, 0.1], dtype=DOUBLE)  # of Zhang et al. (2019), their first figure
VALUES = torch.tensor([0.25, -0.25, -0.07, 0.15, -0.05], dtype=DOUBLE)
INSIDE = torch.linspace(-0.8, 0.1, 800, dtype=DOUBLE)
CUBIC, LINEAR = (27 / 4, 0.1**2 / 3 * 1.5), (0.2**3 / 4, 0.1 / 3)  # w, a even on +-3, +-.1; on +-.2, +-1


def drawn(count, dimension, outputs=None, seed=0):
    chance = torch.Generator().manual_seed(seed)
    shape = (count,) if outputs is None else (count, outputs)
    points = torch.randn(count, dimension, generator=chance, dtype=DOUBLE)
    return points, torch.randn(*shape, generator=chance, dtype=DOUBLE)


def rms(values):
    return float(values.square().mean().sqrt())


def along(function, points):
    return torch.from_numpy(np.asarray(function(points.numpy())))


@pytest.mark.parametrize("count", [3, 5, 60, 2000])
def test_without_the_linear_part_it_is_the_natural_cubic_spline(count):
    points = drawn(count, 1)[0][:, 0].sort().values + 0.01 * torch.arange(count)  # some way from each other
    values = torch.cos(3 * points)
    wanted = CubicSpline(points, values, bc_type="natural")
    found, places = lfp.solve(points, values, 2.0, 0.0), torch.linspace(float(points[0]), float(points[-1]), 999)
    torch.testing.assert_close(found(places), along(wanted, places), rtol=0, atol=1e-8)
    outside = points[-1] + torch.tensor([0.0, 1.0, 2.0], dtype=DOUBLE)
    torch.testing.assert_close(found(outside), values[-1] + (outside - outside[0]) * float(wanted(points[-1], 1)))


@pytest.mark.parametrize("count", [2, 5, 60, 2000])
def test_without_the_cubic_part_it_is_piecewise_linear(count):
    points, values = drawn(count, 1)
    order = points[:, 0].argsort()
    places = torch.linspace(float(points.min()), float(points.max()), 999, dtype=DOUBLE)
    wanted = np.interp(places, points[order, 0], values[order])
    torch.testing.assert_close(lfp.solve(points, values, 0.0, 0.3)(places), torch.from_numpy(wanted), rtol=0, atol=1e-8)


def test_the_published_examples_lie_as_far_from_splines_as_they_should():
    cubic = lfp.solve(POINTS, VALUES, *CUBIC)(INSIDE)
    assert rms(cubic - along(CubicSpline(POINTS, VALUES, bc_type="natural"), INSIDE)) == pytest.approx(2.2e-3, rel=0.03)
    assert rms(cubic - along(CubicSpline(POINTS, VALUES), INSIDE)) == pytest.approx(2.1e-2, rel=0.01)
    linear = lfp.solve(POINTS, VALUES, *LINEAR)(INSIDE)
    assert rms(linear - torch.from_numpy(np.interp(INSIDE, POINTS, VALUES))) == pytest.approx(8.7e-5, rel=0.02)


def test_a_periodic_box_comes_to_the_same_as_it_grows():
    places = torch.linspace(-0.8, 0.1, 90, dtype=DOUBLE)
    wanted, apart = lfp.solve(POINTS, VALUES, *CUBIC)(places), []
    for length in (3.18, 4 * 3.18, 16 * 3.18):  # the first that of the published code, which stays there
        frequencies = torch.arange(1, 8000, dtype=DOUBLE) / length
        rates = 2 * lfp.rate(frequencies, *CUBIC)
        constant = lfp.rate(frequencies[:1] / 10, *CUBIC)  # their weight for what is constant

        def kernel(x, frequencies=frequencies, rates=rates, constant=constant):
            return torch.cos(2 * pi * (x[:, None] - POINTS)[..., None] * frequencies) @ rates + constant

        apart.append(rms(kernel(places) @ torch.linalg.solve(kernel(POINTS), VALUES) - wanted))
    assert apart == pytest.approx([5.5e-3, 1.15e-3, 2.8e-4], rel=0.1)


@pytest.mark.parametrize("dimension", [1, 2, 3, 10])
@pytest.mark.parametrize("moments", [(1.0, 0.0), (0.0, 1.0), (2.0, 0.3)])
def test_it_goes_through_the_data(dimension, moments):
    points, values = drawn(40, dimension, 2)
    found = lfp.solve(points, values, *moments)(points)
    assert found.shape == (40, 2)
    torch.testing.assert_close(found, values, rtol=0, atol=1e-10)
    torch.testing.assert_close(lfp.solve(points, values[:, 1], *moments)(points), values[:, 1], rtol=0, atol=1e-10)


def test_on_a_line_three_diagonals_and_kernels_give_one_function():
    points, values = drawn(12, 1, 2)
    places = torch.linspace(-4, 4, 60, dtype=DOUBLE)
    for moments in ((1.0, 1.0), (3.0, 0.01), (0.0, 1.0)):
        kernel = partial(lfp.relu_kernel, cubic=moments[0], linear=moments[1])
        wanted, found = _through(points, values, kernel, False), lfp.solve(points, values, *moments)
        torch.testing.assert_close(found(places), wanted(places), rtol=1e-7, atol=1e-7)
        torch.testing.assert_close(found.norm(), wanted.norm())


def test_a_linear_function_comes_out_as_it_is():
    points, _ = drawn(9, 3)
    plane = lambda x: 2 - x @ torch.tensor([1.0, 2.0, -0.5], dtype=DOUBLE)  # noqa: E731
    found = lfp.solve(points + 1e6, plane(points), 1.0, 1.0)
    torch.testing.assert_close(found(points * 7 + 1e6), plane(points * 7), rtol=1e-8, atol=1e-8)
    assert float(found.norm()) < 1e-6
    exactly = lfp.solve(points[:4], plane(points[:4]), 1.0, 1.0)  # as many points as a linear function has numbers
    torch.testing.assert_close(exactly(points), plane(points), rtol=1e-9, atol=1e-9)


def test_turning_moving_and_stretching_the_points_does_the_same_to_the_function():
    points, values = drawn(15, 3)
    places, _ = drawn(20, 3, seed=1)
    turn = torch.linalg.qr(drawn(3, 3, seed=2)[0]).Q
    plain = lfp.solve(points, values, 2.0, 0.7)(places)
    torch.testing.assert_close(lfp.solve(points @ turn + 5, values, 2.0, 0.7)(places @ turn + 5), plain)
    torch.testing.assert_close(lfp.solve(3 * points, values, 2.0, 0.7 * 9)(3 * places), plain)


def test_exclusive_or_is_met_at_the_corners_and_0_between():
    corners = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    found = lfp.solve(corners, corners.prod(1), 1.9, 0.04)
    between = found(torch.tensor([[0.0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]))
    torch.testing.assert_close(found(corners), corners.prod(1).double())
    torch.testing.assert_close(between, torch.zeros(5, dtype=DOUBLE), rtol=0, atol=1e-12)


def test_a_natural_spline_has_the_norm_of_its_bending():
    cubic = 3.0
    spline = CubicSpline(POINTS, VALUES, bc_type="natural")
    bending = sum(quad(lambda x: spline(x, 2) ** 2, low, high)[0] for low, high in pairwise(POINTS.tolist()))
    assert float(lfp.solve(POINTS, VALUES, cubic, 0.0).norm()) == pytest.approx(sqrt(bending / cubic), rel=1e-9)


def shells(weights, distances, dimension):
    """The energy of point masses at frequencies of one size, all directions together, as a function of that size."""

    def energy(size):
        z = 2 * pi * size * distances.numpy()
        mean = {1: np.cos(z), 2: j0(z), 3: np.sinc(z / pi)}[dimension]
        area = {1: 2.0, 2: 2 * pi * size, 3: 4 * pi * size**2}[dimension]
        return area * float(weights.numpy() @ mean @ weights.numpy())

    return energy


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize(("cubic", "linear"), [(2.0, 0.0), (0.5, 0.3)])
def test_the_kernel_has_the_rate_as_its_transform(dimension, cubic, linear):
    points, weights = drawn(6, dimension)
    linear_part = torch.linalg.qr(torch.cat([torch.ones(6, 1, dtype=DOUBLE), points], 1)).Q
    weights = weights - linear_part @ (linear_part.T @ weights)
    distances = torch.cdist(points, points)
    found = float(weights @ lfp.relu_kernel(distances, cubic, linear, dimension) @ weights)
    energy = shells(weights, distances, dimension)
    rate = lambda size: float(lfp.rate(torch.tensor(size), cubic, linear, dimension))  # noqa: E731
    wanted = quad(lambda size: energy(size) * rate(size), 1e-3, 40, limit=2000)[0]
    assert found == pytest.approx(wanted + 1e-3 * energy(1e-3) * rate(1e-3), rel=0.01)  # flat below, little above


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_kernel_of_tanh_has_its_rate_as_its_transform(dimension):
    points, weights = drawn(5, dimension)
    weights = weights - weights.mean()
    distances, neurons = torch.cdist(points, points), (torch.tensor([1.0, 2.5]), torch.tensor([0.5, 1.0]))
    found = float(weights @ lfp.tanh_kernel(distances, *neurons, dimension) @ weights)
    energy = shells(weights, distances, dimension)
    rate = lambda size: float(lfp.tanh_rate(torch.tensor(size), *neurons, dimension))  # noqa: E731
    wanted = quad(lambda size: energy(size) * rate(size), 1e-3, 4, limit=500)[0]
    assert found == pytest.approx(wanted + 1e-3 * energy(1e-3) * rate(1e-3), rel=1e-3)


def test_the_kernel_of_tanh_is_the_integral_over_all_biases():
    length, amplitude = torch.tensor([1.7], dtype=DOUBLE), torch.tensor([0.6], dtype=DOUBLE)
    for distance in (0.0, 1e-3, 0.011, 0.3, 2.0):
        z = 1.7 * distance
        value = quad(lambda b: np.tanh(b) * np.tanh(b + z) - 1, -40, 40)[0]  # noqa: B023
        slope = quad(lambda b: 1 / (np.cosh(b) * np.cosh(b + z)) ** 2, -40, 40)[0]  # noqa: B023
        found = float(lfp.tanh_kernel(torch.tensor([distance], dtype=DOUBLE), length, amplitude))
        assert found == pytest.approx(value + float(amplitude) ** 2 * slope, abs=1e-8)


def test_the_kernel_of_tanh_in_more_dimensions_is_the_mean_over_directions():
    chance = torch.Generator().manual_seed(0)
    ways = torch.randn(200_000, 4, generator=chance, dtype=DOUBLE)
    ways /= ways.norm(dim=1, keepdim=True)
    neurons = torch.tensor([2.0]), torch.tensor([0.8])
    one = lfp.tanh_kernel(1.3 * ways[:, 0].abs(), *neurons).mean()
    found = lfp.tanh_kernel(torch.tensor([1.3], dtype=DOUBLE), *neurons, 4)
    assert float(found) == pytest.approx(float(one), rel=2e-3)


def test_tanh_meets_few_points_and_with_a_ridge_comes_near_many():
    lengths, amplitudes = torch.linspace(0.1, 9, 30), torch.full((30,), 0.3)
    found = lfp.solve_tanh(POINTS, VALUES, lengths, amplitudes)
    torch.testing.assert_close(found(POINTS), VALUES, rtol=0, atol=1e-8)
    assert float(found.weights.sum()) == pytest.approx(0, abs=1e-6)
    many = torch.linspace(-1, 1, 100, dtype=DOUBLE)
    with pytest.raises(ValueError, match="larger ridge"):
        lfp.solve_tanh(many, torch.sign(many + 0.01), lengths, amplitudes)
    ridged = lfp.solve_tanh(many, torch.sin(4 * many), lengths, amplitudes, ridge=1e-6)
    torch.testing.assert_close(ridged(many) + 1e-6 * ridged.weights[:, 0], torch.sin(4 * many), rtol=0, atol=1e-6)
    assert rms(ridged(many) - torch.sin(4 * many)) < 1e-3


@pytest.mark.parametrize("big", [1e2, 1e4, 1e6])
def test_the_curve_is_that_of_a_kernel_with_a_large_linear_part(big):
    places, time = torch.linspace(-1, 1, 200, dtype=DOUBLE), 1.0

    def kernel(first, second):
        return lfp.relu_kernel((first[:, None] - second).abs(), 1.0, 1.0) + big * (1 + first[:, None] * second)

    eigenvalues, directions = torch.linalg.eigh(kernel(POINTS, POINTS))
    weights = directions @ (-torch.expm1(-time * eigenvalues) / eigenvalues * (directions.T @ VALUES))
    apart = (kernel(places, POINTS) @ weights - lfp.curve(POINTS, VALUES, [time], 1.0, 1.0)(places)[0]).abs().max()
    assert float(apart) == pytest.approx(0.175 / big, rel=0.03)  # printed by us: 1.7e-3, 1.7e-5, 1.7e-7


def test_the_curve_goes_from_the_best_line_to_the_solution():
    points, values = drawn(10, 2, 3)
    places, _ = drawn(30, 2, seed=1)
    found = lfp.curve(points, values, [0.0, 1e9], 1.0, 0.5)
    with_one = torch.cat([torch.ones(10, 1, dtype=DOUBLE), points], 1)
    line = torch.linalg.lstsq(with_one, values).solution
    assert found(places).shape == (2, 30, 3)
    torch.testing.assert_close(found(places)[0], line[0] + places @ line[1:])
    torch.testing.assert_close(found(places)[1], lfp.solve(points, values, 1.0, 0.5)(places))
    torch.testing.assert_close(found.norm()[1], lfp.solve(points, values, 1.0, 0.5).norm())
    assert found.norm()[0].tolist() == [0, 0, 0]


def test_the_curve_is_what_small_steps_in_time_give():
    points, values = drawn(7, 2)
    big, times = 1e4, [0.3, 2.0]
    kernel = lfp.relu_kernel(torch.cdist(points, points), 1.0, 1.0, 2) + big * (1 + points @ points.T)
    moved = solve_ivp(
        lambda t, h: (kernel @ (values - torch.from_numpy(h))).numpy(), (0, 2), np.zeros(7), "BDF", times, rtol=1e-8
    )
    found = lfp.curve(points, values, times, 1.0, 1.0)(points)
    torch.testing.assert_close(found, torch.from_numpy(moved.y.T), rtol=0, atol=2e-3)


def test_copies_of_a_point_count_once_at_the_end_and_more_often_on_the_way():
    points, values = drawn(8, 2)
    twice = torch.cat([points, points[2:3]]), torch.cat([values, values[2:3]])
    torch.testing.assert_close(lfp.solve(*twice, 1.0, 1.0)(points), lfp.solve(points, values, 1.0, 1.0)(points))
    errors = [(lfp.curve(*one, [0.1], 1.0, 1.0)(points)[0, 2] - values[2]).abs() for one in (twice, (points, values))]
    assert errors[0] < errors[1]
    apart = lfp.curve(twice[0], torch.cat([values, values[2:3] + 1]), [1e9], 1.0, 1.0)(points)[0, 2]
    assert float(apart) == pytest.approx(float(values[2] + 0.5))


def test_high_frequencies_are_learned_later():
    points = torch.arange(64, dtype=DOUBLE) / 64
    rates = lfp.rate(torch.tensor([1.0, 2.0, 4.0]), 1.0, 0.0)
    assert (rates[:-1] / rates[1:]).tolist() == pytest.approx([16, 16])
    left = []
    for frequency in (2, 4, 8):
        values = torch.sin(2 * pi * frequency * points)
        left.append(rms(lfp.curve(points, values, [1000.0], 1.0, 0.0)(points)[0] - values))
    assert left == sorted(left)


def test_the_norm_of_a_sine_is_its_amplitude_over_its_rate():
    grid = torch.arange(48, dtype=DOUBLE) / 48
    for period in (1.0, 3.0):
        wanted = 2 / sqrt(2 * float(lfp.rate(torch.tensor(5 / period), 3.0, 0.2)))
        assert lfp.fp_norm(7 + 2 * torch.sin(2 * pi * 5 * grid), 3.0, 0.2, period) == pytest.approx(wanted)
    plane = torch.cos(2 * pi * (3 * grid[:, None] + 4 * grid))
    assert lfp.fp_norm(plane, 3.0, 0.2) == pytest.approx(1 / sqrt(2 * float(lfp.rate(torch.tensor(5.0), 3.0, 0.2, 2))))


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_sum_of_rates_is_that_over_a_large_lattice(dimension):
    side = {1: 4000, 2: 300, 3: 40}[dimension]
    axis = torch.arange(-side, side + 1, dtype=DOUBLE)
    size = torch.stack(torch.meshgrid(*[axis] * dimension, indexing="ij")).norm(dim=0) / 1.5
    inside = (size > 0) & (size <= side / 1.5)
    for moments in ((1.0, 0.0), (0.0, 1.0)):
        total = float(lfp.rate(size[inside], *moments, dimension).sum())
        beyond = 0.0 if moments[0] else 2 / (4 * pi**2) / (side / 1.5) * 1.5**dimension  # of the ball, as an integral
        assert lfp.gamma_norm(*moments, dimension, 1.5) ** 2 == pytest.approx(total + beyond, rel=1e-3)
    assert lfp.gamma_norm(3.0, 5.0) ** 2 == pytest.approx(3 / 720 + 5 / 12)


def test_the_bound_is_its_formula_and_falls_with_the_data():
    found = lfp.generalisation_bound(1.5, 2.0, 0.3, 100, 0.1)
    assert found == pytest.approx((1.5 + 2 * 0.6) * (0.2 * 0.6 + 0.4 * sqrt(2 * np.log(40))))
    assert lfp.generalisation_bound(1.5, 2.0, 0.3, 400, 0.1) == pytest.approx(found / 2)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cubic": -1.0}, "at least 0"),
        ({"cubic": 0.0, "linear": 0.0}, "not both 0"),
        ({"linear": float("nan")}, "finite"),
        ({"values": VALUES[:4]}, r"\(5,\) and \(4,\)"),
        ({"points": POINTS.reshape(5, 1, 1)}, r"\(5, 1, 1\)"),
        ({"points": POINTS * float("inf")}, "finite"),
        ({"values": VALUES * float("nan")}, "finite"),
        ({"points": POINTS[:1], "values": VALUES[:1]}, "2 points at least"),
        ({"points": torch.stack([POINTS, 2 * POINTS], 1)}, "1 of 2 dimensions"),
        ({"points": torch.stack([POINTS, 0 * POINTS + 3], 1)}, "do not vary"),
        ({"points": POINTS.clone().index_fill(0, torch.tensor([1]), 0.1)}, "points 1 and 4"),
        ({"values": VALUES * 1j}, "real"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_door(wrong, says):
    given = {"points": POINTS, "values": VALUES, "cubic": 1.0, "linear": 1.0} | wrong
    with pytest.raises(ValueError, match=says):
        lfp.solve(**given)


def test_points_too_near_for_float64_and_other_wrong_numbers_are_told():
    grid = torch.stack(torch.meshgrid(*[torch.arange(3) * 1e-9] * 2, indexing="ij"), -1).reshape(9, 2).double()
    points, values = torch.cat([grid, torch.eye(2, dtype=DOUBLE)]), drawn(11, 1)[1]
    with pytest.raises(ValueError, match="too near to each other"):
        lfp.solve(points, values, 1.0, 0.0)
    points, values = drawn(31, 2)
    points[30] = points[0] + 1e-6
    with pytest.raises(ValueError, match="misses values by"):
        lfp.solve(points, values, 1.0, 0.0)
    for times in ([-1.0], [float("inf")], [], 1.0):
        with pytest.raises(ValueError, match="times are finite"):
            lfp.curve(POINTS, VALUES, times, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"\(m, 2\)"):
        lfp.solve(grid * 1e9, drawn(9, 1)[1], 1.0, 1.0)(torch.zeros(4, 3))
    with pytest.raises(ValueError, match=r"\(m, 1\)"):
        lfp.solve(POINTS, VALUES, 1.0, 1.0)(torch.zeros(4, 3))
    with pytest.raises(ValueError, match="above 0"):
        lfp.rate(torch.tensor([0.0, 1.0]), 1.0, 1.0)
    with pytest.raises(ValueError, match="one of each"):
        lfp.tanh_rate(torch.tensor(1.0), torch.tensor([1.0, -1.0]), torch.tensor([1.0, 1.0]))
    with pytest.raises(ValueError, match="between 0 and 1"):
        lfp.generalisation_bound(1.0, 1.0, 1.0, 10, 1.0)


def test_nothing_given_is_changed_and_single_precision_is_taken():
    points, values = drawn(8, 2)
    before = points.clone(), values.clone()
    rough = lfp.solve(points.float(), values.float(), 1.0, 1.0)(points)
    torch.testing.assert_close(rough, lfp.solve(points, values, 1.0, 1.0)(points), rtol=0, atol=1e-4)
    assert rough.dtype == DOUBLE
    assert torch.equal(points, before[0])
    assert torch.equal(values, before[1])
