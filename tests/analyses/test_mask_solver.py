"""The solver of masks: fidelities, slopes, the convex optimum, certificates, batches, paths, the article's Adam."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from masks_made import PLANES, asked_of, drawn, logistic, pictures, relu_network, softplus_network
from scipy.optimize import minimize

import fourierscope as fs
from fourierscope.analyses.masks.adam import RATE, adam_masks
from fourierscope.analyses.masks.fidelity import FIDELITIES, loss_named
from fourierscope.analyses.masks.objective import ImageObjective
from fourierscope.analyses.masks.path import Path
from fourierscope.analyses.masks.solver import (
    Evaluation,
    Penalty,
    Stop,
    _Descent,
    _joined,
    certificates,
    least_masks,
    means,
)
from fourierscope.fourier.pairs import Modulated, Pairs

# --- the fidelity and its slopes


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_a_fidelity_is_what_its_formula_says(fidelity):
    logits, whole, targets = drawn(5, 4), drawn(5, 4, seed=2), torch.tensor([0, 1, 2, 3, 1])
    found = loss_named(fidelity)(logits, targets, whole)
    for one in range(5):
        p, q, t = torch.softmax(whole[one], 0), torch.softmax(logits[one], 0), int(targets[one])
        others = [place for place in range(4) if place != t]
        margins = [float(z[t] - z[others].max()) for z in (whole[one], logits[one])]
        slow = {
            "cross-entropy": -float(q[t].log()),
            "squared-difference": float(torch.exp((q[t].log() - p[t].log()) ** 2) - 1),
            "divergence": float((p * (p / q).log()).sum()),
            "margin": max(0.0, margins[0] - margins[1]),
        }
        assert float(found[one]) == pytest.approx(slow[fidelity], rel=1e-4, abs=1e-6)


def test_the_squared_difference_stays_finite_and_climbs():
    logits = torch.tensor([[0.0, 60.0]], requires_grad=True)
    steep = loss_named("squared-difference")(logits, torch.tensor([0]), torch.zeros(1, 2))
    steep.sum().backward()
    assert torch.isfinite(steep).all()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, 1] > 0


@pytest.mark.parametrize("fidelity", FIDELITIES)
@pytest.mark.parametrize("size", PLANES)
def test_slopes_are_finite_differences(size, fidelity):
    trial = fs.Trial(softplus_network(size), pictures(size, 3))
    for shared in (True, False):
        asked = asked_of(trial, fidelity, "scrambled", shared, draws=2)
        objective = ImageObjective(asked, torch.arange(3))
        gains = 0.3 + 0.4 * torch.rand(3, *asked.gains, generator=torch.Generator().manual_seed(5))
        slopes, bins = objective.evaluate(gains).slopes, objective.bins
        direction = drawn(3, *asked.gains, seed=8)
        small = 3e-3
        change = (
            objective.evaluate(gains + small * direction).values - objective.evaluate(gains - small * direction).values
        )
        told = ((slopes * direction) @ bins.float()).sum(1)
        torch.testing.assert_close(change / (2 * small), told, rtol=0.03, atol=4e-3)


@pytest.mark.parametrize("shared", [True, False])
def test_a_fidelity_is_the_mean_over_the_draws_of_the_infill(shared):
    trial = fs.Trial(softplus_network((6, 7)), pictures((6, 7), 4))
    asked, images = asked_of(trial, "divergence", "random-phase", shared, draws=3), trial.samples.batch()
    gains = torch.rand(4, *asked.gains, generator=torch.Generator().manual_seed(5))
    found, losses = ImageObjective(asked, torch.arange(4)).evaluate(gains), []
    for draw in range(3):
        masked = Modulated.of(images, asked.infills.at(torch.arange(4), draw)).images(gains)
        before, after = (trial.classifier(one).log_softmax(1) for one in (images, masked))
        losses.append((before.exp() * (before - after)).sum(1))
    assert torch.stack(losses).std(0).min() > 2e-4
    torch.testing.assert_close(found.values, torch.stack(losses).mean(0).detach(), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("power", [1, 1.5, 2, 3])
def test_the_penalty_is_the_mean_over_the_plane_and_its_slopes_are_those_of_each_bin(power):
    pairs = Pairs(fs.Plane(5, 6))
    gains = torch.rand(3, 2, len(pairs), generator=torch.Generator().manual_seed(1)).double().requires_grad_()
    penalty = Penalty(0.3, power)
    values = penalty.values(gains, pairs.bins)
    torch.testing.assert_close(values, 0.3 * pairs.spread(gains).pow(power).mean((1, 2, 3)))
    values.sum().backward()
    torch.testing.assert_close(penalty.slopes(gains.detach(), pairs.bins) * pairs.bins, gains.grad)
    ends = penalty.slopes(torch.tensor([[[0.0, 1.0]]]), torch.ones(2))
    assert ends.flatten().tolist() == pytest.approx([0.15 if power == 1 else 0, 0.15 * power])


# --- the least mask


@pytest.mark.parametrize("size", PLANES)
def test_a_logistic_model_reaches_the_convex_optimum(size):
    trial = fs.Trial(logistic(size), pictures(size, 6))
    asked = asked_of(trial)
    objective, penalty = ImageObjective(asked, torch.arange(6)), Penalty(0.3)
    masks = least_masks(objective, penalty, torch.ones(6, *asked.gains), 6, Stop(certificate=1e-3, rest=-1, steps=3000))
    assert (masks.certificate <= 1e-2).all()  # as far as rounding lets see
    assert (means(masks.gains, objective.bins) > 0.02).all()  # no least mask is none here
    bins = objective.bins.numpy()
    for item in range(6):
        own = ImageObjective(asked, torch.tensor([item]))

        def whole(gains, own=own):
            given = torch.from_numpy(gains).float()[None, None]
            found = own.evaluate(given)
            slopes = (found.slopes + penalty.slopes(given, own.bins))[0, 0].double().numpy() * bins
            return float(found.values[0] + penalty.values(given, own.bins)[0]), slopes

        best = minimize(whole, np.ones(len(bins)), jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(bins),
                        options={"maxiter": 5000, "ftol": 1e-13, "gtol": 1e-9})  # fmt: skip
        assert best.fun - 2e-5 < float(masks.objective[item]) < best.fun + 1e-6


def test_the_certificate_is_the_residual_of_the_conditions():
    gains = torch.tensor([[[0.0, 0.0, 1.0, 1.0, 0.5]]])
    slopes = torch.tensor([[[0.02, -0.03, -0.01, 0.04, 0.005]]])
    assert certificates(gains, slopes, 0.01).item() == pytest.approx(4.0)
    assert certificates(gains, slopes * torch.tensor([1.0, 0, 1, 0, 0]), 0.01).item() == 0


def test_slopes_on_both_sides_of_a_kink_are_joined_to_the_shortest_between_that_gains_can_follow():
    aim, slopes = drawn(6, 2, 9, seed=1), drawn(6, 2, 9, seed=2)
    gains = torch.rand(6, 2, 9, generator=torch.Generator().manual_seed(3)).mul(3).sub(1).clamp(0, 1)  # some at an end
    scale, bins = drawn(6, 2, 9, seed=4).exp(), torch.tensor([1.0, 2, 2, 2, 1, 2, 2, 2, 1])
    names = {field.name: torch.zeros(6) for field in fields(_Descent)}
    found = _joined(_Descent(**names | {"gains": gains, "aim": aim, "scale": scale}), slopes, bins)
    stuck = ((gains == 0) & (aim > 0)) | ((gains == 1) & (aim < 0))  # these cannot go down: no step moves them
    assert 0 < int(stuck.sum()) < stuck.numel()
    shares = torch.linspace(0, 1, 20001)[:, None, None]
    for item in range(6):
        between = aim[item] - shares * (aim[item] - slopes[item])
        length = (between.square() * scale[item] * bins * ~stuck[item]).sum((1, 2))
        torch.testing.assert_close(found[item], between[length.argmin()], atol=1e-3, rtol=0)


class Rounded:
    """A fidelity with its least value at gains of 0.3 that hardly differs from a large constant: float32 rounds it, and
    all values but the first come out one place too high.
    """

    bins = torch.ones(4, dtype=torch.float64)
    lowest = torch.tensor(1000.0)

    def hold(self, items):
        self.rows = len(items)

    def scale(self):
        return torch.ones(self.rows, 1, 4)

    def evaluate(self, gains):
        away = gains - 0.3
        values = self.lowest + 1e-4 * away.square().sum((1, 2))
        self.lowest = torch.tensor(1000.0).nextafter(torch.tensor(2000.0))
        return Evaluation(values, 2e-4 * away, torch.ones(self.rows))


def test_descent_goes_on_by_the_slopes_where_the_objective_falls_less_than_it_is_rounded():
    found = least_masks(Rounded(), Penalty(1e-7), drawn(3, 1, 4).sigmoid(), 3, Stop(rest=-1, steps=200))
    assert (found.certificate <= 0.05).all()
    assert (found.steps < 200).all()
    assert not found.spent.any()
    torch.testing.assert_close(found.gains, torch.full((3, 1, 4), 0.3), atol=1e-3, rtol=0)


def test_most_masks_of_smooth_networks_are_certified():
    for classifier in (logistic((8, 8)), softplus_network((8, 8))):
        result = fs.Mask(sparsity=0.3)(fs.Trial(classifier, pictures((8, 8), 40)))
        assert float((result["certificate"] <= 0.05).mean()) >= 0.95
        assert result["certified"] == (result["certificate"] <= 0.05).mean()


@pytest.mark.parametrize("make", [logistic, softplus_network, relu_network])
def test_a_batch_gives_the_masks_that_come_one_by_one(make):
    trial = fs.Trial(make((6, 7)), pictures((6, 7), 30))
    question = fs.Mask(sparsity=0.3, tolerance=1e-3)
    together = fs.run(question, trial, batch=30)
    singly = fs.run(question, trial, batch=1)
    entering = fs.run(question, trial, batch=7)
    for other in (singly, entering):
        np.testing.assert_array_equal(together["kept"], other["kept"])
        np.testing.assert_allclose(together["mask"], other["mask"], rtol=0, atol=1e-4)
        np.testing.assert_allclose(together["objective"], other["objective"], rtol=1e-5)


def test_the_size_at_a_loss_is_the_least_one_found_that_loses_no_more():
    sizes, rises = torch.tensor([[[0.8], [0.5], [0.1]]] * 2), torch.tensor([[[0.0], [0.2], [0.9]]] * 2)
    whole = Path((1.0, 2.0, 3.0), sizes, rises + 0.4, torch.tensor([0.4]), sizes < 0)
    found = whole.sizes_at((0.1, 0.2001, 5.0))
    torch.testing.assert_close(found[0, :, 0], torch.tensor([0.8, 0.5, 0.1]))
    dear = Path((1.0,), sizes[:, :1], rises[:, 1:2] + 0.4, torch.tensor([0.4]), sizes[:, :1] < 0)
    assert dear.sizes_at((0.1,))[0, 0, 0] == 1


class Deaf:
    """A fidelity that no gain changes, of two items whose predictions are kept or not."""

    bins = torch.ones(4, dtype=torch.float64)
    kept = torch.tensor([1.0, 0.0])

    def hold(self, items):
        self.items = items

    def scale(self):
        return torch.ones(len(self.items), 1, 4)

    def evaluate(self, gains):
        return Evaluation(torch.zeros(len(gains)), torch.zeros_like(gains), self.kept[self.items])


def test_adam_stops_300_steps_after_all_is_at_rest_where_the_prediction_is_kept():
    found = adam_masks(Deaf(), Penalty(0.3), torch.ones(2, 1, 4), 1000, 2)
    until = -(-1 // RATE)  # steps from 1 to 0, where the slope is the same at each
    assert until + 300 <= int(found.steps[0]) <= until + 305
    assert found.spent.tolist() == [False, True]
    assert int(found.steps[1]) == 1000
    assert (found.gains == 0).all()


def test_adam_goes_the_same_way_and_stops_by_the_article_s_rule():
    trial = fs.Trial(logistic((6, 6)), pictures((6, 6), 3))
    asked = asked_of(trial)
    objective, penalty, ones = ImageObjective(asked, torch.arange(3)), Penalty(0.3), torch.ones(3, *asked.gains)
    least = least_masks(objective, penalty, ones, 3, Stop(certificate=1e-3, rest=-1, steps=2000))
    found = adam_masks(objective, penalty, ones, 6000, 3)
    assert (found.objective >= least.objective - 1e-6).all()
    torch.testing.assert_close(found.objective, least.objective, atol=2e-3, rtol=0)
    assert (found.steps >= 300).all()
    assert (found.steps < 6000).all()
    torch.testing.assert_close(
        means(found.gains, objective.bins), means(least.gains, objective.bins), atol=0.02, rtol=0
    )
