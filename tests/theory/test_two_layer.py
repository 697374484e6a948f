"""Two-layer networks: kernels by closed form, by draws and by automatic differentiation, and what descent reaches."""

from math import log

import numpy as np
import pytest
import torch
from torch import nn

from fourierscope.theory import lfp
from fourierscope.theory import two_layer as layers

DOUBLE = torch.float64
POINTS = torch.tensor([-0.8, -0.6, -0.3, -0.06, 0.1], dtype=DOUBLE)
VALUES = torch.tensor([0.25, -0.25, -0.07, 0.15, -0.05], dtype=DOUBLE)
INSIDE = torch.linspace(-0.8, 0.1, 200, dtype=DOUBLE)
START = layers.Start()  # of the first example of Zhang et al. (2019)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def rms(values):
    return float(values.square().mean().sqrt())


def flat(places, points, values, start, product=True):
    kernels = (layers.flat_kernel(one, points, start, product) for one in (places, points))
    return layers.predict(*kernels, values)


def finite(neurons, places, points, values):
    return layers.predict(*(layers.tangent_kernel(neurons, one, points) for one in (places, points)), values)


@pytest.mark.parametrize("dimension", [1, 2, 5])
@pytest.mark.parametrize("start", [layers.Start(1.0, 0.7, 3.0), layers.Start(0.4, 0.7, 3.0, "normal")])
def test_the_closed_form_is_the_mean_over_many_neurons(dimension, start):
    points = 0.4 * torch.randn(4, dimension, generator=chance(), dtype=DOUBLE)
    neurons = layers.draw(start, 400_000, dimension, chance(1))
    found = layers.flat_kernel(points, points[:3], start)
    torch.testing.assert_close(layers.tangent_kernel(neurons, points, points[:3]), found, rtol=0.01, atol=0)
    length = neurons.weights.norm(dim=1)
    cubic, linear = start.moments(dimension)
    assert float(length.pow(3).mean()) == pytest.approx(cubic, rel=0.01)
    assert float((neurons.amplitudes.square() * length).mean()) == pytest.approx(linear, rel=0.01)
    assert float(length.square().mean()) == pytest.approx(start.length(2, dimension), rel=0.01)


def test_without_the_product_it_lacks_the_input_weights_share():
    points = torch.tensor([[0.5, -0.2], [0.1, 0.3]], dtype=DOUBLE)
    start = layers.Start(1.0, 0.7, 3.0)
    neurons = layers.draw(start, 400_000, 2, chance())
    hidden = points @ neurons.weights.T + neurons.biases
    gates = (hidden > 0) * neurons.amplitudes
    wanted = (hidden.relu() @ hidden.relu().T + gates @ gates.T) / len(neurons.biases)
    torch.testing.assert_close(layers.flat_kernel(points, points, start, False), wanted, rtol=0.01, atol=0)


def test_the_tangent_kernel_is_that_of_automatic_differentiation():
    neurons = layers.draw(layers.Start(1.0, 1.0, 1.0), 14, 2, chance())
    points = torch.randn(5, 2, generator=chance(1), dtype=DOUBLE)
    held = [one.clone().requires_grad_() for one in (neurons.amplitudes, neurons.weights, neurons.biases)]
    outputs = layers.Neurons(*held)(points)
    rows = [torch.cat([g.flatten() for g in torch.autograd.grad(one, held, retain_graph=True)]) for one in outputs]
    jacobian = torch.stack(rows)
    torch.testing.assert_close(14 * layers.tangent_kernel(neurons, points, points), jacobian @ jacobian.T)


def test_the_kernel_of_many_neurons_is_the_mean_of_those_of_parts():
    neurons = layers.draw(START, 20_000, 1, chance())
    held = neurons.amplitudes, neurons.weights, neurons.biases
    parts = [layers.Neurons(*(one[here] for one in held)) for here in (slice(0, 5000), slice(5000, None))]
    first, second = (layers.tangent_kernel(one, INSIDE, POINTS) for one in parts)
    torch.testing.assert_close(
        layers.tangent_kernel(neurons, INSIDE, POINTS), first / 4 + 3 * second / 4, rtol=1e-10, atol=0
    )


