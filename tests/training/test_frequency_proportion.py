"""Proportions of frequency that are held while a small network learns to tell gratings, and penalties on kernels."""

import copy
from dataclasses import replace
from math import log, pi

import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.theory.filters import roughness
from fourierscope.theory.kernel_bands import KernelBands
from fourierscope.training import (
    AdjacentWeights,
    FrequencyProportion,
    ProportionPenalty,
    Recipe,
    SpectralModulatedConv2d,
    train,
)
from fourierscope.training.kernel_projections import counts
from fourierscope.treatments.kernels import plain_convolution

TARGET = (0.3, 0.4, 0.3)
MODES = ("basis", "projection", "initial")


def network(filters=10, size=3):
    torch.manual_seed(0)
    parts = [nn.Conv2d(3, filters, size, padding=1), nn.BatchNorm2d(filters), nn.ReLU()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(filters, 2))


def modulated():
    return SpectralModulatedConv2d(nn.Conv2d(3, 2, 3))


def gratings(n=32):
    """Images of a slow or a quick grating at any phase, under noise."""
    chance = torch.Generator().manual_seed(1)
    labels = torch.arange(n) % 2
    phases = 2 * pi * torch.rand(n, 1, 1, 1, generator=chance)
    cycles = (1 + 3 * labels)[:, None, None, None]
    waves = torch.cos(2 * pi * cycles * torch.arange(10) / 10 + phases).expand(n, 3, 10, 10)
    return (0.5 + 0.2 * waves + 0.1 * torch.randn(n, 3, 10, 10, generator=chance)).clamp(0, 1), labels


def learned(module, proportion, steps=60, rate=0.05):
    images, labels = gratings()
    optimiser = torch.optim.SGD(module.parameters(), rate, momentum=0.9)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(module(images), labels) + proportion.penalty()
        loss.backward()
        optimiser.step()
        proportion.project()
    return float(loss.detach())


@pytest.mark.parametrize("target", [TARGET, (0.5, 0.2, 0.3), (0.1, 0.15, 0.75)])
@pytest.mark.parametrize("mode", MODES)
def test_filters_are_counted_out_exactly_and_keep_their_norm(target, mode):
    module = network()
    before = module[0].weight.detach().clone()
    proportion = FrequencyProportion(module[0], target, mode)
    assert proportion.counted().tolist() == counts(target, 10).tolist()
    found = module[0].weight.detach()
    torch.testing.assert_close(found.flatten(1).norm(dim=1), before.flatten(1).norm(dim=1))


@pytest.mark.parametrize("mode", ["basis", "projection"])
def test_the_count_stays_exact_while_the_network_learns(mode):
    module = network()
    proportion = FrequencyProportion(module[0], TARGET, mode)
    start = module[0].weight.detach().clone()
    assert learned(module, proportion) < 0.5
    assert not torch.allclose(module[0].weight, start, atol=1e-2)
    assert proportion.counted().tolist() == [3, 4, 3]
    shares = KernelBands(3).shares(module[0].weight.detach())
    assert float(shares[torch.arange(10), proportion.assigned].min()) > 0.5


@pytest.mark.parametrize("size", [3, 5])
def test_what_is_held_stays_in_its_band_even_where_the_loss_draws_it_into_another(size):
    layer = nn.Sequential(network(16, size)[0])
    proportion = FrequencyProportion(layer[0], (0.25, 0.25, 0.5), "basis")
    optimiser = torch.optim.SGD(layer.parameters(), 1.0)
    for _ in range(200):
        optimiser.zero_grad()
        _, mid, high = KernelBands(size).shares(layer[0].weight).mean(0)
        (high - mid).backward()
        optimiser.step()
    assert proportion.counted().tolist() == [4, 4, 8]
    assert proportion.counted("relative").tolist() != [4, 4, 8]  # by its bounds they lie elsewhere


