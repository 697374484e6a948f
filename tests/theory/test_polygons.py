"""Transforms on the plane: closed forms, the integral taken slowly, laws, and the same sum written another way."""

from cmath import exp
from math import cos, pi, sin

import numpy as np
import pytest
import torch
from scipy.spatial import Delaunay

from fourierscope.theory.polygons import decay, facets, indicator, tail, transform

DOUBLE = torch.float64
SQUARE = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=DOUBLE)
ARROW = torch.tensor([[0.0, 0.0], [2.0, -1.0], [0.7, 0.1], [0.3, 1.9]], dtype=DOUBLE)  # not convex
PYRAMID = (
    torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], dtype=DOUBLE),
    torch.tensor([[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 1]]),
    torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0], dtype=DOUBLE),
)


def chance(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def hills(seed=0, outputs=2):
    """A triangulated disc of 40 vertices with random values inside and 0 at its rim."""
    turns = torch.arange(12, dtype=DOUBLE) * 2 * pi / 12
    rim = torch.stack([turns.cos(), turns.sin()], -1)
    inside = 0.5 * chance(28, 2, seed=seed).tanh()
    places = torch.cat([rim, inside])
    values = torch.cat([torch.zeros(12, outputs, dtype=DOUBLE), chance(28, outputs, seed=seed + 1)])
    return places, torch.from_numpy(Delaunay(places.numpy()).simplices).long(), values


def slowly(vertices, triangles, values, frequency, nodes=40):
    """The integral by a Gauss rule of many points on each triangle."""
    at, weights = np.polynomial.legendre.leggauss(nodes)
    at, weights = (at + 1) / 2, weights / 2
    total = 0
    for a, b, c in triangles.tolist():
        p, q, r = (vertices[i].numpy() for i in (a, b, c))
        twice = abs((q - p)[0] * (r - p)[1] - (q - p)[1] * (r - p)[0])
        for s, first in zip(at, weights, strict=True):
            x = p + s * ((1 - at)[:, None] * (q - p) + at[:, None] * (r - p))
            f = (1 - s) * values[a].numpy() + s * (
                np.outer(1 - at, values[b].numpy()) + np.outer(at, values[c].numpy())
            )
            total = total + twice * s * first * (weights * np.exp(-1j * x @ frequency.numpy())) @ f
    return torch.as_tensor(total)


def test_a_square_is_the_product_of_two_intervals():
    k = torch.cat([5 * chance(20, 2), torch.tensor([[3.0, 0.0], [0.0, -40.0], [0.0, 0.0]], dtype=DOUBLE)])
    side = torch.exp(-0.5j * k) * torch.sinc(k / (2 * pi))
    torch.testing.assert_close(indicator(SQUARE, k), side.prod(1), atol=1e-14, rtol=1e-13)


@pytest.mark.parametrize("size", [1e-150, 1e-9, 1e-3, 0.28, 1.0, 20.0])
def test_small_frequencies_lose_no_digits(size):
    k = size * torch.tensor([[0.8, -0.6]], dtype=DOUBLE)
    for far in (0.0, 1.0):
        corners = ARROW + far
        split = torch.stack([corners[[0, 1, 2]], corners[[0, 2, 3]]])
        expected = slowly(split.flatten(0, 1), torch.arange(6).reshape(2, 3), torch.ones(6, 1, dtype=DOUBLE), k[0])
        torch.testing.assert_close(indicator(corners, k), expected, atol=2e-15, rtol=1e-13)
        ones = torch.ones(4, dtype=DOUBLE)
        found = transform(corners, torch.tensor([[0, 1, 2], [3, 2, 0]]), ones, k)
        torch.testing.assert_close(found, expected, atol=2e-15, rtol=1e-13)


def test_a_hat_along_a_strip_has_the_sign_and_size_of_the_hat():
    # hat(x) on 0 < y < 1: the printed sign of the lemma would give -0.630
    vertices = torch.tensor([[-1, 0], [0, 0], [1, 0], [-1, 1], [0, 1], [1, 1]], dtype=DOUBLE)
    triangles = torch.tensor([[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4]])
    values = torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0, 0.0], dtype=DOUBLE)
    found = transform(vertices, triangles, values, torch.tensor([[2.3, 0.0], [2.3, 4.0], [0.0, 0.0]], dtype=DOUBLE))
    hat = 2 * (1 - cos(2.3)) / 2.3**2
    assert hat == pytest.approx(0.630, abs=1e-3)
    strip = exp(-2j) * sin(2) / 2
    assert found.tolist() == pytest.approx([hat, hat * strip, 1.0], abs=1e-14)