@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_neurons_start_at_0_within_their_law(law):
    neurons = layers.draw(layers.Start(2.0, 0.3, 1.5, law), 1000, 3, chance())
    assert float(neurons(torch.randn(50, 3, generator=chance(1), dtype=DOUBLE)).abs().max()) < 1e-12
    assert float(neurons.biases.abs().max()) == pytest.approx(1.5, rel=0.01)
    if law == "uniform":
        assert float(neurons.weights.norm(dim=1).max()) == pytest.approx(2, rel=0.02)
        assert float(neurons.amplitudes.abs().max()) == pytest.approx(0.3, rel=0.02)
    torch.testing.assert_close(neurons.weights.mean(0), torch.zeros(3, dtype=DOUBLE), rtol=0, atol=0.25)


def test_a_predictor_meets_its_data_and_a_singular_kernel_is_told():
    two = torch.stack([VALUES, VALUES.flip(0)], 1)
    torch.testing.assert_close(flat(POINTS, POINTS, two, START), two, rtol=0, atol=1e-8)
    torch.testing.assert_close(flat(INSIDE, POINTS, two, START)[:, 0], flat(INSIDE, POINTS, VALUES, START))
    few = layers.draw(START, 2, 1, chance())
    with pytest.raises(ValueError, match="too few neurons"):
        finite(few, INSIDE, POINTS, VALUES)


def test_a_predictor_at_a_time_is_what_many_small_steps_give_and_ends_at_the_last_one():
    kernel, across = (layers.flat_kernel(one, POINTS, START) for one in (POINTS, INSIDE))
    weights = torch.zeros(5, dtype=DOUBLE)
    for _ in range(2000):
        weights += 0.01 * (VALUES - kernel @ weights)
    found = layers.predict(across, kernel, VALUES, 20.0)
    torch.testing.assert_close(found, across @ weights, rtol=0, atol=1e-4)
    torch.testing.assert_close(layers.predict(across, kernel, VALUES, 1e9), flat(INSIDE, POINTS, VALUES, START))


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_a_wide_range_of_biases_leads_to_the_principle_but_for_the_product(dimension):
    points = torch.rand(20, dimension, generator=chance(), dtype=DOUBLE) * 2 - 1
    points = points / dimension**0.5
    values, places = torch.sin(3 * points.sum(1)), points.roll(1, 0) * 0.7
    without, whole = [], []
    for bias in (4.0, 16.0, 64.0):
        start = layers.Start(1.0, 1.0, bias)
        wanted = lfp.solve(points, values, *start.moments(dimension))(places)
        without.append(rms(flat(places, points, values, start, False) - wanted))
        whole.append(rms(flat(places, points, values, start) - wanted))
    assert without[0] / without[1] == pytest.approx(4, rel=0.2)  # like 1 / bias
    assert without[1] / without[2] == pytest.approx(4, rel=0.1)
    assert whole[2] > 5 * without[2]
    assert whole[2] == pytest.approx(whole[1], rel=0.5)


def test_finite_networks_come_to_the_principle_like_a_power_and_then_to_a_floor():
    wanted = lfp.solve(POINTS, VALUES, *START.moments(1))(INSIDE)
    widths, means = (250, 1000, 4000, 16_000, 64_000), []
    for width in widths:
        draws = [layers.draw(START, width, 1, chance(seed)) for seed in range(12 if width < 10**4 else 3)]
        means.append(np.mean([rms(finite(one, INSIDE, POINTS, VALUES) - wanted) for one in draws]))
    assert -0.55 <= np.polyfit(np.log(widths), np.log(means), 1)[0] <= -0.3
    floor = rms(flat(INSIDE, POINTS, VALUES, START) - wanted)
    assert floor == pytest.approx(0.00116, rel=0.01)
    assert floor * 0.8 < means[-1] < 1.7 * floor
    assert log(means[0] / means[2]) / log(16) > log(means[3] / means[4]) / log(4) - 0.1  # it flattens