def test_each_filter_is_counted_once_whatever_the_threshold():
    proportion = FrequencyProportion(nn.Conv2d(3, 16, 3), (0.25, 0.25, 0.5), "basis", threshold=0.3)
    assert int(proportion.counted().sum()) == 16


def test_filters_in_no_band_are_counted_in_none():
    layer = nn.Conv2d(1, 3, 3, bias=False)
    proportion = FrequencyProportion(layer, (0.0, 1.0, 0.0), "initial")
    assert proportion.counted().tolist() == [0, 3, 0]
    with torch.no_grad():
        layer.weight[0, 0] = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])  # white: .65 of it high
        layer.weight[1, 0] = torch.tensor([[0.0, 0, 0], [0, 1, 0.5], [0, 0.5, 0]])
        layer.weight[2] = 0
    assert KernelBands(3).shares(layer.weight[1:2])[0].max() < 0.5
    assert proportion.counted().tolist() == [0, 0, 1]


def test_where_only_the_start_is_set_frequencies_are_free_to_leave_their_bands():
    module = network()
    proportion = FrequencyProportion(module[0], TARGET, "initial")
    learned(module, proportion, rate=0.2)
    shares = KernelBands(3).shares(module[0].weight.detach())
    begun = FrequencyProportion(network()[0], TARGET, "initial")
    before = KernelBands(3).shares(begun.convolution.weight.detach())
    assert float((shares - before).abs().max()) > 0.05


def test_a_penalty_brings_the_shares_of_energy_within_five_hundredths():
    module = network()
    proportion = FrequencyProportion(module[0], TARGET, "penalty", weight=1.0)
    assert float((proportion.shares() - torch.tensor(TARGET)).abs().max()) > 0.2
    learned(module, proportion, steps=150)
    assert float((proportion.shares() - torch.tensor(TARGET)).abs().max()) < 0.05


def test_a_parametrised_network_is_copied_trained_and_made_plain():
    module = network()
    proportion = FrequencyProportion(module[0], TARGET, "basis")
    images, labels = gratings()
    recipe = Recipe(augmentations=(), epochs=2, batch=16)
    made = train(fs.Classifier(module.eval()), fs.Samples(images, labels), recipe)
    layer = made.network[0]
    kernels = layer.weight.detach()
    assert proportion.bands.classes(proportion.bands.shares(kernels), 3).bincount().tolist() == [3, 4, 3]
    plain = plain_convolution(layer)
    assert type(plain) is nn.Conv2d
    torch.testing.assert_close(plain(images), layer(images))
    assert torch.equal(copy.deepcopy(module)[0].weight, module[0].weight)


