"""PGD and FGSM on trials: exact where the answer is known, inside ball and box, each image by itself."""

import warnings
from itertools import pairwise
from math import sqrt

import pytest
import torch
from torch import nn
from trials_made import chance, changes, deep_trial, fooled_labels, hears, linear_trial

import fourierscope as fs
from fourierscope.fourier import Plane
from fourierscope.treatments import L2PGD, fgsm, pgd
from fourierscope.treatments.attacks.balls import Ball
from fourierscope.treatments.attacks.gradients import mistake_log_odds, slopes

BUDGETS = [("linf", 0.1), ("l2", 0.7)]


def margins(trial, samples):
    """By how much (n,) the label's logit leads in two classes."""
    with torch.no_grad():
        logits = trial.classifier(samples.batch())
    own = logits.gather(1, trial.samples.labels[:, None])[:, 0]
    return 2 * own - logits.sum(1)


@pytest.mark.parametrize("size", [(5, 4), (3, 7), (6, 6)])
def test_in_a_linear_classifier_the_margin_falls_by_eps_times_the_dual_norm_of_the_weights(size):
    trial, weight = linear_trial(size)
    before = margins(trial, trial.samples)
    for norm, dual in (("linf", weight.abs().sum()), ("l2", weight.square().sum().sqrt())):
        after = margins(trial, pgd(trial, norm, eps=0.05, steps=6, step=2.0))  # long steps: soon on the ray
        torch.testing.assert_close(before - after, (0.05 * dual).expand(6), rtol=1e-4, atol=1e-5)


def test_fgsm_is_one_step_of_length_eps_from_the_image_itself():
    trial = deep_trial()
    images = trial.samples.batch().requires_grad_()
    loss = nn.functional.cross_entropy(trial.classifier(images), trial.samples.labels, reduction="sum")
    by_hand = (images + 0.03 * torch.autograd.grad(loss, images)[0].sign()).clamp(0, 1)
    torch.testing.assert_close(fgsm(trial, 0.03).batch(), by_hand.detach())


@pytest.mark.parametrize(("norm", "eps"), BUDGETS)
def test_attacked_images_stay_in_their_ball_and_in_the_box_and_use_the_ball_up(norm, eps):
    trial = deep_trial()
    after = pgd(trial, norm, eps, steps=8, restarts=2)
    change = changes(trial.samples, after).flatten(1)
    size = change.abs().amax(1) if norm == "linf" else change.norm(dim=1)
    assert float(size.max()) <= eps + 1e-6
    assert float(size.max()) > 0.9 * eps
    assert float(after.images.min()) >= 0
    assert float(after.images.max()) <= 1
    assert after.images.dtype == torch.float32


@pytest.mark.parametrize(("norm", "eps"), BUDGETS)
def test_the_attack_of_an_image_knows_neither_its_neighbours_nor_the_batch(norm, eps):
    trial = deep_trial()
    together = pgd(trial, norm, eps, steps=3, restarts=2)
    for batch in (1, 4):
        torch.testing.assert_close(pgd(trial, norm, eps, steps=3, restarts=2, batch=batch).images, together.images)
    some = [7, 2, 5]
    alone = pgd(fs.Trial(trial.classifier, trial.samples.subset(some)), norm, eps, steps=3, restarts=2)
    torch.testing.assert_close(alone.images, together.images[some])


@pytest.mark.parametrize(("norm", "eps"), [("linf", 0.02), ("l2", 0.2)])
def test_more_restarts_never_do_less_and_somewhere_do_more(norm, eps):
    trial = deep_trial(count=30)
    labels, found = trial.samples.labels, []
    for restarts in (1, 2, 4):
        after = pgd(trial, norm, eps, steps=1, restarts=restarts)
        with torch.no_grad():
            found.append((fooled_labels(trial, after), mistake_log_odds(trial.classifier(after.batch()), labels)))
    for (fooled, odds), (more_fooled, more_odds) in pairwise(found):
        assert bool((more_fooled >= fooled).all())
        still = ~more_fooled
        assert bool((more_odds[still] >= odds[still] - 1e-5).all())
        assert bool((more_odds[still] > odds[still] + 1e-5).any())


def test_of_several_restarts_the_first_that_is_misclassified_counts():
    trial = deep_trial(count=30)
    once, often = (pgd(trial, eps=0.05, steps=1, restarts=restarts) for restarts in (1, 5))
    fooled = fooled_labels(trial, once)
    assert 0 < int(fooled.sum()) < 30
    torch.testing.assert_close(often.images[fooled], once.images[fooled])


@pytest.mark.parametrize("name", ["natural", "gaussian", "adversarial"])
def test_accuracy_falls_with_eps_down_to_nothing(name):
    samples = fs.open_samples("patches:test").subset(range(20))
    trial = fs.Trial(fs.open_classifier(f"reference:{name}"), samples)
    wrong = [int(fooled_labels(trial, pgd(trial, eps=eps / 255, steps=5)).sum()) for eps in (0, 4, 8, 64)]
    assert wrong == sorted(wrong)
    assert wrong[0] < wrong[1] < wrong[2]
    assert wrong[-1] == 20