def test_the_pyramid_has_its_closed_form():
    # max(0, 1 - |x| - |y|): 4 / (p^2 - q^2) (sin(p) / p - sin(q) / q) of the ball of the 1-norm, integrated over height
    p, q = 2.3, 0.7
    found = transform(*PYRAMID, torch.tensor([[p, q]], dtype=DOUBLE))
    height = (np.polynomial.legendre.leggauss(30)[0] + 1) / 2
    balls = 4 * (np.cos(q * height) - np.cos(p * height)) / (p**2 - q**2)
    assert found.tolist() == pytest.approx([balls @ np.polynomial.legendre.leggauss(30)[1] / 2], abs=1e-14)


@pytest.mark.parametrize("size", [0.2, 0.6, 3.0, 25.0])
def test_transforms_are_those_of_the_integral_whether_cut_off_at_the_rim_or_not(size):
    vertices, triangles, values = hills()
    k = size * torch.tensor([[cos(1.0), sin(1.0)]], dtype=DOUBLE)
    for heights in (values, values + chance(40, 2, seed=5)):
        expected = slowly(vertices, triangles, heights, k[0])
        torch.testing.assert_close(transform(vertices, triangles, heights, k)[0], expected, atol=1e-13, rtol=1e-11)


def test_gauss_and_edges_agree_where_they_meet():
    vertices, triangles, values = hills()
    diameter = float((vertices.amax(0) - vertices.amin(0)).norm())
    k = torch.tensor([[0.6, 0.8]], dtype=DOUBLE) / diameter
    below, above = (transform(vertices, triangles, values + 1, k * (1 + step)) for step in (-1e-12, 1e-12))
    torch.testing.assert_close(below, above, atol=1e-11, rtol=0)


def test_a_function_that_vanishes_at_the_rim_is_the_sum_over_its_facets():
    vertices, triangles, values = hills()
    k = 30 * chance(50, 2, seed=3)
    found = facets(vertices, triangles, values)
    edges = found.lengths[:, None] * torch.stack([-found.normals[:, 1], found.normals[:, 0]], -1)
    waves = torch.sinc(k @ edges.T / (2 * pi)) * torch.exp(-1j * (k @ found.middles.T)) * found.lengths
    expected = -(waves @ found.jumps.to(waves)) / k.square().sum(1, keepdim=True)
    transformed = transform(vertices, triangles, values, k)
    torch.testing.assert_close(transformed, expected, atol=1e-13, rtol=1e-8)
    assert bool((transformed.abs() * k.square().sum(1, keepdim=True) <= tail(found)).all())


def test_turning_moving_and_reordering_do_what_they_do():
    vertices, triangles, values = hills()
    k, step, (c, s) = 9 * chance(12, 2, seed=3), torch.tensor([0.7, -3.0], dtype=DOUBLE), (cos(0.4), sin(0.4))
    turn = torch.tensor([[c, -s], [s, c]], dtype=DOUBLE)
    plain = transform(vertices, triangles, values, k)
    torch.testing.assert_close(
        transform(vertices @ turn.T, triangles, values, k @ turn.T), plain, atol=1e-13, rtol=1e-9
    )
    moved = transform(vertices + step, triangles, values, k)
    torch.testing.assert_close(moved, torch.exp(-1j * (k @ step))[:, None] * plain, atol=1e-13, rtol=1e-9)
    torch.testing.assert_close(transform(vertices, triangles.flip(1), values, k), plain, atol=1e-13, rtol=1e-9)
    torch.testing.assert_close(transform(vertices, triangles, values[:, 0], k), plain[:, 0])
    torch.testing.assert_close(transform(vertices, triangles, values, -k), plain.conj(), atol=1e-13, rtol=1e-9)