def test_descent_ends_where_the_principle_says():
    neurons = layers.draw(START, 2000, 1, chance())
    largest = 2000 * float(torch.linalg.eigvalsh(layers.tangent_kernel(neurons, POINTS, POINTS))[-1])
    trained, steps = layers.descend(neurons, POINTS, VALUES, 1.8 / largest, 20_000, until=1e-3)
    wanted = lfp.solve(POINTS, VALUES, *START.moments(1))(INSIDE)
    assert steps < 20_000
    assert float((trained(POINTS) - VALUES).square().sum()) <= 1e-3
    assert rms(trained(INSIDE) - wanted) < 0.02
    assert rms(trained(INSIDE) - finite(neurons, INSIDE, POINTS, VALUES)) < 0.02
    assert float(neurons(INSIDE).abs().max()) < 1e-12  # what was given is as it was


def test_descent_takes_the_steps_of_torch():
    neurons = layers.draw(layers.Start(1.0, 0.5, 1.0), 20, 2, chance())
    points = torch.randn(6, 2, generator=chance(1), dtype=DOUBLE)
    values = torch.randn(6, generator=chance(2), dtype=DOUBLE)
    network = nn.Sequential(nn.Linear(2, 20), nn.ReLU(), nn.Linear(20, 1, bias=False)).double()
    with torch.no_grad():
        network[0].weight.copy_(neurons.weights)
        network[0].bias.copy_(neurons.biases)
        network[2].weight.copy_(neurons.amplitudes[None])
    optimiser = torch.optim.SGD(network.parameters(), 0.01)
    for _ in range(7):
        optimiser.zero_grad()
        (0.5 * (network(points)[:, 0] - values).square().sum()).backward()
        optimiser.step()
    found, steps = layers.descend(neurons, points, values, 0.01, 7)
    assert steps == 7
    torch.testing.assert_close(found(points), network(points)[:, 0].detach())
    torch.testing.assert_close(found.weights, network[0].weight.detach())


def test_exclusive_or_is_the_same_for_a_wide_network():
    corners = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], dtype=DOUBLE)
    side = torch.linspace(-1, 1, 20, dtype=DOUBLE)
    places = torch.cartesian_prod(side, side)
    start = layers.Start(0.8, 0.2, 4.0, "normal")
    wanted = lfp.solve(corners, corners.prod(1), *start.moments(2))(places)
    wide = layers.draw(start, 32_000, 2, chance())
    half = layers.Neurons(wide.amplitudes[:16_000], wide.weights[:16_000], wide.biases[:16_000])
    assert rms(finite(half, places, corners, corners.prod(1)) - wanted) < 0.03
    assert rms(flat(places, corners, corners.prod(1), start) - wanted) == pytest.approx(0.0055, rel=0.1)


def test_what_does_not_fit_is_told():
    for wrong in ({"weight": 0.0}, {"bias": float("inf")}, {"law": "even"}):
        with pytest.raises(ValueError, match="law is uniform or normal"):
            layers.Start(**wrong)
    for count in (0, 3):
        with pytest.raises(ValueError, match="pairs"):
            layers.draw(START, count, 1, chance())
    neurons = layers.draw(START, 20, 1, chance())
    with pytest.raises(ValueError, match="where descent diverges"):
        layers.descend(neurons, POINTS, VALUES, 1.0, 10)
    with pytest.raises(ValueError, match="one output"):
        layers.descend(neurons, POINTS, torch.stack([VALUES, VALUES], 1), 1e-6, 10)