@pytest.mark.parametrize(
    ("filters", "target", "whole"),
    [
        (10, (0.25, 0.25, 0.5), [3, 2, 5]),
        (3, (1 / 3, 1 / 3, 1 / 3), [1, 1, 1]),
        (64, (0.1, 0.2, 0.7), [6, 13, 45]),
        (4, (0, 0, 1), [0, 0, 4]),
    ],
)
def test_shares_are_made_whole_and_add_up(filters, target, whole):
    assert counts(target, filters).tolist() == whole


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: FrequencyProportion(network()[0], (0.5, 0.5, 0.5)), "add up to 1"),
        (lambda: FrequencyProportion(network()[0], TARGET, "hard"), "mode is penalty, basis, projection or initial"),
        (lambda: FrequencyProportion(network()[0], (0.7, 0.2, 0.1)), "cannot have these shares of energy together"),
        (lambda: FrequencyProportion(network(size=1)[0], TARGET, "basis"), "No kernel of size"),
        (lambda: AdjacentWeights(-1.0), "finite number from 0 on"),
        (lambda: AdjacentWeights(extension="far"), "zero or interior"),
        (lambda: AdjacentWeights(layers=("1",))(network()), "is a BatchNorm2d"),
        (lambda: ProportionPenalty((0.5, 0.5), 1.0), "add up to 1"),
        (lambda: ProportionPenalty(TARGET, cuts=(0.1, 0.2, 0.3)), "cuts are two frequencies that rise"),
        (lambda: FrequencyProportion(network()[0], TARGET, cuts=(0.1, 0.2, 0.3)), "cuts are two frequencies"),
        (lambda: FrequencyProportion(network()[0], TARGET, threshold=-3), "threshold is a share .* below 1; -3 came"),
        (lambda: AdjacentWeights(layers=("0.weight",))(network()), "has no layer '0.weight'"),
        (lambda: ProportionPenalty((float("nan"), 0.5, 0.5)), "add up to 1"),
        (lambda: ProportionPenalty((0.5, 0.5, float("nan"))), "add up to 1"),
        (lambda: ProportionPenalty(TARGET)(nn.Sequential(modulated())), r"'0\.convolution' stands in a Spectral"),
        (lambda: AdjacentWeights(layers=("1",))(nn.Sequential(nn.Identity(), modulated())), "is a SpectralModulated"),
        (lambda: AdjacentWeights()(modulated()), "'convolution' stands in a Spectral"),
    ],
)
def test_what_does_not_fit_is_refused(made, says):
    with pytest.raises(ValueError, match=says):
        made()
    with pytest.raises(TypeError, match=r"nn\.Conv2d; a Linear came"):
        FrequencyProportion(nn.Linear(2, 2), TARGET)


@pytest.mark.parametrize("other", [None, "abc", (0.5, "a", 0.5)])
def test_other_kinds_are_told_from_numbers(other):
    for made in (lambda: FrequencyProportion(network()[0], other), lambda: ProportionPenalty(other)):
        with pytest.raises(TypeError, match=r"A target is three numbers, .* add up to 1; .* came"):
            made()
    with pytest.raises(TypeError, match="cuts are two frequencies"):
        ProportionPenalty(TARGET, cuts=other)
    with pytest.raises(TypeError, match="weight is a number"):
        ProportionPenalty(TARGET, other)


@pytest.mark.parametrize("extension", ["zero", "interior"])
@pytest.mark.parametrize("relative", [False, True])
def test_adjacent_weights_are_those_of_the_first_convolution_or_of_named_ones(extension, relative):
    module = nn.Sequential(network()[0], nn.Conv2d(10, 4, 5))
    options = {"extension": extension, "relative": relative}
    rough = [roughness(layer.weight, extension, relative) for layer in module]
    torch.testing.assert_close(AdjacentWeights(0.1, **options)(module), 0.1 * rough[0])
    torch.testing.assert_close(AdjacentWeights(0.1, ("0", "1"), **options)(module), 0.1 * (rough[0] + rough[1]))
    torch.testing.assert_close(AdjacentWeights(0.1, **options)(module[0]), 0.1 * rough[0])


def test_a_recipe_with_a_penalty_makes_kernels_smoother_and_says_so():
    images, labels = gratings()
    plain = Recipe(augmentations=(), epochs=3, batch=16)
    recipes = (plain, replace(plain, penalty=AdjacentWeights(1.0, relative=True)))
    classifier, samples = fs.Classifier(network().eval()), fs.Samples(images, labels)
    rough = [float(roughness(train(classifier, samples, one).network[0].weight, relative=True)) for one in recipes]
    assert rough[1] < 0.8 * rough[0]
    assert "penalty" not in plain.trace()
    assert recipes[1].trace()["penalty"] == {
        "kind": "AdjacentWeights", "weight": 1.0, "layers": (), "extension": "zero", "relative": True,
    }  # fmt: skip
    with pytest.raises(TypeError, match="A penalty is one of weights"):
        Recipe(penalty=0.1)


