"""Averages over balls and spheres: closed forms, chance, high dimensions, and what they certify."""

from fractions import Fraction
from math import comb, log10, pi, sqrt

import mpmath
import numpy as np
import pytest
import torch
from scipy.stats import binom, norm

from fourierscope.theory import averaging

DIMENSIONS = (1, 2, 3, 10, 3072, 150_528)
BOTH = [averaging.ball_transfer, averaging.sphere_transfer]


def slow(z, order):
    """0F1(; order + 1; -z^2 / 4) term by term, in 60 digits and more where terms are large."""
    with mpmath.workdps(60 + int(z)):
        term, total, k = mpmath.mpf(1), mpmath.mpf(1), 0
        while abs(term) > mpmath.mpf(10) ** -(50 + int(z)):
            term *= -(mpmath.mpf(z) ** 2) / 4 / ((mpmath.mpf(order) + 1 + k) * (k + 1))
            total, k = total + term, k + 1
        return float(total)


def drawn(dimension, count, seed=0):
    """Points even on the unit sphere, and in the unit ball."""
    chance = np.random.default_rng(seed)
    points = chance.standard_normal((count, dimension))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points, points * chance.random((count, 1)) ** (1 / dimension)


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("transfer", BOTH)
def test_a_constant_passes_whole(transfer, dimension):
    assert float(transfer(0.0, dimension)) == 1
    assert float(transfer(1e-9, dimension)) == pytest.approx(1, abs=1e-12)


def test_three_dimensions_are_the_printed_numbers_the_sine_and_chance():
    z = np.array([1.0, 4.0, 8.0])
    found = averaging.ball_transfer(z, 3).numpy()
    assert found == pytest.approx([0.9035, 0.0871, 0.0126], abs=5e-5)
    assert found == pytest.approx(3 * (np.sin(z) - z * np.cos(z)) / z**3, rel=1e-12, abs=0)
    assert averaging.sphere_transfer(z, 3).numpy() == pytest.approx(np.sin(z) / z, rel=1e-12)
    for points, transfer in zip(drawn(3, 200_000), BOTH[::-1], strict=True):
        waves = np.cos(np.outer(points[:, 0], z))
        error = waves.std(0) / sqrt(len(waves))
        assert (np.abs(waves.mean(0) - transfer(z, 3).numpy()) < 4 * error).all()


def test_one_dimension_is_an_interval_and_two_points():
    z = torch.linspace(0.1, 30, 50, dtype=torch.float64)
    torch.testing.assert_close(averaging.ball_transfer(z, 1), z.sin() / z)
    torch.testing.assert_close(averaging.sphere_transfer(z, 1), z.cos())


@pytest.mark.parametrize("dimension", [2, 7, 200, 230, 400, 3072, 150_528])
def test_every_way_agrees_with_the_slow_series(dimension):
    sizes = [0.3, 1.9, 2.1, 3.0, 5.0]
    for share in sizes:
        z = share * sqrt(dimension / 2 + 1)
        for transfer, order in zip(BOTH, (dimension / 2, dimension / 2 - 1), strict=True):
            assert float(transfer(z, dimension)) == pytest.approx(slow(z, order), rel=1e-8, abs=0), (share, transfer)


@pytest.mark.parametrize("dimension", [216, 240, 400, 1000])
def test_the_expansion_of_high_orders_holds_to_the_last_of_where_it_serves(dimension):
    order = dimension / 2
    nearest, farthest = 2 * sqrt(order + 1) * 1.001, order * sqrt(1 - (100 / order) ** (2 / 3)) * 0.999
    for z in (nearest, (nearest + farthest) / 2, farthest):
        assert float(averaging.ball_transfer(z, dimension)) == pytest.approx(slow(z, order), rel=1.5e-9, abs=0), z


@pytest.mark.parametrize("dimension", [202, 260, 600])
def test_no_seam_shows_between_the_ways(dimension):
    z = torch.linspace(0.01, 1.1 * dimension / 2, 4000, dtype=torch.float64)
    logs = averaging.ball_transfer(z, dimension)
    logs = logs[: int((logs <= 0).nonzero()[0])].log() if bool((logs <= 0).any()) else logs.log()
    bends = logs.diff().diff().diff().diff()
    assert float(bends[:-40].abs().max()) < 1e-4


