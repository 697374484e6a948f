"""APGD and the Square attack: balls, exact answers, the algorithm written a second time, and black boxes."""

from itertools import pairwise
from math import sqrt

import pytest
import torch
from torch import nn
from trials_made import chance, changes, deep_trial, fooled_labels, linear_trial

import fourierscope as fs
from fourierscope.treatments import apgd, pgd, square_attack
from fourierscope.treatments.attacks.automatic import (
    Seen,
    View,
    _Best,
    _worse,
    automatic_ascent,
    checkpoints,
    logits_ratio,
)
from fourierscope.treatments.attacks.balls import Ball
from fourierscope.treatments.attacks.gradients import leads_of, mistake_log_odds
from fourierscope.treatments.attacks.square import side_of

BUDGETS = [("linf", 0.06), ("l2", 0.7)]


def margins(trial, samples):
    with torch.no_grad():
        return leads_of(trial.classifier(samples.batch()), trial.samples.labels)


@pytest.mark.parametrize(("norm", "eps"), BUDGETS)
@pytest.mark.parametrize("loss", ["ce", "dlr"])
def test_apgd_stays_in_ball_and_box(loss, norm, eps):
    trial = deep_trial()
    after = apgd(trial, loss, norm, eps, steps=6)
    size = changes(trial.samples, after).flatten(1)
    size = size.abs().amax(1) if norm == "linf" else size.norm(dim=1)
    assert 0.9 * eps < float(size.max()) <= eps + 1e-6
    assert float(after.images.min()) >= 0
    assert float(after.images.max()) <= 1


def test_apgd_is_exact_on_a_linear_classifier():
    trial, weight = linear_trial()
    for norm, size in (("linf", weight.abs().sum()), ("l2", weight.square().sum().sqrt())):
        fall = margins(trial, trial.samples) - margins(trial, apgd(trial, "ce", norm, 0.05, steps=25))
        expected = (0.05 * size).expand(6)
        torch.testing.assert_close(fall.clamp(max=float(expected[0])), expected, rtol=2e-3, atol=0)


def test_the_points_of_thought_are_the_published_ones():
    assert checkpoints(100) == (22, 41, 57, 70, 80, 87, 93, 99)
    assert checkpoints(20)[:3] == (5, 9, 12)
    assert checkpoints(1) == (1,)


def slow_apgd(view, image, label, eps, steps, change):
    """The algorithm for one image in the L-infinity ball, as printed, point by point."""

    def look(x):
        heights, slope, wrong = view(x[None], label[None])
        return float(heights[0]), slope[0], bool(wrong[0])

    def project(x):
        return torch.minimum(torch.maximum(x, image - eps), image + eps).clamp(0, 1)

    marks, eta = checkpoints(steps), 2 * eps
    points, heights = [image + change], []
    height, slope, wrong = look(points[0])
    heights.append(height)
    best = (height, points[0], slope)
    top = (wrong, height, points[0])
    last, held_eta, held_best, rises = 0, eta, height, 0
    for k in range(1, steps + 1):
        z = project(points[-1] + eta * slope.sign())
        new = z if k == 1 else project(points[-1] + 0.75 * (z - points[-1]) + 0.25 * (points[-1] - points[-2]))
        points.append(new)
        height, slope, wrong = look(new)
        heights.append(height)
        rises += heights[-1] > heights[-2]
        if height > best[0]:
            best = (height, new, slope)
        if (wrong, height) > top[:2]:
            top = (wrong, height, new)
        if k in marks:
            halve = rises < 0.75 * (k - last) or (eta == held_eta and best[0] == held_best)
            held_eta, held_best, last, rises = eta, best[0], k, 0
            if halve:
                eta /= 2
                points[-1], heights[-1], slope = best[1], best[0], best[2]
    return top[2]