def test_an_eps_of_zero_changes_nothing():
    trial = deep_trial()
    for norm, _ in BUDGETS:
        assert torch.equal(pgd(trial, norm, 0.0, steps=2).images, trial.samples.images)


def test_the_start_follows_from_the_seed_and_fills_the_ball():
    images = torch.rand(400, 1, 2, 2, generator=chance())
    for norm, inner in (("linf", 0.5**4), ("l2", 0.5**4)):
        ball = Ball(norm, 0.3)
        start, again, other = (ball.start(images, "start", seed) for seed in (0, 0, 1))
        assert torch.equal(start, again)
        assert not torch.equal(start, other)
        size = start.flatten(1).abs().amax(1) if norm == "linf" else start.flatten(1).norm(dim=1)
        assert float(size.max()) <= 0.3
        assert abs(float((size < 0.15).float().mean()) - inner) < 4 * sqrt(inner / 400)
        assert abs(float((size < 0.3 * 0.5**0.25).float().mean()) - 0.5) < 4 * sqrt(0.25 / 400)


def test_a_classifier_is_never_shown_an_image_outside_the_box():
    trial, seen = deep_trial(), []

    def watched(images):
        seen.append((float(images.detach().min()), float(images.detach().max())))
        return trial.classifier(images)

    for norm, eps in BUDGETS:
        pgd(fs.Trial(fs.Classifier(watched), trial.samples), norm, eps, steps=3)
    assert min(low for low, _ in seen) >= -1e-6
    assert max(high for _, high in seen) <= 1 + 1e-6


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_a_step_has_length_one_in_its_norm_however_steep_the_slope(scale):
    slope = scale * torch.randn(4, 3, 5, 6, generator=chance())
    slope[2] = 0
    torch.testing.assert_close(Ball("l2", 0.1).steepest(slope).flatten(1).norm(dim=1), torch.tensor([1.0, 1, 0, 1]))
    assert Ball("linf", 0.1).steepest(slope).abs().amax((1, 2, 3)).tolist() == [1, 1, 0, 1]


def test_the_name_says_what_was_done_and_labels_and_classes_stay():
    trial = deep_trial()
    after = pgd(trial, eps=8 / 255, steps=3)
    assert after.name == "made under PGD linf eps 0.03137, 3 steps, seed 0"
    assert pgd(trial, "l2", 0.5, 2, 0.3, 2, 5).name == "made under PGD l2 eps 0.5, 2 steps of 0.3, 2 restarts, seed 5"
    assert fgsm(trial, 0.5).name == "made under FGSM eps 0.5"
    assert torch.equal(after.labels, trial.samples.labels)
    assert after.classes == trial.samples.classes


def test_the_slope_of_the_log_odds_points_as_that_of_the_cross_entropy():
    trial = deep_trial(gain=1.0)
    images, labels = trial.samples.batch().double().requires_grad_(), trial.samples.labels
    network = trial.classifier.network.double()
    loss = nn.functional.cross_entropy(network(images), labels, reduction="sum")
    of_loss = torch.autograd.grad(loss, images)[0]
    of_odds = slopes(network, images, labels)
    cosine = nn.functional.cosine_similarity(of_loss.flatten(1), of_odds.flatten(1))
    torch.testing.assert_close(cosine, torch.ones_like(cosine))
    with torch.no_grad():
        odds, entropy = (
            mistake_log_odds(network(images), labels),
            nn.functional.cross_entropy(network(images), labels, reduction="none"),
        )
    torch.testing.assert_close(nn.functional.softplus(odds), entropy)


def test_a_classifier_too_sure_for_its_softmax_is_no_safer():
    trial, weight = linear_trial(scale=3000.0)
    images = trial.samples.batch().requires_grad_()
    loss = nn.functional.cross_entropy(trial.classifier(images), trial.samples.labels, reduction="none")
    assert int((torch.autograd.grad(loss.sum(), images)[0].flatten(1).abs().amax(1) == 0).sum()) >= 3
    fall = margins(trial, trial.samples) - margins(trial, pgd(trial, eps=0.05, steps=5))
    torch.testing.assert_close(fall, (0.05 * weight.abs().sum()).expand(6), rtol=1e-3, atol=0)


def test_nothing_given_is_changed():
    trial = deep_trial(batchnorm=True)
    network = trial.classifier.network
    network[0].weight.grad = torch.full_like(network[0].weight, 7.0)
    kept, images = {name: one.clone() for name, one in network.state_dict().items()}, trial.samples.images.clone()
    state = torch.random.get_rng_state()
    network[1].train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trained = pgd(trial, steps=2)
    assert network[1].training
    assert not network[0].training
    network[1].eval()
    assert torch.equal(trained.images, pgd(trial, steps=2).images)
    assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())
    assert bool((network[0].weight.grad == 7).all())
    assert all(one.grad is None for name, one in network.named_parameters() if name != "0.weight")
    assert torch.equal(trial.samples.images, images)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_classifier_in_bfloat16_is_attacked_too():
    trial = deep_trial(count=20)
    low = fs.Trial(fs.Classifier(trial.classifier.network, mean=0.5, std=1 / 6, precision="bfloat16"), trial.samples)
    assert int(fooled_labels(low, pgd(low, eps=0.1, steps=5)).sum()) > 15
    torch.testing.assert_close(pgd(low, eps=0.1, steps=2).images, pgd(low, eps=0.1, steps=2, batch=3).images)


