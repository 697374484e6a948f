"""The tangent kernel of a network as it stands, against a slow loop; and the linear law, against gradient descent."""

import numpy as np
import pytest
import torch
from torch import nn

from fourierscope.theory.kernels.linear_law import modes_of, spectra
from fourierscope.theory.kernels.tangent import tangent_kernel


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv1d(1, 3, 3),
        nn.BatchNorm1d(3),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(9, 5),
        nn.Dropout(0.5),
        nn.Linear(5, 2),
    )


def slow(held, points, others):
    """One call of autograd for each point and output."""
    held = held.double().eval()

    def gradient(point, output):
        weights = [one for one in held.parameters() if one.requires_grad]
        found = torch.autograd.grad(held(point[None])[0, output], weights)
        return torch.cat([one.flatten() for one in found])

    rows, columns = (
        torch.stack([gradient(one, a) for one in several.double() for a in range(2)]) for several in (points, others)
    )
    return rows @ columns.T


@pytest.mark.parametrize("numbers", [1, 400, 2**25])
def test_the_kernel_is_that_of_a_slow_loop_whatever_the_blocks(numbers):
    points, others = drawn(5, 1, 5), drawn(3, 1, 5, seed=1)
    frozen = network()
    frozen[4].weight.requires_grad_(False)
    for held in (network(), frozen):
        wanted = slow(held, points, others)
        torch.testing.assert_close(tangent_kernel(held, points, others, numbers=numbers), wanted)
        whole = tangent_kernel(held, points, numbers=numbers)
        torch.testing.assert_close(whole, slow(held, points, points))
        torch.testing.assert_close(whole, whole.T)


def test_the_network_stays_as_it_was_and_in_its_precision():
    held = network().train()
    before = {name: one.clone() for name, one in held.state_dict().items()}
    assert tangent_kernel(held, drawn(4, 1, 5)).dtype == torch.float64
    assert tangent_kernel(held, drawn(4, 1, 5), dtype=torch.float32).dtype == torch.float32
    assert held.training
    assert all(torch.equal(one, before[name]) for name, one in held.state_dict().items())
    assert all(one.grad is None and one.dtype == torch.float32 for one in held.parameters())


def test_what_cannot_learn_has_no_tangent_kernel():
    with pytest.raises(TypeError, match="torch module; function"):
        tangent_kernel(drawn.__call__.__self__, drawn(3, 2))
    with pytest.raises(ValueError, match="No weight"):
        tangent_kernel(nn.Linear(2, 1).requires_grad_(False), drawn(3, 2))


class Sliced(nn.Module):
    """A network one of whose weights torch.func does not reach: a slice of a ParameterList makes new parameters."""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(drawn(2, 3)), nn.Parameter(drawn(1, 2))])

    def forward(self, points):
        held = points @ self.weights[0].T
        for one in self.weights[1:]:
            held = torch.tanh(held) @ one.T
        return held


def test_weights_that_are_not_reached_are_told():
    with pytest.raises(ValueError, match="does not reach all weights"):
        tangent_kernel(Sliced(), drawn(4, 3))


def test_the_linear_law_is_gradient_descent_of_a_linear_model():
    features, targets = drawn(6, 9).double(), drawn(6, seed=1).double()
    weights = torch.zeros(9, dtype=torch.float64, requires_grad=True)
    modes, rate = modes_of(features @ features.T), 0.1
    answers = modes.answers(torch.zeros(6, dtype=torch.float64), targets, rate, torch.arange(31))
    optimiser = torch.optim.SGD([weights], rate)
    for step in range(31):
        torch.testing.assert_close(answers[step], (features @ weights).detach())
        optimiser.zero_grad()
        (features @ weights - targets).square().mean().backward()
        optimiser.step()


def test_answers_elsewhere_are_those_of_small_steps_and_at_last_of_kernel_regression():
    features, others, targets = drawn(6, 9).double(), drawn(4, 9, seed=2).double(), drawn(6, 2, seed=1).double()
    modes, rows = modes_of(features @ features.T), others @ features.T
    weights, rate = torch.zeros(9, 2, dtype=torch.float64), 1e-3
    for _ in range(700):
        weights = weights - rate * 2 / 6 * features.T @ (features @ weights - targets)
    torch.testing.assert_close(modes.elsewhere(rows, targets, 0.7), others @ weights, rtol=0.01, atol=0.01)
    wanted = rows @ torch.linalg.solve(features @ features.T, targets)
    torch.testing.assert_close(modes.elsewhere(rows, targets, float("inf")), wanted)
    torch.testing.assert_close(modes.elsewhere(rows, targets[:, 0], 0.7), modes.elsewhere(rows, targets, 0.7)[:, 0])


def test_times_are_when_modes_reach_the_threshold_and_too_large_a_rate_never_does():
    modes = modes_of(torch.diag(torch.tensor([1.0, 4.0, 0.0, 2.0])))
    assert modes.values.tolist() == [4, 2, 1, 0]
    times = modes.times(0.5, 0.3)
    for place, value in enumerate((4.0, 2.0, 1.0)):
        factor = 1 - 2 * 0.5 * value / 4
        if factor == 0:
            assert float(times[place]) < 1e-2
        else:
            assert abs(factor) ** float(times[place]) == pytest.approx(0.3)
    assert np.isinf(float(times[3]))
    assert modes.largest_rate == 1
    assert np.isinf(float(modes.times(1.01, 0.3)[0]))
    assert not np.isinf(float(modes.times(0.99, 0.3)[0]))


def test_eigenvectors_of_a_kernel_on_a_closed_grid_are_waves():
    places = torch.arange(12, dtype=torch.float64) / 12
    kernel = torch.exp(torch.cos(2 * torch.pi * (places[:, None] - places)))
    held = spectra(modes_of(kernel).vectors)
    assert held.shape == (12, 7)
    assert ((held > 1e-6).sum(1) == 1).all()
    assert held.argmax(1).tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    assert bool((held[held < 1e-6] == 0).all())