@pytest.mark.parametrize("loss", [mistake_log_odds, logits_ratio])
def test_many_images_at_once_are_the_algorithm_written_for_one(loss):
    trial = deep_trial()
    images, labels = trial.samples.batch().double(), trial.samples.labels
    view = View(trial.classifier.network.double(), loss)
    start = 0.05 * (2 * torch.rand(images.shape, generator=chance(4), dtype=torch.float64) - 1)
    start = (images + start).clamp(0, 1) - images
    found = automatic_ascent(view, images, labels, Ball("linf", 0.05), 23, start)
    for one in range(len(images)):
        slow = slow_apgd(view, images[one], labels[one], 0.05, 23, start[one])
        torch.testing.assert_close(found.images[one], slow, atol=1e-9, rtol=0)


def test_apgd_is_at_least_as_strong_as_pgd_in_as_many_steps():
    trial = deep_trial(count=40)
    budget = {"eps": 0.03, "steps": 10}
    plain, own = pgd(trial, **budget), apgd(trial, "ce", **budget)
    assert int(fooled_labels(trial, own).sum()) >= int(fooled_labels(trial, plain).sum()) > 5
    with torch.no_grad():
        odds = [
            float(mistake_log_odds(trial.classifier(one.batch()), trial.samples.labels).mean()) for one in (plain, own)
        ]
    assert odds[1] >= odds[0] - 0.05


def climbing(trial, **options):
    return apgd(trial, steps=4, restarts=2, **options)


def trying(trial, **options):
    return square_attack(trial, queries=12, **options)


@pytest.mark.parametrize("attack", [climbing, trying])
def test_the_attack_of_an_image_knows_neither_its_neighbours_nor_the_batch(attack):
    trial = deep_trial()
    together = attack(trial)
    torch.testing.assert_close(attack(trial, batch=3).images, together.images)
    some = fs.Trial(trial.classifier, trial.samples.subset([7, 2]))
    torch.testing.assert_close(attack(some).images, together.images[[7, 2]])
    assert not torch.equal(attack(trial, seed=1).images, together.images)


def test_the_ratio_of_logits_does_not_change_with_their_scale_and_tells_mistakes():
    logits, labels = torch.randn(50, 6, generator=chance()), torch.randint(0, 6, (50,), generator=chance(1))
    ratio = logits_ratio(logits, labels)
    torch.testing.assert_close(logits_ratio(1000 * logits + 7, labels), ratio, rtol=1e-3, atol=1e-5)
    assert torch.equal(ratio > 0, logits.argmax(1) != labels)
    row, label = logits[0], int(labels[0])
    first, _, third = sorted(row.tolist(), reverse=True)[:3]
    other = max(one for place, one in enumerate(row.tolist()) if place != label)
    assert float(ratio[0]) == pytest.approx(-(float(row[label]) - other) / (first - third), rel=1e-5)
    with pytest.raises(ValueError, match="three classes or more"):
        logits_ratio(torch.zeros(2, 2), torch.zeros(2, dtype=torch.int64))


class Noisy:
    """A classifier that answers with noise, of mean 0."""

    def __init__(self, network, deviation):
        self.network, self.deviation, self.asked = network, deviation, 0
        self.chance = chance(5)

    def __call__(self, images):
        self.asked += 1
        noise = torch.randn(images.shape, generator=self.chance) * self.deviation
        return self.network(images + noise)


def test_several_looks_average_losses_and_slopes():
    trial = deep_trial()
    noisy = Noisy(trial.classifier, 0.2)
    view = View(noisy, mistake_log_odds, looks=40)
    seen = view(trial.samples.batch(), trial.samples.labels)
    assert noisy.asked == 40
    noisy.chance, slow, slopes = chance(5), [], []
    for _ in range(40):
        images = trial.samples.batch().requires_grad_()
        slow.append(mistake_log_odds(noisy(images), trial.samples.labels))
        slopes.append(torch.autograd.grad(slow[-1].sum(), images)[0])
    torch.testing.assert_close(seen.heights, torch.stack(slow).mean(0).detach())
    torch.testing.assert_close(seen.slope, torch.stack(slopes).mean(0))
    after = apgd(fs.Trial(fs.Classifier(noisy), trial.samples), eps=0.05, steps=4, looks=3)
    assert after.name.endswith("APGD-CE linf eps 0.05, 4 steps, seed 0, 3 looks, on Noisy")