def test_gradients_switched_off_around_the_attack_do_not_matter():
    trial = deep_trial()
    with torch.no_grad():
        inside = pgd(trial, steps=2)
    assert torch.equal(inside.images, pgd(trial, steps=2).images)


def without_gradients(images):
    with torch.no_grad():
        return deep_trial().classifier(images)


def rounded(images):
    return deep_trial().classifier((images * 4).round() / 4)


def by_luck_of_a_constant(images):
    return torch.ones(len(images), 2, requires_grad=True)


@pytest.mark.parametrize(
    ("network", "said"),
    [(without_gradients, "carry no gradient"), (by_luck_of_a_constant, "carry no gradient"), (rounded, "zero for all")],
)
def test_a_classifier_without_a_gradient_is_refused_and_not_called_robust(network, said):
    samples = deep_trial().samples
    trial = fs.Trial(fs.Classifier(network), fs.Samples(samples.images, samples.labels.clamp(max=1)))
    for attack in (pgd, fgsm):
        with pytest.raises(ValueError, match=said):
            attack(trial)


def test_images_without_a_gradient_are_warned_about():
    samples = fs.Samples(torch.cat([torch.zeros(1, 1, 4, 5), torch.full((2, 1, 4, 5), 0.5)]), [0, 0, 0])

    def network(images):
        heard = images.clamp(min=0.3).sum((1, 2, 3))
        return torch.stack([heard, -heard], 1)

    with pytest.warns(UserWarning, match="The gradient of 1 of 3 images is zero"):
        pgd(fs.Trial(fs.Classifier(network), samples), eps=0.1, steps=2)


def test_gradients_that_are_no_numbers_are_refused():
    def network(images):
        whole = (images * 0).sum((1, 2, 3))
        return torch.stack([whole.sqrt(), whole + 1], 1)

    samples = fs.Samples(torch.full((3, 1, 4, 4), 0.5), [0, 1, 0])
    with pytest.raises(ValueError, match="gradients of 3 of 3 images are NaN or infinite"):
        fgsm(fs.Trial(fs.Classifier(network), samples))


def test_logits_that_are_no_numbers_are_refused():
    samples = fs.Samples(torch.full((3, 1, 4, 4), 0.5), [0, 1, 0])
    network = hears(Plane(4, 4), (1, 0), float("nan"))
    with pytest.raises(ValueError, match="NaN or infinite"):
        pgd(fs.Trial(fs.Classifier(network), samples))


def test_samples_without_labels_or_with_those_of_another_task_are_refused():
    trial = deep_trial()
    bare = fs.Trial(trial.classifier, fs.Samples(trial.samples.images))
    strange = fs.Trial(trial.classifier, fs.Samples(trial.samples.images, [9] * 10))
    for attack in (pgd, fgsm):
        with pytest.raises(ValueError, match="has no labels"):
            attack(bare)
        with pytest.raises(ValueError, match="labels of another task"):
            attack(strange)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"norm": "l1"}, "norm is"),
        ({"eps": 8.0}, "at most 1"),
        ({"eps": -0.1}, "from 0 on"),
        ({"eps": float("nan")}, "from 0 on"),
        ({"norm": "l2", "eps": 15.0}, "at most 14.7"),
        ({"steps": 0}, "steps is"),
        ({"step": 0.0}, "step is"),
        ({"restarts": 0}, "restarts is"),
        ({"batch": 0}, "batch is"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        pgd(deep_trial(), **options)


def test_the_l2_attack_of_training_stays_in_ball_and_box_and_follows_its_generator():
    trial = deep_trial()
    images, labels, attack = trial.samples.batch(), trial.samples.labels, L2PGD(eps=0.7, step=0.3, steps=5)
    first, again, other = (attack(trial.classifier, images, labels, chance(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    size = (first - images).flatten(1).norm(dim=1)
    assert 0.6 < float(size.max()) <= 0.7 + 1e-6
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1
    assert not first.requires_grad
    assert attack.trace() == {"kind": "L2PGD", "eps": 0.7, "step": 0.3, "steps": 5}


def test_the_l2_attack_of_training_is_exact_on_a_linear_classifier():
    trial, weight = linear_trial()
    images, labels = trial.samples.batch(), trial.samples.labels
    attacked = fs.Samples(L2PGD(eps=0.1, step=2.0, steps=5)(trial.classifier, images, labels, chance()), labels)
    fall = margins(trial, trial.samples) - margins(trial, attacked)
    torch.testing.assert_close(fall, (0.1 * weight.square().sum().sqrt()).expand(6), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("options", [{"eps": 0}, {"step": -1}, {"steps": 0}, {"eps": float("nan")}])
def test_an_l2_budget_that_is_none_is_refused(options):
    with pytest.raises(ValueError, match="eps and step are finite and above 0"):
        L2PGD(**options)
