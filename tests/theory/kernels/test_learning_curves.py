"""Learning curves against kernel regression itself, over many draws; against limits; and their equation again."""

import numpy as np
import pytest
import torch

from fourierscope.theory.kernels.learning_curves import learning_curve

VALUES = torch.tensor([1.0, 0.3, 0.1, 0.03, 0.01])
COUNTS = torch.tensor([1.0, 4.0, 10.0, 30.0, 60.0])
POWERS = torch.tensor([0.5, 0.3, 0.1, 0.08, 0.02])


def simulated(samples, ridge, noise, powers, draws=300, seed=0):
    """Errors (draws, modes) that lie in each mode, of ridge regression on independent normal functions."""
    chance = np.random.default_rng(seed)
    mode = np.repeat(np.arange(5), COUNTS.int().numpy())
    spread = np.sqrt(VALUES.numpy()[mode])
    found = np.zeros((draws, 5))
    for one in range(draws):
        target = np.sqrt((powers / COUNTS).numpy()[mode]) * chance.choice([-1.0, 1.0], len(mode))
        functions = chance.standard_normal((samples, len(mode)))
        scaled = functions * spread
        values = functions @ target + np.sqrt(noise) * chance.standard_normal(samples)
        fitted = spread * (scaled.T @ np.linalg.solve(scaled @ scaled.T + ridge * np.eye(samples), values))
        found[one] = np.bincount(mode, (fitted - target) ** 2)
    return found


def close(sampled, wanted, bias):
    """Whether means over draws (draws, ...) are as wanted, to four standard errors and a finite-size share."""
    error = sampled.std(0, ddof=1) / np.sqrt(len(sampled))
    return np.abs(sampled.mean(0) - wanted) <= 4 * error + bias * np.abs(wanted)


@pytest.mark.parametrize(
    ("samples", "ridge", "noise"), [(20, 0.1, 0.0), (60, 0.05, 0.2), (40, 1.0, 0.0), (200, 0.1, 0.1)]
)
def test_the_error_and_what_lies_in_each_mode_are_those_of_kernel_regression(samples, ridge, noise):
    found = learning_curve(VALUES, COUNTS, POWERS, torch.tensor([samples]), ridge, noise)
    sampled = simulated(samples, ridge, noise, POWERS)
    assert close(sampled.sum(1), float(found.error[0]), 0.02)
    assert close(sampled, found.within[0].numpy(), 0.06).all()


def test_what_a_mode_causes_is_the_error_of_a_target_in_that_mode_alone():
    samples, ridge = 40, 0.1
    found = learning_curve(VALUES, COUNTS, POWERS, torch.tensor([samples]), ridge)
    for place in (0, 1, 3):
        alone = torch.where(torch.arange(5) == place, POWERS, torch.zeros(5))
        sampled = simulated(samples, ridge, 0.0, alone, seed=place)
        assert close(sampled.sum(1), float(found.caused[0, place]), 0.05)
        apart = float(found.caused[0, place] - found.within[0, place])
        assert abs(apart) > 0.1 * float(found.caused[0, place])  # the two readings are told apart


def test_both_readings_add_up_to_the_error():
    found = learning_curve(VALUES, COUNTS, POWERS, torch.arange(0, 200, 20), 0.01)
    torch.testing.assert_close(found.caused.sum(1), found.error)
    torch.testing.assert_close(found.within.sum(1), found.error)
    noisy = learning_curve(VALUES, COUNTS, POWERS, torch.arange(0, 200, 20), 0.01, 0.3)
    torch.testing.assert_close(noisy.within.sum(1), noisy.error)


def test_without_samples_nothing_is_learned_and_with_many_all_is():
    found = learning_curve(VALUES, COUNTS, POWERS, torch.tensor([0, 10**7]), 0.01)
    torch.testing.assert_close(found.caused[0], POWERS.double())
    torch.testing.assert_close(found.within[0], POWERS.double())
    assert float(found.error[1]) < 1e-8


def test_more_samples_than_functions_are_least_squares():
    samples, noise = 210, 0.5
    found = learning_curve(VALUES, COUNTS, POWERS, torch.tensor([samples]), 0.0, noise)
    assert float(found.error[0]) == pytest.approx(noise * 105 / (samples - 105))


def test_modes_of_large_eigenvalues_are_learned_first():
    found = learning_curve(VALUES, COUNTS, POWERS, torch.tensor([30]), 0.01)
    shares = found.caused[0] / POWERS
    assert bool((shares.diff() > 0).all())


def test_the_level_solves_its_equation():
    p, ridge = 33.0, 0.02
    found = learning_curve(VALUES, COUNTS, POWERS, torch.tensor([p]), ridge)
    share = found.caused[0, 0] / found.caused[0, 1] * POWERS[1] / POWERS[0]  # ((p b + z) / (p a + z))^2
    ratio = float(share.sqrt())
    level = (p * 0.3 - ratio * p * 1.0) / (ratio - 1)
    again = ridge + level * float((COUNTS * VALUES / (p * VALUES + level)).sum())
    assert level == pytest.approx(again, rel=1e-5)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"values": torch.zeros(5)}, "above 0"),
        ({"powers": POWERS[:4]}, "one shape"),
        ({"ridge": -1.0}, "at least 0"),
        ({"ridge": 0.0, "samples": torch.tensor([105])}, "no bound"),
    ],
)
def test_what_has_no_curve_is_told(changed, says):
    given = {"values": VALUES, "multiplicities": COUNTS, "powers": POWERS, "samples": torch.tensor([10])} | changed
    with pytest.raises(ValueError, match=says):
        learning_curve(**given)
