"""Proportions that hold exactly after each step: the nearest kernels, by a slow search, and in a training."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

import fourierscope as fs
from fourierscope.runs import StoreError
from fourierscope.theory.kernel_bands import KernelBands
from fourierscope.training import FrequencyProportion, ProportionProjection, Recipe, SpectralModulatedConv2d, train
from fourierscope.training.kernel_penalties import energy_shares
from fourierscope.training.kernel_projections import counts, nearest, onto_with_norms

TARGET = (0.3, 0.4, 0.3)


def kernels(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(filters=12):
    torch.manual_seed(0)
    parts = [nn.Conv2d(3, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(filters, 5))


def held_within():
    return nn.Sequential(SpectralModulatedConv2d(nn.Conv2d(3, 4, 3)))


def edges():
    """A convolution of two derivatives, which hold nothing at all of the one low kernel, and of a mean."""
    slope, layer = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) * 0.7, nn.Conv2d(1, 3, 3)
    layer.weight.data = torch.stack([slope, 0.3 * slope.T, torch.ones(3, 3)])[:, None]
    return layer


def learned(recipe, watch=None):
    samples = fs.open_samples("patches:train", limit=48)
    classifier = fs.Classifier(network().eval(), mean=0.5, std=0.25)
    return train(classifier, fs.Samples(samples.batch(), samples.labels % 5), recipe, watch=watch)


@pytest.mark.parametrize(
    ("shape", "target"),
    [
        ((16, 3, 3, 3), TARGET),
        ((16, 3, 3, 3), (0.02, 0.03, 0.95)),
        ((4, 2, 5, 5), (0.7, 0.2, 0.1)),
        ((6, 3, 3, 5), (0.2, 0.5, 0.3)),
        ((9, 1, 3, 3), (0.1, 0.3, 0.6)),
    ],
)
def test_the_nearest_kernels_have_the_shares_the_norm_and_stay_when_asked_again(shape, target):
    given, bands = kernels(*shape), KernelBands(shape[-2:])
    found = nearest(given, bands.forms, target)
    torch.testing.assert_close(energy_shares(found, bands), found.new_tensor(target), atol=1e-9, rtol=0)
    assert float(found.norm()) == pytest.approx(float(given.norm()))
    torch.testing.assert_close(nearest(found, bands.forms, target), found, atol=1e-7, rtol=0)


def test_no_other_kernels_with_these_shares_lie_nearer():
    given, bands = kernels(5, 2, 3, 3), KernelBands(3)
    found = nearest(given, bands.forms, TARGET)
    near = float((found * (given * found).sum() / found.square().sum() - given).norm())  # at the best scale
    chance = torch.Generator().manual_seed(1)
    for size in (1e-3, 1e-2, 1e-1, 1.0):
        for _ in range(20):
            moved = found + size * torch.randn(found.shape, generator=chance, dtype=torch.float64)
            other = nearest(moved, bands.forms, TARGET)
            far = float((other * (given * other).sum() / other.square().sum() - given).norm())
            assert far >= near - 1e-9


@pytest.mark.parametrize("held", ["filters", "energy"])
def test_a_proportion_holds_after_training_and_the_loss_still_falls(held):
    losses, seen = [], []
    images = fs.open_samples("patches:train", limit=48)
    bands, projection = KernelBands(3), ProportionProjection(TARGET, held)

    def watch(module, step):
        seen.append(module[0].weight.detach().clone())
        with torch.no_grad():
            losses.append(float(nn.functional.cross_entropy(module((images.batch() - 0.5) / 0.25), images.labels % 5)))

    recipe = Recipe(augmentations=(), epochs=6, batch=16, learning_rate=0.1, projection=projection)
    made = learned(recipe, watch)
    weight = made.network[0].weight.detach()
    assert torch.equal(weight, seen[-1])
    assert losses[-1] < losses[0] - 0.1
    assert float((seen[-1] - seen[0]).norm() / seen[0].norm()) > 0.05
    for one in (seen[0], seen[len(seen) // 2], weight):
        if held == "energy":
            assert float((energy_shares(one.double(), bands) - torch.tensor(TARGET)).abs().max()) < 1e-6
        else:
            found = bands.shares(one.double())
            assert (found > 0.5 - 1e-6).sum(0).tolist() == counts(TARGET, len(one)).tolist()
            projected = one.clone()
            layer = nn.Conv2d(3, len(one), 3)
            layer.weight.data.copy_(one)
            projection(layer)
            torch.testing.assert_close(layer.weight.detach(), projected, atol=1e-6, rtol=0)


def test_by_filters_it_does_what_a_proportion_does_after_each_step():
    plain, other = network(), network()
    held = FrequencyProportion(plain[0], TARGET, "projection")
    projection = ProportionProjection(TARGET)
    projection(other)
    assert torch.equal(plain[0].weight, other[0].weight)
    for one in (plain, other):
        with torch.no_grad():
            one[0].weight += kernels(12, 3, 3, 3, seed=4).float() * 0.1
    held.project()
    projection(other)
    assert torch.equal(plain[0].weight, other[0].weight)


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path):
    samples = fs.open_samples("patches:train", limit=40)
    classifier = fs.Classifier(network(8).eval(), mean=0.5, std=0.25)
    given = fs.Samples(samples.batch(), samples.labels % 5)
    recipe = Recipe(epochs=2, batch=20, projection=ProportionProjection(TARGET, "energy"))
    whole = train(classifier, given, recipe)

    class Stopped(Exception):
        pass

    def stop(_, step):
        if step == 3:
            raise Stopped

    with pytest.raises(Stopped):
        train(classifier, given, recipe, checkpoint=tmp_path / "one.checkpoint", watch=stop)
    again = train(classifier, given, recipe, checkpoint=tmp_path / "one.checkpoint")
    assert torch.equal(whole.network[0].weight, again.network[0].weight)
    with pytest.raises(StoreError, match="projection"):
        train(classifier, given, replace(recipe, projection=None), checkpoint=tmp_path / "one.checkpoint")


def test_it_stands_in_the_record_and_others_records_lack_it():
    assert "projection" not in Recipe().trace()
    assert Recipe(projection=ProportionProjection(TARGET, "energy")).trace()["projection"] == {
        "kind": "ProportionProjection", "target": TARGET, "held": "energy", "cuts": (1 / 6, 1 / 3), "threshold": 0.5,
        "layer": "",
    }  # fmt: skip
    with pytest.raises(TypeError, match="A projection is one of weights"):
        Recipe(projection=0.1)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: ProportionProjection((0.5, 0.5, 0.5)), "add up to 1"),
        (lambda: ProportionProjection(TARGET, cuts=(0.4, 0.3)), "cuts are two frequencies that rise"),
        (lambda: ProportionProjection(TARGET, threshold=-3), "threshold is a share .* below 1; -3 came"),
        (lambda: ProportionProjection(TARGET, layer="9")(network()), "Sequential has no layer '9'"),
        (lambda: ProportionProjection(TARGET, "counts"), "held is filters or energy"),
        (lambda: ProportionProjection((0.7, 0.2, 0.1), "energy")(network()), "cannot have these shares of energy"),
        (lambda: ProportionProjection(TARGET)(nn.Conv2d(1, 2, 1)), "No kernel of size"),
        (lambda: ProportionProjection(TARGET, layer="1")(network()), "is a BatchNorm2d"),
        (lambda: ProportionProjection(TARGET)(weight_norm(nn.Conv2d(3, 4, 3))), "made anew in each pass"),
        (lambda: FrequencyProportion(weight_norm(nn.Conv2d(3, 4, 3)), TARGET, "projection"), "made anew in each pass"),
        (lambda: ProportionProjection(TARGET)(SpectralModulatedConv2d(nn.Conv2d(3, 4, 3))), "fold it first"),
        (lambda: ProportionProjection(TARGET, layer="0.convolution")(held_within()), "stands in a Spectral"),
        (lambda: ProportionProjection((1.0, 0.0, 0.0))(edges()), "Filters 0, 1 have nothing at the frequencies"),
        (lambda: ProportionProjection((1.0, 0.0, 0.0))(edges().double()), "Filters 0, 1 have nothing"),
        (lambda: FrequencyProportion(edges(), (1.0, 0.0, 0.0), "basis"), "Filters 0, 1 have nothing"),
        (lambda: nearest(torch.zeros(2, 1, 3, 3), KernelBands(3).forms, TARGET), "all nought"),
        (lambda: nearest(kernels(1, 1, 3, 3), KernelBands(3).forms, (0.0, 0.0, 1.0)), "cannot be brought"),
    ],
)
def test_what_does_not_fit_is_refused(made, says):
    with pytest.raises(ValueError, match=says):
        made()


def test_a_layer_beside_one_whose_kernels_are_elsewhere_is_projected():
    module = nn.Sequential(nn.Conv2d(3, 10, 3), SpectralModulatedConv2d(nn.Conv2d(10, 4, 3)))
    held = module[1].convolution.weight.clone()
    ProportionProjection(TARGET, layer="0")(module)
    assert (KernelBands(3).shares(module[0].weight.detach()) > 0.5).sum(0).tolist() == counts(TARGET, 10).tolist()
    assert torch.equal(module[1].convolution.weight, held)


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_filters_of_every_precision_are_projected_and_keep_their_norm(kind):
    layer = nn.Conv2d(1, 60, 5).to(kind)
    layer.weight.data = kernels(60, 1, 5, 5).to(kind)
    before = layer.weight.detach().double().flatten(1).norm(dim=1)
    ProportionProjection(TARGET)(layer)
    found = layer.weight.detach().double()
    torch.testing.assert_close(found.flatten(1).norm(dim=1), before, atol=0, rtol=8 * torch.finfo(kind).eps)
    assert (KernelBands(5).shares(found) > 0.49).sum(0).tolist() == [18, 24, 18]


@pytest.mark.parametrize("size", [5, 11])
def test_what_is_left_by_rounding_alone_is_no_filter(size):
    layer, taps = nn.Conv2d(3, 1, size), size // 2 - torch.arange(size)
    slope = kernels(3, size, 1) * taps  # odd along columns, and sums of low kernels of this basis even
    layer.weight.data = slope[None].float()
    band = KernelBands(size)
    even = band.basis(0)[:, :1] @ band.basis(0)[:, :1].T
    with pytest.raises(ValueError, match="Filters 0 have nothing"):
        onto_with_norms(layer.weight.detach(), even[None])


@pytest.mark.parametrize("held", ["filters", "energy"])
def test_a_projection_goes_by_its_layer_its_cuts_and_its_threshold(held):
    cuts, threshold = (0.25, 0.35), 0.35
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 10, 3, dilation=(1, 2)))
    first, given, bands = module[0].weight.clone(), module[1].weight.detach().clone(), KernelBands(3, cuts, (1, 2))
    ProportionProjection(TARGET, held, cuts, threshold, layer="1")(module)
    assert torch.equal(module[0].weight, first)
    found = module[1].weight.detach()
    if held == "energy":
        torch.testing.assert_close(energy_shares(found, bands), torch.tensor(TARGET), atol=1e-5, rtol=0)
        return
    for kernel, here, band in zip(given, found, torch.repeat_interleave(torch.tensor([3, 4, 3])), strict=True):
        basis = bands.basis(int(band), threshold).float()
        wanted = (kernel.flatten(1) @ basis @ basis.T).reshape(kernel.shape)
        torch.testing.assert_close(here, wanted * kernel.norm() / wanted.norm(), atol=1e-6, rtol=1e-5)