def test_a_recipe_holds_a_proportion_by_its_penalty():
    images, labels = gratings()
    recipe = Recipe(augmentations=(), epochs=25, batch=16, penalty=ProportionPenalty(TARGET), learning_rate=0.2)
    made = train(fs.Classifier(network().eval()), fs.Samples(images, labels), recipe)
    shares = FrequencyProportion(made.network[0], TARGET).shares()
    assert float((shares - torch.tensor(TARGET)).abs().max()) < 0.05


def test_filters_that_are_nought_neither_stop_the_learning_nor_are_counted():
    module, whole = network(), network()
    kept = torch.arange(10) != 4
    with torch.no_grad():
        module[0].weight[4] = 0
        whole[0].weight = nn.Parameter(module[0].weight[kept].clone())
    for one in (module, whole):
        ProportionPenalty(TARGET)(one[0]).backward()
    torch.testing.assert_close(module[0].weight.grad[kept], whole[0].weight.grad)
    assert not module[0].weight.grad[4].any()
    proportion = FrequencyProportion(module[0], TARGET, "projection")
    assert int(proportion.counted().sum()) == 9
    assert not module[0].weight[4].any()


def test_the_shares_of_single_pixels_can_be_asked_of_them():
    areas = tuple(KernelBands(1).areas.tolist())
    assert float(ProportionPenalty(areas)(nn.Conv2d(3, 2, 1))) == pytest.approx(0, abs=1e-6)


def test_a_proportion_keeps_its_projectors_to_itself():
    target = (0.5, 0.2, 0.3)
    first, second = (nn.Sequential(network()[0].double()) for _ in range(2))
    FrequencyProportion(first[0], target, "basis")
    other = FrequencyProportion(second[0], (0.1, 0.4, 0.5), "basis")
    first.load_state_dict(second.state_dict())
    assert other.counted().tolist() == [1, 4, 5]
    third = FrequencyProportion(network()[0].double(), target, "projection")
    assert third.counted().tolist() == [5, 2, 3]


def test_a_penalty_is_the_divergence_of_the_named_layer_by_its_cuts():
    module, cuts = nn.Sequential(network()[0], nn.Conv2d(10, 4, 5, dilation=(1, 2))), (0.2, 0.35)
    for layer, size, dilation in (("0", 3, 1), ("1", 5, (1, 2))):
        kernels = module[int(layer)].weight.detach()
        weights = kernels.square().sum((1, 2, 3))
        shares = ((weights @ KernelBands(size, cuts, dilation).shares(kernels)) / weights.sum()).tolist()
        slow = sum(asked * log(asked / here) for asked, here in zip(TARGET, shares, strict=True))
        assert float(ProportionPenalty(TARGET, 3.0, cuts, layer)(module)) == pytest.approx(3 * slow, rel=1e-4)
    held = FrequencyProportion(module[0], TARGET, "penalty", cuts, weight=3.0)
    assert float(held.penalty()) == pytest.approx(float(ProportionPenalty(TARGET, 3.0, cuts, "0")(module)))


@pytest.mark.parametrize("mode", MODES)
def test_a_proportion_goes_by_its_cuts_and_its_threshold(mode):
    cuts, threshold, module = (0.25, 0.35), 0.35, network()
    given = module[0].weight.detach().clone()
    proportion = FrequencyProportion(module[0], TARGET, mode, cuts, threshold=threshold)
    bands = KernelBands(3, cuts)
    for kernel, found, band in zip(given, module[0].weight.detach(), proportion.assigned, strict=True):
        basis = bands.basis(int(band), threshold).float()
        wanted = (kernel.flatten(1) @ basis @ basis.T).reshape(kernel.shape)
        torch.testing.assert_close(found, wanted * kernel.norm() / wanted.norm(), atol=1e-6, rtol=1e-5)
    whole = given.new_tensor([float(one) for one in proportion.shares()])
    weights = module[0].weight.detach().square().sum((1, 2, 3))
    torch.testing.assert_close(whole, (weights @ bands.shares(module[0].weight.detach())) / weights.sum())
