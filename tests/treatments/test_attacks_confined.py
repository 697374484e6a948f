"""Attacks confined to some frequencies stay in them, in their ball and in the box, and hurt as much as they may."""

import numpy as np
import pytest
import torch
from scipy import fft, optimize
from trials_made import changes, deep_trial, fooled_labels, hears, linear_trial

import fourierscope as fs
from fourierscope.fourier import Plane, cosine_matrix, filters
from fourierscope.treatments import band_pgd, low_frequency_pgd, pgd
from fourierscope.treatments.attacks import subspaces
from fourierscope.treatments.attacks.balls import Ball
from fourierscope.treatments.attacks.subspaces import Confined, fourier_band, low_cosines

SIZES = [(9, 8), (8, 8), (7, 9), (6, 11)]
BUDGETS = [("linf", 0.1), ("l2", 0.8)]


def leak_by_hand(before, after, gain):
    """The share (n,) of the energy of the changes where the gain is 0, by NumPy's transform in float64."""
    change = after.images.numpy().astype(np.float64) - before.images.numpy().astype(np.float64)
    power = np.abs(np.fft.fftshift(np.fft.fft2(change), axes=(-2, -1))) ** 2
    whole = power.sum((1, 2, 3))
    return (power * (gain.numpy() == 0)).sum((1, 2, 3)) / np.where(whole > 0, whole, 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("norm", "eps"), BUDGETS)
@pytest.mark.parametrize(("low", "high"), [(0, 2), (2, 4), (1, 1.1)])
def test_a_change_confined_to_a_band_leaks_next_to_nothing_and_keeps_ball_and_box(size, norm, eps, low, high):
    trial = deep_trial(size)
    attack = band_pgd(trial, low, high, norm, eps, steps=4)
    leak = leak_by_hand(trial.samples, attack.samples, filters.band_pass(Plane(*size), low, high))
    assert float(leak.max()) < 2.1e-5
    np.testing.assert_allclose(attack.leak.numpy(), leak, atol=1e-7)
    change = changes(trial.samples, attack.samples).flatten(1)
    used = change.abs().amax(1) if norm == "linf" else change.norm(dim=1)
    assert float(used.max()) <= eps + 1e-6
    assert torch.equal(attack.moved, change.any(1))
    assert int(attack.moved.sum()) >= 8
    assert float(attack.samples.images.min()) >= 0
    assert float(attack.samples.images.max()) <= 1


@pytest.mark.parametrize(("norm", "eps"), BUDGETS)
def test_a_change_confined_to_low_cosines_has_no_others(norm, eps):
    trial = deep_trial((9, 8))
    attack = low_frequency_pgd(trial, 0.4, norm, eps, steps=4)
    cosines = fft.dctn(changes(trial.samples, attack.samples).double().numpy(), axes=(-2, -1), norm="ortho") ** 2
    outside = cosines.sum((1, 2, 3)) - cosines[..., :4, :3].sum((1, 2, 3))
    share = outside / cosines.sum((1, 2, 3))
    assert float(share.max()) < 2.1e-5
    np.testing.assert_allclose(attack.leak.numpy(), share, atol=1e-7)
    assert bool(attack.moved.all())


def test_a_band_of_all_frequencies_and_all_cosines_hurt_as_plain_pgd_does():
    trial = deep_trial(count=30)
    plain = fooled_labels(trial, pgd(trial, eps=0.01, steps=6))
    assert 5 < int(plain.sum()) < 28
    for attack in (band_pgd(trial, 0, 99, eps=0.01, steps=6), low_frequency_pgd(trial, 1.0, eps=0.01, steps=6)):
        assert abs(int(fooled_labels(trial, attack.samples).sum()) - int(plain.sum())) <= 1
        assert float(attack.leak.max()) < 1e-9