def test_a_misclassified_point_goes_before_a_larger_loss():
    places = torch.arange(4.0).view(4, 1, 1, 1)
    high = Seen(torch.tensor([5.0, 5.0, 1.0, 5.0]), places, torch.tensor([False, True, True, False]))
    low = Seen(torch.tensor([1.0, 1.0, 5.0, 1.0]), -places, torch.tensor([True, True, True, False]))
    assert _worse(low, high).tolist() == [True, False, True, False]
    assert _worse(high, low).tolist() == [False, True, False, True]
    held = _Best(places, high)
    held.take(-places, low, _worse(low, high))
    assert held.change.flatten().tolist() == [0, 1, -2, 3]
    assert held.seen.heights.tolist() == [1, 5, 5, 5]


def test_squares_stay_in_ball_and_box_and_need_no_gradient():
    trial = deep_trial()

    def rounded(images):
        with torch.no_grad():
            return trial.classifier((images * 8).round() / 8)

    black = fs.Trial(fs.Classifier(rounded), trial.samples)
    after = square_attack(black, eps=0.1, queries=60)
    assert float(changes(trial.samples, after).abs().max()) <= 0.1 + 1e-6
    assert float(after.images.min()) >= 0
    assert float(after.images.max()) <= 1
    assert int(fooled_labels(black, after).sum()) > int(fooled_labels(black, trial.samples).sum())


def test_more_queries_never_leave_a_larger_lead():
    trial = deep_trial(count=20)
    leads = [margins(trial, square_attack(trial, 0.02, 40))]
    asked = []

    def counted(images):
        asked.append(len(images))
        return trial.classifier(images)

    square_attack(fs.Trial(fs.Classifier(counted), trial.samples), 0.02, 40)
    assert len(asked) == 1 + 40  # a look at one image for the labels' sake
    assert all(later <= earlier for earlier, later in pairwise(asked[1:]))
    assert bool((leads[0] < margins(trial, trial.samples)).all())


def test_the_squares_shrink_as_published():
    sides = [side_of(query, 10_000, 0.8, 32, 32) for query in (1, 10, 11, 51, 201, 501, 8001)]
    areas = [0.8, 0.8, 0.4, 0.2, 0.1, 0.05, 0.8 / 512]
    assert sides == [max(1, round(sqrt(one * 1024))) for one in areas]
    assert side_of(3, 1000, 0.8, 32, 32) == side_of(30, 10_000, 0.8, 32, 32)
    assert side_of(1, 10, 1.0, 5, 90) == 5
    assert side_of(1, 100, 0.8, 7, 5) == round(sqrt(0.8 / 4 * 35))


def test_nothing_given_is_changed():
    trial = deep_trial()
    kept, images = (
        {name: one.clone() for name, one in trial.classifier.network.state_dict().items()},
        trial.samples.images.clone(),
    )
    state = torch.random.get_rng_state()
    apgd(trial, steps=3)
    square_attack(trial, queries=5)
    assert all(torch.equal(kept[name], one) for name, one in trial.classifier.network.state_dict().items())
    assert all(one.grad is None for one in trial.classifier.network.parameters())
    assert torch.equal(trial.samples.images, images)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda trial: apgd(trial, "cw"), "loss is"),
        (lambda trial: apgd(trial, looks=0), "looks is"),
        (lambda trial: apgd(trial, steps=0), "steps is"),
        (lambda trial: apgd(trial, eps=8), "at most 1"),
        (lambda trial: square_attack(trial, queries=0), "queries is"),
        (lambda trial: square_attack(trial, share=0.0), "share in"),
    ],
)
def test_options_out_of_range_are_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call(deep_trial())


def test_a_classifier_without_a_gradient_is_refused_by_apgd():
    trial = deep_trial()
    flat = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Hardtanh(-1e-9, 1e-9), nn.Linear(216, 4)).eval())
    with pytest.raises(ValueError, match="zero for all"):
        apgd(fs.Trial(flat, fs.Samples(trial.samples.images.clamp(0.2, 0.8), trial.samples.labels)), eps=0.01, steps=2)