def test_the_pyramid_bends_at_its_eight_edges():
    found = facets(*PYRAMID)
    assert found.lengths.sort().values.tolist() == pytest.approx([1, 1, 1, 1, 2**0.5, 2**0.5, 2**0.5, 2**0.5])
    assert found.jumps.sort().values.tolist() == pytest.approx([-2, -2, -2, -2, 2**0.5, 2**0.5, 2**0.5, 2**0.5])
    assert float(tail(found)) == pytest.approx(16)
    assert len(facets(*PYRAMID[:2], torch.zeros(5)).lengths) == 0


def test_the_tail_falls_with_the_third_power_but_with_the_second_along_normals_of_facets():
    for angle in (0.31, 1.1, 2.0):
        generic = torch.tensor([cos(angle), sin(angle)], dtype=DOUBLE)
        assert decay(*PYRAMID, generic, lowest=200.0) == pytest.approx(-3, abs=0.15)
    for normal in facets(*PYRAMID).normals:
        assert decay(*PYRAMID, normal, lowest=200.0) == pytest.approx(-2, abs=0.1)
    vertices, triangles, values = hills(seed=4)
    found = facets(vertices, triangles, values)
    assert decay(vertices, triangles, values, found.normals[3], lowest=2e4, octaves=5) == pytest.approx(-2, abs=0.1)


def test_a_rim_that_cuts_off_makes_the_tail_heavier():
    ones = torch.ones(5)
    assert decay(*PYRAMID[:2], ones, torch.tensor([0.31, 1.0]), lowest=200.0) == pytest.approx(-2, abs=0.15)
    assert decay(*PYRAMID[:2], ones, torch.tensor([1.0, 1.0]), lowest=200.0) == pytest.approx(-1, abs=0.1)


def test_what_does_not_fit_is_told():
    vertices, triangles, values = PYRAMID
    k = torch.zeros(1, 2, dtype=DOUBLE)
    with pytest.raises(ValueError, match="counter-clockwise"):
        indicator(SQUARE.flip(0), k)
    with pytest.raises(ValueError, match=r"three or more; \(2, 2\) came"):
        indicator(SQUARE[:2], k)
    for wrong in (torch.zeros(2), torch.zeros(1, 3), torch.full((1, 2), float("nan"))):
        with pytest.raises(ValueError, match="frequencies are finite"):
            transform(vertices, triangles, values, wrong)
    with pytest.raises(ValueError, match=r"\(5, 2\), \(4, 3\), \(4,\) came"):
        transform(vertices, triangles, values[:4], k)
    with pytest.raises(ValueError, match="from 0 to 4"):
        transform(vertices, triangles + 1, values, k)
    with pytest.raises(ValueError, match="Triangle 1 has no area"):
        transform(vertices, torch.tensor([[0, 1, 2], [1, 0, 3]]), values, k)
    with pytest.raises(ValueError, match="one of 3 triangles"):
        transform(vertices, torch.tensor([[0, 1, 2], [0, 1, 4], [0, 2, 1]]), values, k)
    with pytest.raises(ValueError, match="finite"):
        transform(vertices, triangles, values / 0, k)
    with pytest.raises(ValueError, match="vanishes at the rim"):
        facets(vertices, triangles, values + 1)
    with pytest.raises(ValueError, match="two octaves or more"):
        decay(vertices, triangles, values, torch.zeros(2), 1.0)
