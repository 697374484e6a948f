"""DeepFool: exact on linear classifiers, across the border on others, and no labels asked."""

import pytest
import torch
from test_attacks_projected import by_luck_of_a_constant, rounded, without_gradients
from trials_made import changes, deep_trial, fooled_labels, linear_trial

import fourierscope as fs
from fourierscope.treatments import deepfool, just_across, pgd


@pytest.mark.parametrize("size", [(5, 4), (3, 7)])
@pytest.mark.parametrize("overshoot", [0.0, 0.02])
def test_the_distance_to_the_border_of_a_linear_classifier_is_its_margin_over_its_weights(size, overshoot):
    trial, weight = linear_trial(size)
    logits = trial.classifier(trial.samples.batch())
    gap = (logits[:, 0] - logits[:, 1]).abs()
    after = deepfool(trial, overshoot=overshoot)
    assert bool((trial.classifier(after.batch()).argmax(1) != logits.argmax(1)).all())
    distance = changes(trial.samples, after).flatten(1).norm(dim=1)
    torch.testing.assert_close(distance, (1 + overshoot) * (gap + 1e-4) / weight.norm(), rtol=1e-4, atol=1e-5)


def test_of_several_linear_borders_the_nearest_is_crossed():
    weights = torch.randn(5, 2 * 4 * 3, generator=torch.Generator().manual_seed(0))
    images = 0.45 + 0.1 * torch.rand(8, 2, 4, 3, generator=torch.Generator().manual_seed(1))

    def network(images):
        return 0.1 * images.flatten(1) @ weights.T

    trial = fs.Trial(fs.Classifier(network), fs.Samples(images))
    logits = network(images)
    own = logits.argmax(1)
    slow = [
        min(
            (float((logits[i, own[i]] - logits[i, k]) / (0.1 * (weights[own[i]] - weights[k]).norm())), k)
            for k in range(5)
            if k != own[i]
        )
        for i in range(8)
    ]
    after = deepfool(trial, candidates=5)
    distance = changes(trial.samples, after).flatten(1).norm(dim=1)
    torch.testing.assert_close(distance, 1.02 * torch.tensor([one for one, _ in slow]), rtol=1e-2, atol=1e-3)
    assert network(after.batch()).argmax(1).tolist() == [k for _, k in slow]
    few = deepfool(trial, candidates=2)
    assert bool((changes(trial.samples, few).flatten(1).norm(dim=1) >= distance - 1e-4).all())


def test_every_image_of_a_deep_network_comes_across_by_itself_within_the_box():
    trial = deep_trial(count=20)
    bare = fs.Trial(trial.classifier, fs.Samples(trial.samples.images, name="bare"))
    after = deepfool(bare)
    assert bool((trial.classifier(after.batch()).argmax(1) != trial.samples.labels).all())
    assert float(after.images.min()) >= 0
    assert float(after.images.max()) <= 1
    torch.testing.assert_close(deepfool(bare, batch=3).images, after.images)
    assert after.name == "bare under DeepFool, 50 steps, overshoot 0.02, on Sequential"
    assert after.labels is None
    assert all(one.grad is None for one in trial.classifier.network.parameters())


def test_a_network_in_bfloat16_is_crossed_too():
    trial = deep_trial(count=12)
    low = fs.Trial(fs.Classifier(trial.classifier.network, mean=0.5, std=1 / 6, precision="bfloat16"), trial.samples)
    before, after = (low.classifier(one.batch()).argmax(1) for one in (trial.samples, deepfool(low)))
    assert int((before != after).sum()) >= 11


@pytest.mark.parametrize(
    ("network", "said"),
    [(without_gradients, "carry no gradient"), (by_luck_of_a_constant, "carry no gradient"), (rounded, "zero for all")],
)
def test_a_classifier_without_a_gradient_is_refused(network, said):
    with pytest.raises(ValueError, match=said):
        deepfool(fs.Trial(fs.Classifier(network), deep_trial().samples))


@pytest.mark.parametrize("options", [{"steps": 0}, {"candidates": 1}, {"overshoot": -0.1}, {"overshoot": float("nan")}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        deepfool(deep_trial(), **options)


def test_just_across_is_the_border_on_the_straight_way():
    trial, weight = linear_trial()
    after = pgd(trial, eps=0.2, steps=5)
    near = just_across(trial, after, halvings=12)
    fooled = fooled_labels(trial, after)
    assert bool(fooled.all())
    assert bool(fooled_labels(trial, near).all())
    for image in range(6):
        way = after.images[image] - trial.samples.images[image]
        turn = 2 * int(trial.samples.labels[image]) - 1
        margin = turn * float((trial.samples.images[image] * weight).sum() - 0.5 * weight.sum())
        share = margin / (-turn * float((way * weight).sum()))
        found = float((near.images[image] - trial.samples.images[image]).norm() / way.norm())
        assert 0 <= found - share <= 1 / 2**12 + 1e-4
    assert near.name.endswith("just across")


def test_just_across_leaves_what_never_fooled_at_its_end_and_what_was_wrong_at_its_start():
    trial = deep_trial(count=20)
    after = pgd(trial, eps=0.01, steps=3)
    fooled = fooled_labels(trial, after)
    assert 0 < int(fooled.sum()) < 20
    near = just_across(trial, after)
    torch.testing.assert_close(near.images[~fooled], after.images[~fooled])
    assert torch.equal(fooled_labels(trial, near), fooled)
    strange = fs.Trial(trial.classifier, fs.Samples(trial.samples.images, (trial.samples.labels + 1) % 4))
    moved = just_across(strange, fs.Samples(after.images, strange.samples.labels))
    wrong = fooled_labels(strange, after)
    assert int(wrong.sum()) > 10
    assert float((moved.images - trial.samples.images)[wrong].abs().max()) <= 0.01 / 128
    with pytest.raises(ValueError, match="halvings is"):
        just_across(trial, after, halvings=0)