def test_high_dimensions_are_gaussian_and_finite():
    at_one = [float(averaging.ball_transfer(sqrt(n + 2), n)) for n in (3072, 150_528)]
    assert at_one == pytest.approx([0.606481, 0.606530], abs=1e-6)
    deviations = torch.tensor([0.1, 1.0, 3.0, 5.0], dtype=torch.float64)
    for n in (3072, 150_528):
        found = averaging.ball_transfer(deviations * sqrt(n + 2), n)
        gauss = (-(deviations**2) / 2).exp()
        assert bool(((found / gauss - 1).abs() < 1000 / n).all())
    far = averaging.ball_transfer(torch.tensor([1e3, 1e4, 7e4, 8e4, 1e6, 1e9]), 150_528)
    assert bool(torch.isfinite(far).all())
    assert float(far[0]) == pytest.approx(np.exp(-1e6 / (2 * 150_530)), rel=1e-3)
    assert far[2:].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("dimension", [2, 3, 10, 50])
def test_the_envelope_falls_with_half_of_the_dimension_and_one_more(dimension):
    heights, places = [], np.geomspace(2000, 200_000, 6)
    for place in places:
        z = place + np.linspace(0, 4 * pi, 400)
        heights.append(float(averaging.ball_transfer(z, dimension).abs().max()))
    slope = np.polyfit(np.log(places), np.log(heights), 1)[0]
    assert slope == pytest.approx(-(dimension + 1) / 2, abs=0.01)
    assert abs(slope + dimension / 2 + 1) > 0.4  # the printed exponent


def test_the_factor_as_printed_does_not_keep_constants():
    for n, wrong in ((1, 0.3989), (2, 0.1592), (10, 1.02e-4)):
        assert (2 * pi) ** (-n / 2) == pytest.approx(wrong, rel=3e-3)


def test_the_sampler_asks_6k_plus_1_times_and_falls_to_its_floor():
    assert averaging.sample_count() == 91
    assert [averaging.sample_count(k) for k in (1, 2, 7)] == [7, 13, 43]
    assert averaging.sampler_floor() == 1 / 91
    z = torch.tensor([0.0, 3.0, 400.0]) * sqrt(3074)
    found = averaging.sampler_transfer(z, 3072)
    assert found.tolist() == pytest.approx([1, 0.259, 1 / 91], abs=5e-4)
    assert float(averaging.ball_transfer(z, 3072)[1]) == pytest.approx(0.011, abs=5e-4)
    assert float(found[2]) == pytest.approx(averaging.sampler_floor(), rel=1e-9)


def test_in_few_dimensions_alone_the_sampler_goes_below_its_floor_on_the_way():
    z = torch.linspace(0, 400, 4001, dtype=torch.float64)
    assert float(averaging.sampler_transfer(z, 3).min()) < 0
    assert float(averaging.sampler_transfer(100 * z, 3)[-1]) == pytest.approx(averaging.sampler_floor(), rel=0.01)
    assert float(averaging.sampler_transfer(100 * z, 3072).min()) >= averaging.sampler_floor() * (1 - 1e-12)


def test_the_transfer_of_the_sampler_is_the_mean_over_drawn_directions():
    frequency = np.zeros((1, 5))
    frequency[0, 2] = 4.0
    found = []
    for seed in range(2000):
        points = drawn(5, 4, seed)[0] * 1.5
        offsets = np.concatenate([share * points for share in averaging.RADII])
        found.append(float(averaging.drawn_transfer(frequency, offsets)))
    expected = float(averaging.sampler_transfer(4.0 * 1.5, 5, directions=4))
    assert abs(np.mean(found) - expected) < 4 * np.std(found) / sqrt(len(found))
    assert np.std(found) > 0.05


def test_a_fixed_average_lets_some_high_waves_pass_whole():
    offsets = torch.tensor([[0.25, 0.0], [0.0, 0.5], [0.5, 0.5]], dtype=torch.float64)
    high, near = torch.tensor([[800 * pi, 400 * pi]]), torch.tensor([[2.0, 5.0]])
    assert float(averaging.drawn_transfer(high, offsets)) == pytest.approx(1, abs=1e-4)
    assert float(averaging.drawn_transfer(near, offsets)) < 0.9


def test_the_equivalent_deviation_is_that_of_a_coordinate_of_the_ball():
    inside = drawn(6, 100_000)[1]
    assert averaging.equivalent_sigma(1.0, 6) == pytest.approx(inside.std(), rel=0.01)
    assert averaging.equivalent_sigma(6, 3072) == pytest.approx(0.1082, abs=5e-5)
    assert averaging.equivalent_sigma(30, 150_528) == pytest.approx(0.0773, abs=5e-5)


