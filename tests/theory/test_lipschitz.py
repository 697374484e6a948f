"""Bounds on the steepness of networks: the chain on random ones, where it is tight, and gradients taken by autograd."""

import numpy as np
import pytest
import torch

from fourierscope.theory.lipschitz import magnitude_bound, norm_product, steepest
from fourierscope.theory.piecewise_linear import segment

DOUBLE = torch.float64


def network(seed, widths):
    chance = torch.Generator().manual_seed(seed)
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [torch.randn(*pair, generator=chance, dtype=DOUBLE) / pair[1] ** 0.5 for pair in pairs]
    return weights, [torch.randn(pair[0], generator=chance, dtype=DOUBLE) for pair in pairs]


def response(weights, biases, x):
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = (weight @ x + bias).clamp(min=0)
    return weights[-1] @ x + biases[-1]


def test_the_chain_holds_on_a_hundred_networks():
    chance = np.random.default_rng(0)
    for seed in range(100):
        inputs, outputs, layers = chance.integers(1, 6), chance.integers(1, 4), chance.integers(0, 5)
        widths = [int(one) for one in (inputs, *chance.integers(1, 24, layers), outputs)]
        weights, biases = network(seed, widths)
        points = 3 * torch.randn(400, widths[0], generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)
        found = steepest(weights, biases, points)
        values = torch.stack([response(weights, biases, point) for point in points[:20]])
        rises = torch.cdist(values, values) / torch.cdist(points[:20], points[:20]).fill_diagonal_(1)
        bound = norm_product(weights)
        assert float(rises.max()) <= bound * (1 + 1e-12)
        assert 0 <= found <= bound * (1 + 1e-12) <= magnitude_bound(weights) * (1 + 1e-11)


def test_the_chain_is_tight_where_all_weights_are_alike():
    weights = [torch.full(shape, 0.3, dtype=DOUBLE) for shape in ((4, 3), (5, 4), (2, 5))]
    biases = [torch.ones(len(one), dtype=DOUBLE) for one in weights]
    expected = 0.3**3 * 6**0.5 * 20
    found = steepest(weights, biases, torch.rand(3, 3)), norm_product(weights), magnitude_bound(weights)
    assert found == pytest.approx([expected] * 3)


def test_one_layer_is_as_steep_as_its_largest_singular_value_and_no_power_of_256():
    weight = torch.tensor([[0.0, 5.0], [1.0, 0.0]], dtype=DOUBLE)  # eigenvalues +- sqrt 5
    assert norm_product([weight]) == pytest.approx(5)
    assert steepest([weight], [torch.zeros(2)], torch.rand(1, 2)) == pytest.approx(5)
    assert magnitude_bound([weight]) == pytest.approx(10)


def test_slopes_are_those_of_autograd():
    weights, biases = network(3, (4, 9, 7, 3))
    points = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    for point in points:
        jacobian = torch.autograd.functional.jacobian(lambda x: response(weights, biases, x), point)
        expected = float(torch.linalg.svdvals(jacobian)[0])
        assert steepest(weights, biases, point[None]) == pytest.approx(expected)


def test_of_one_input_the_steepest_piece_of_the_line_is_the_lipschitz_constant():
    weights, biases = network(5, (1, 12, 9, 1))
    layers = [torch.nn.Linear(weight.shape[1], len(weight)).double() for weight in weights]
    for layer, weight, bias in zip(layers, weights, biases, strict=True):
        layer.load_state_dict({"weight": weight, "bias": bias})
    whole = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    knots, values = segment(whole, torch.tensor([-4.0]), torch.tensor([4.0]))
    slopes = values[:, 0].diff() / (8 * knots.diff())
    points = 8 * (knots[1:] + knots[:-1])[:, None] / 2 - 4
    assert len(slopes) > 8
    assert steepest(weights, biases, points) == pytest.approx(float(slopes.abs().max()), rel=1e-9)
    assert float(slopes.abs().max()) < norm_product(weights)


def test_biases_change_slopes_but_no_bound():
    weights, biases = network(0, (2, 8, 1))
    points = torch.rand(50, 2, dtype=DOUBLE)
    asleep = [biases[0] - 1e3, biases[1]]
    assert steepest(weights, asleep, points) == 0 < steepest(weights, biases, points)


def test_what_does_not_fit_is_told():
    weights, biases = network(0, (2, 8, 1))
    for wrong in ([], [torch.ones(3)], weights[::-1], [torch.ones(0, 2)]):
        with pytest.raises(ValueError, match="each fitting the one before"):
            norm_product(wrong)
    with pytest.raises(ValueError, match=r"\[\(8,\), \(1,\)\]"):
        steepest(weights, biases[:1], torch.rand(1, 2))
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        steepest(weights, biases, torch.rand(1, 3))