@pytest.mark.parametrize("size", [(5, 4), (6, 7)])
def test_in_a_linear_classifier_an_l2_band_reaches_eps_times_the_weights_in_the_band(size):
    trial, weight = linear_trial(size)
    inside = filters.apply(weight, filters.band_pass(Plane(*size), 1, 2))
    attack = band_pgd(trial, 1, 2, "l2", 0.05, steps=6, step=2.0)
    pushed = (changes(trial.samples, attack.samples) * weight).sum((1, 2, 3)).abs()
    torch.testing.assert_close(pushed, (0.05 * inside.norm()).expand(6), rtol=1e-3, atol=0)


@pytest.mark.parametrize("ball", [Ball("l2", 0.5), Ball("linf", 0.2)])
def test_the_settled_change_is_the_nearest_one_that_is_allowed(ball):
    """Against a general solver, in coordinates of the band."""
    chance = torch.Generator().manual_seed(0)
    image = torch.rand(1, 1, 4, 5, generator=chance)
    image[0, 0, 0, :2], image[0, 0, 2, 1:3] = 1.0, 0.0
    wanted = torch.randn(1, 1, 4, 5, generator=chance)
    region = Confined(ball, fourier_band(Plane(4, 5), 1, 2.5))
    projector = region.subspace(torch.eye(20, dtype=torch.float64).view(20, 1, 4, 5)).reshape(20, 20).numpy()
    basis = np.linalg.svd(projector)[0][:, : round(projector.trace())]
    flat, aim = image.flatten().double().numpy(), wanted.flatten().double().numpy()
    low, high = (-flat, 1 - flat) if ball.norm == "l2" else (np.maximum(-flat, -0.2), np.minimum(1 - flat, 0.2))
    bounds = [
        {"type": "ineq", "fun": lambda c: basis @ c - low},
        {"type": "ineq", "fun": lambda c: high - basis @ c},
        {"type": "ineq", "fun": lambda c: (0.5 if ball.norm == "l2" else 99) ** 2 - c @ c},
    ]
    solved = optimize.minimize(
        lambda c: ((basis @ c - aim) ** 2).sum(), np.zeros(basis.shape[1]), constraints=bounds, method="SLSQP"
    )
    assert solved.success
    settled = (region.reached(image, wanted) - image).flatten().double().numpy()
    assert np.linalg.norm(settled - basis @ solved.x) < 0.03 * np.linalg.norm(settled)


def test_an_image_that_does_not_settle_in_time_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(subspaces, "_AT_THE_END", 3)
    trial = deep_trial()
    attack = band_pgd(trial, 1, 3, steps=2)
    assert not attack.moved.any()
    assert torch.equal(attack.samples.images, trial.samples.images)


def test_the_attack_finds_the_wave_that_the_classifier_hears_and_only_in_its_band():
    plane = Plane(8, 9)
    classifier = fs.Classifier(hears(plane, (2, 1), 0.4))
    grey = 0.5 + 0.001 * torch.rand(3, 1, 8, 9, generator=torch.Generator().manual_seed(0))
    trial = fs.Trial(classifier, fs.Samples(grey, [0, 0, 0]))
    within = band_pgd(trial, 2, 3, "l2", 1.0, steps=10)
    assert bool(fooled_labels(trial, within.samples).all())
    power = fs.to_spectrum(changes(trial.samples, within.samples)).abs().square().mean((0, 1))
    place = plane.position((2, 1))
    assert float(power[place] + power[plane.position((-2, -1))]) > 0.9 * float(power.sum())
    with pytest.raises(ValueError, match="zero for all 3"):
        band_pgd(trial, 3.5, 4.5, "l2", 1.0)  # none of its waves is heard


def test_an_image_without_an_allowed_change_stays_as_it_is():
    trial = deep_trial()
    images = trial.samples.images.clone()
    images[3] = 1.0  # white: every change of mean zero would leave the box somewhere
    some = fs.Trial(trial.classifier, fs.Samples(images[2:5], trial.samples.labels[2:5]))
    attack = band_pgd(some, 1, 3, steps=2)
    assert attack.moved.tolist() == [True, False, True]
    assert torch.equal(attack.samples.images[1], images[3])
    assert float(attack.leak[1]) == 0