def test_the_certificate_is_the_bound_of_the_votes_in_deviations():
    assert averaging.certified_radius(0.0245, 91, 91) == pytest.approx(0.0356, abs=1e-4)
    assert averaging.certified_radius(0.0245, 100_000, 100_000) == pytest.approx(0.093, abs=5e-4)
    found = averaging.certified_radius(2.0, 80, 100, alpha=0.01)
    least = norm.cdf(found / 2)
    assert binom.sf(79, 100, least) == pytest.approx(0.01)
    assert averaging.certified_radius(1.0, 5, 10) == 0
    assert averaging.certified_radius(1.0, 0, 10) == 0


def test_the_certificate_covers_a_linear_classifier_exactly():
    margin, sigma = 0.3, 0.5  # the smoothed class changes at the distance of the border
    right = norm.cdf(margin / sigma)
    found = averaging.certified_radius(sigma, round(right * 10_000_000), 10_000_000)
    assert margin - 0.002 < found < margin


def test_most_regions_are_sums_of_binomials():
    assert averaging.log10_regions(1000, 200) == pytest.approx(215.9, abs=0.05)
    for units, dimension in ((1, 1), (5, 2), (30, 4), (10, 50)):
        exact = sum(comb(units, i) for i in range(dimension + 1))
        assert averaging.log10_regions(units, dimension) == pytest.approx(log10(Fraction(exact)), abs=1e-10)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: averaging.ball_transfer(-1.0, 3), "not below 0"),
        (lambda: averaging.sphere_transfer(float("nan"), 3), "is finite"),
        (lambda: averaging.ball_transfer(1.0, 0), "dimension is"),
        (lambda: averaging.ball_transfer(1e16, 3), r"at most 1e\+15"),
        (lambda: averaging.sampler_transfer([1.0, 1e200], 3), r"at most 1e\+15"),
        (lambda: averaging.drawn_transfer([1.0, 2.0], [[1.0, 2.0]]), r"\(2,\) and \(1, 2\) came"),
        (lambda: averaging.drawn_transfer([[1.0, 2.0]], [[1.0]]), r"\(1, 2\) and \(1, 1\) came"),
        (lambda: averaging.equivalent_sigma(-1.0, 3), "radius is"),
        (lambda: averaging.equivalent_sigma(float("nan"), 3), "radius is"),
        (lambda: averaging.sample_count(0), "directions is"),
        (lambda: averaging.sample_count(1, ()), "radii are"),
        (lambda: averaging.sample_count(3, (0.0,)), "radii are"),
        (lambda: averaging.certified_radius(1.0, 11, 10), "votes lie"),
        (lambda: averaging.certified_radius(0.0, 1, 10), "sigma above 0"),
        (lambda: averaging.log10_regions(0, 3), "units is"),
    ],
)
def test_what_does_not_fit_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: averaging.ball_transfer(1.0, 2.5), "dimension is a whole number"),
        (lambda: averaging.ball_transfer(1.0, float("nan")), "dimension is a whole number"),
        (lambda: averaging.ball_transfer(1.0, None), "dimension is a whole number"),
        (lambda: averaging.ball_transfer("wide", 3), r"are numbers; 'wide' came\.$"),
        (lambda: averaging.ball_transfer(["a", "b"], 3), r"are numbers; \['a', 'b'\] came\.$"),
        (lambda: averaging.ball_transfer(1j, 3), "are real numbers"),
        (lambda: averaging.sample_count(1.5), "directions is a whole number"),
        (lambda: averaging.sample_count(2, 0.5), "radii are shares"),
        (lambda: averaging.certified_radius(1.0, 9.5, 10), "votes is a whole number"),
        (lambda: averaging.log10_regions(5.5, 2), "units is a whole number"),
    ],
)
def test_other_kinds_are_refused(call, said):
    with pytest.raises(TypeError, match=said):
        call()


def test_far_waves_of_few_dimensions_keep_their_phase():
    for z in (1e9, 1e12, 1e15):
        sine, cosine = (float(wave(mpmath.mpf(z))) for wave in (mpmath.sin, mpmath.cos))
        wanted = 3 * (sine - z * cosine) / z**3
        assert float(averaging.ball_transfer(z, 3)) == pytest.approx(wanted, rel=1e-12, abs=0)
        assert float(averaging.sphere_transfer(z, 1)) == pytest.approx(cosine, rel=1e-12)


def test_tensors_that_learn_and_arrays_are_read_alike():
    z = [0.5, 2.0, 70.0]
    wanted = averaging.ball_transfer(z, 7)
    for one in (np.array(z), torch.tensor(z, requires_grad=True), torch.tensor(z).double()):
        assert torch.equal(averaging.ball_transfer(one, 7), wanted)
    found = averaging.sampler_transfer(torch.tensor(z, requires_grad=True), 7, radii=np.array([0.5, 1.0]))
    assert torch.equal(found, averaging.sampler_transfer(z, 7, radii=(0.5, 1.0)))
