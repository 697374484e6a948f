"""The attack within an L-infinity ball: it stays inside, it hurts, it is exact where the answer is known."""

import pytest
import torch
from torch import nn

from fourierscope.treatments import LinfPGD


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def a_linear_network(height=5, width=4, classes=2):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(2 * height * width, classes))


def a_deep_network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(2, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 3 * 2, 3))


def images_and_labels(count=12, classes=2):
    return torch.rand(count, 2, 5, 4, generator=chance(1)), torch.arange(count) % classes


def test_the_attack_stays_in_its_ball_and_in_the_range_of_images():
    images, labels = images_and_labels(classes=3)
    images[0], images[1] = 0.0, 1.0
    for steps in (1, 5):
        attacked = LinfPGD(eps=0.1, step=0.07, steps=steps)(a_deep_network(), images, labels, chance())
        assert float((attacked - images).abs().max()) <= 0.1 + 1e-6
        assert float(attacked.min()) >= 0
        assert float(attacked.max()) <= 1
        assert not attacked.requires_grad


def test_the_attack_raises_the_loss_of_every_image():
    network, (images, labels) = a_deep_network(), images_and_labels(classes=3)
    attacked = LinfPGD(eps=0.1, step=0.03, steps=8)(network, images, labels, chance())
    before, after = (nn.functional.cross_entropy(network(one), labels, reduction="none") for one in (images, attacked))
    assert bool((after > before).all())


def test_two_classes_in_a_linear_network_give_the_sign_of_the_difference_of_their_weights():
    network, (images, labels) = a_linear_network(), images_and_labels()
    images = 0.2 + 0.6 * images  # away from 0 and 1, so that nothing is clipped
    attacked = LinfPGD(eps=0.1, step=0.05, steps=4)(network, images, labels, chance())
    weight = network[1].weight.detach().unflatten(1, (2, 5, 4))
    worst = images + 0.1 * torch.stack([(weight[1 - label] - weight[label]).sign() for label in labels])
    torch.testing.assert_close(attacked, worst)


def test_the_attack_leaves_gradients_weights_and_images_as_they_were():
    network, (images, labels) = a_deep_network(), images_and_labels(classes=3)
    kept, weights = images.clone(), [one.detach().clone() for one in network.parameters()]
    network[0].weight.grad = torch.full_like(network[0].weight, 7.0)
    LinfPGD(steps=2)(network, images, labels, chance())
    assert bool((network[0].weight.grad == 7).all())
    assert all(one.grad is None for name, one in network.named_parameters() if name != "0.weight")
    assert all(torch.equal(one, old) for one, old in zip(network.parameters(), weights, strict=True))
    assert torch.equal(images, kept)
    assert not images.requires_grad


def test_the_start_follows_from_the_generator_alone():
    network, (images, labels) = a_deep_network(), images_and_labels(classes=3)
    state = torch.random.get_rng_state()
    first, again, other = (LinfPGD(steps=1)(network, images, labels, chance(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_attack_works_where_gradients_are_off():
    images, labels = images_and_labels()
    with torch.no_grad():
        attacked = LinfPGD(eps=0.1, step=0.1, steps=3)(a_linear_network(), images, labels, chance())
    assert float((attacked - images).abs().max()) > 0.05


@pytest.mark.parametrize("options", [{"eps": 0}, {"step": -1}, {"steps": 0}, {"eps": float("nan")}])
def test_a_budget_that_is_none_is_refused(options):
    with pytest.raises(ValueError, match="eps and step are finite and above 0"):
        LinfPGD(**options)