def test_the_attack_of_an_image_knows_neither_its_neighbours_nor_the_batch():
    trial = deep_trial((7, 9))
    for norm, eps in BUDGETS:
        together = band_pgd(trial, 1, 3, norm, eps, steps=3, restarts=2)
        alone = band_pgd(trial, 1, 3, norm, eps, steps=3, restarts=2, batch=1)
        torch.testing.assert_close(alone.samples.images, together.samples.images, rtol=0, atol=2e-5)


def test_names_say_which_frequencies():
    trial = deep_trial()
    assert band_pgd(trial, 1, 3, steps=1).samples.name == (
        "made under PGD in the band 1 to 3, linf eps 0.03137, 1 steps, seed 0, on Sequential"
    )
    assert low_frequency_pgd(trial, 0.5, "l2", 0.5, 2, restarts=3, seed=4).samples.name == (
        "made under PGD in the lowest 0.5 of the cosines, l2 eps 0.5, 2 steps, 3 restarts, seed 4, on Sequential"
    )


@pytest.mark.parametrize(("low", "high"), [(3, 3), (6, 9), (4, 2)])
def test_a_band_without_a_frequency_is_refused(low, high):
    with pytest.raises(ValueError, match="No frequency of a plane of 9 x 8"):
        band_pgd(deep_trial(), low, high)


@pytest.mark.parametrize("ratio", [0.0, 1.5, -1.0, float("nan")])
def test_a_ratio_that_is_none_is_refused(ratio):
    with pytest.raises(ValueError, match="ratio is the share"):
        low_frequency_pgd(deep_trial(), ratio)


@pytest.mark.parametrize("attack", [lambda trial, **rest: band_pgd(trial, 1, 3, **rest), low_frequency_pgd])
def test_labels_and_budgets_are_asked_for(attack):
    trial = deep_trial()
    with pytest.raises(ValueError, match="has no labels"):
        attack(fs.Trial(trial.classifier, fs.Samples(trial.samples.images)))
    with pytest.raises(ValueError, match="at most 1"):
        attack(trial, eps=8.0)
    with pytest.raises(ValueError, match="restarts is"):
        attack(trial, restarts=0)


@pytest.mark.parametrize("side", [1, 2, 5, 8])
def test_the_cosine_matrix_is_that_of_scipy(side):
    matrix = cosine_matrix(side)
    np.testing.assert_allclose(matrix.numpy(), fft.dct(np.eye(side), axis=0, norm="ortho"), atol=1e-12)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(side, dtype=torch.float64))


def test_a_cosine_matrix_has_a_side():
    with pytest.raises(ValueError, match="at least one pixel"):
        cosine_matrix(0)


def test_a_projection_done_twice_is_done_once():
    images = torch.rand(2, 3, 6, 7, generator=torch.Generator().manual_seed(0))
    for projection in (fourier_band(Plane(6, 7), 1, 3), low_cosines(Plane(6, 7), 0.3)):
        once = projection(images)
        torch.testing.assert_close(projection(once), once)
        assert float((once * (images - once)).sum().abs()) < 1e-4
        assert float(once.norm()) < 0.9 * float(images.norm())


def test_names_tell_steps_of_another_length_restarts_and_seed():
    trial = deep_trial((4, 5), count=4)
    told = "linf eps 0.1, 2 steps of 0.02, 2 restarts, seed 3, on"
    options = {"eps": 0.1, "steps": 2, "step": 0.02, "restarts": 2, "seed": 3}
    assert f"PGD {told}" in pgd(trial, **options).name
    assert f"PGD in the band 1 to 3, {told}" in band_pgd(trial, 1, 3, **options).samples.name
    assert f"PGD in the lowest 0.5 of the cosines, {told}" in low_frequency_pgd(trial, 0.5, **options).samples.name
    assert "2 steps, seed 0" in band_pgd(trial, 1, 3, steps=2).samples.name
