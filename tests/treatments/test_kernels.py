"""Treatments of kernels, against SciPy, their eigenvalues and what is known of projections."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import nn
from torch.nn.utils import parametrizations

import fourierscope as fs
from fourierscope.theory.filters import band_form, share
from fourierscope.treatments import low_pass_kernels, smooth_kernels, tilt_kernels
from fourierscope.treatments.kernels import plain_convolution

AROUND = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])


def classifier(*size, norm=False, seed=0):
    """Two convolutions, the first with kernels of that size."""
    torch.manual_seed(seed)
    middle = [nn.BatchNorm2d(6)] if norm else []
    parts = [nn.Conv2d(3, 6, size), *middle, nn.ReLU(), nn.Conv2d(6, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return fs.Classifier(nn.Sequential(*parts).eval(), "small", mean=0.4, std=0.2)


def samples(n=8):
    return fs.Samples(torch.rand(n, 3, 10, 12, generator=torch.Generator().manual_seed(2)))


def kernels(one, layer="0"):
    return one.module(layer).weight.detach()


@pytest.mark.parametrize("size", [(3, 3), (5, 4), (1, 1), (1, 3)])
@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0, 1.5])
def test_smoothing_is_a_convolution_of_each_kernel_with_edges_duplicated(size, strength):
    given = classifier(*size)
    found, before = kernels(smooth_kernels(given, strength)), kernels(given).double().numpy()
    for o in range(6):
        for i in range(3):
            wanted = before[o, i] + strength * convolve2d(before[o, i], AROUND, "same", boundary="symm")
            np.testing.assert_allclose(found[o, i].numpy(), wanted, atol=1e-6)


@pytest.mark.parametrize("strength", [0.1, 1.0, 2.0])
def test_the_operator_has_the_eigenvalues_that_its_factors_say(strength):
    given = classifier(3, 3)
    basis = torch.eye(9).reshape(9, 1, 3, 3)
    with torch.no_grad():
        given.network[0] = nn.Conv2d(1, 9, 3)
        given.network[0].weight.copy_(basis)
    operator = kernels(smooth_kernels(given, strength)).reshape(9, 9).double()
    wanted = 1 - strength + strength * torch.tensor([0.0, 0, 0, 0, 0, 4, 6, 6, 9])
    torch.testing.assert_close(torch.linalg.eigvalsh(operator), wanted.double().sort().values, atol=1e-5, rtol=0)


def test_gains_and_energies_are_given_back():
    given = classifier(3, 3)
    before, plain = kernels(given), kernels(smooth_kernels(given, 0.5))
    torch.testing.assert_close(plain.sum((2, 3)), 5 * before.sum((2, 3)), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        kernels(smooth_kernels(given, 0.5, "dc")).sum((2, 3)), before.sum((2, 3)), atol=1e-6, rtol=0
    )
    found = kernels(smooth_kernels(given, 0.5, "energy"))
    torch.testing.assert_close(found.flatten(1).norm(dim=1), before.flatten(1).norm(dim=1))
    ratio = found / plain
    torch.testing.assert_close(ratio, ratio[:, :1, :1, :1].expand_as(ratio), atol=1e-5, rtol=0)  # one gain a filter


def test_batch_norms_are_estimated_anew_and_weights_stay():
    given, some = classifier(3, 3, norm=True), samples()
    found, plain = smooth_kernels(given, 0.5, "batch-norm", samples=some), smooth_kernels(given, 0.5)
    assert torch.equal(kernels(found), kernels(plain))
    with torch.no_grad():
        answers = found.network[0](found.normalised(some.batch()))
    torch.testing.assert_close(found.module("1").running_mean, answers.mean((0, 2, 3)))
    torch.testing.assert_close(found.module("1").running_var, answers.var((0, 2, 3)))
    assert found.module("1").momentum == given.module("1").momentum
    assert not found.network.training


@pytest.mark.parametrize(
    "treat",
    [lambda one: smooth_kernels(one, 1.0), low_pass_kernels, lambda one: smooth_kernels(one, 1.0, "dc", ("0", "3"))],
)
def test_the_classifier_given_stays_as_it_was(treat):
    given = classifier(3, 3, norm=True)
    before = {name: one.clone() for name, one in given.network.state_dict().items()}
    found = treat(given)
    assert all(torch.equal(before[name], one) for name, one in given.network.state_dict().items())
    assert (found.mean, found.std, found.provenance) == (given.mean, given.std, given.provenance)
    assert found.name != given.name
    assert not torch.equal(kernels(found), kernels(given))
    with torch.no_grad():
        assert found(samples().batch()).shape == (8, 4)


@pytest.mark.parametrize("treat", [lambda one, **rest: smooth_kernels(one, 1.0, **rest), low_pass_kernels])
def test_the_first_layer_is_changed_unless_others_are_named(treat):
    given = classifier(3, 3)
    assert torch.equal(kernels(treat(given), "2"), kernels(given, "2"))
    named = treat(given, layers=("2",))
    assert torch.equal(kernels(named), kernels(given))
    assert not torch.equal(kernels(named, "2"), kernels(given, "2"))


def test_every_variant_has_a_name_of_its_own():
    given, rest = classifier(3, 3, norm=True), {"normalise": "batch-norm", "samples": samples()}
    variants = [{}, {"normalise": "energy"}, {"normalise": "energy", "layers": ("0",)}, {"layers": ("0", "3")}, rest]
    treats = [partial(smooth_kernels, strength=0.25), partial(tilt_kernels, tilt=0.5), low_pass_kernels]
    treats += [partial(low_pass_kernels, threshold=0.3), partial(low_pass_kernels, radius=0.4)]
    names = [treat(given, **options).name for treat in treats for options in variants]
    assert len(set(names)) == len(names) == 25
    assert names[:2] == [f"{given.name}, kernels smoothed by 0.25{end}" for end in ("", ", energy")]
    assert names[3] == f"{given.name}, kernels smoothed by 0.25, layers 0 3"


@pytest.mark.parametrize("size", [(3, 3), (5, 5), (3, 5)])
def test_what_is_left_of_a_kernel_has_low_frequencies_and_a_second_time_changes_nothing(size):
    given = classifier(*size)
    once = low_pass_kernels(given, 1 / 4)
    twice = low_pass_kernels(once, 1 / 4)
    torch.testing.assert_close(kernels(twice), kernels(once), atol=1e-6, rtol=0)
    form = band_form(size, 0, 1 / 4)
    assert float(share(kernels(once), form).min()) > 0.5
    assert float(share(kernels(given), form).min()) < 0.5
    gone = kernels(given) - kernels(once)
    assert float((gone * kernels(once)).sum()) == pytest.approx(0, abs=1e-5)


def test_dilated_kernels_are_cut_in_cycles_per_pixel():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, dilation=2), nn.ReLU())
    with pytest.raises(ValueError, match="No 3 x 3 kernel"):  # two pixels apart, half of all energy comes again above
        low_pass_kernels(fs.Classifier(network), 1 / 4)
    once = low_pass_kernels(fs.Classifier(network), 0.4).network[0].weight.detach()
    assert float(share(once, band_form(3, 0, 0.4, 2)).min()) > 0.5
    assert not torch.equal(once, network[0].weight)


def test_all_radii_keep_all_of_a_kernel():
    given = classifier(3, 3)
    torch.testing.assert_close(kernels(low_pass_kernels(given, 0.5, 0.0)), kernels(given), atol=1e-6, rtol=0)


def test_weights_that_are_worked_out_from_others_become_plain():
    given = classifier(3, 3)
    parametrizations.weight_norm(given.network[0])
    found = smooth_kernels(given, 0.5)
    assert "weight" in found.network[0]._parameters
    torch.testing.assert_close(kernels(found).sum((2, 3)), 5 * kernels(given).sum((2, 3)), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("treat", "says"),
    [
        (lambda one: smooth_kernels(one, -1.0), r"finite number from 0 on; -1\.0 came"),
        (lambda one: smooth_kernels(one, 1.0, "mean"), "normalise is none, dc, energy or batch-norm; 'mean' came"),
        (lambda one: smooth_kernels(one, 1.0, "batch-norm"), "samples go with normalise"),
        (lambda one: smooth_kernels(one, 1.0, samples=samples()), "samples go with normalise"),
        (lambda one: smooth_kernels(one, 1.0, "batch-norm", samples=samples()), "no batch norm"),
        (lambda one: smooth_kernels(one, 1.0, layers=("1",)), "a ReLU came"),
        (lambda one: low_pass_kernels(one, normalise="dc"), "its own"),
        (lambda one: low_pass_kernels(one, 0.1, 0.9), r"No 3 x 3 kernel has more than 0\.9"),
        *((lambda one, to=to: low_pass_kernels(one, threshold=to), f"below 1; {to} came") for to in (-1, 1, 2)),
        *((lambda one, to=to: low_pass_kernels(one, to), f"radius is .* up to 1/2 .*; {to} came") for to in (9, 0, -1)),
    ],
)
def test_what_does_not_fit_is_refused(treat, says):
    with pytest.raises(ValueError, match=says):
        treat(classifier(3, 3))


def test_a_plain_function_has_no_kernels():
    with pytest.raises(TypeError, match="plain function"):
        smooth_kernels(fs.Classifier(lambda images: images.flatten(1)), 1.0)


def test_every_image_counts_alike_for_the_statistics_of_batch_norms():
    images = torch.rand(101, 3, 6, 5, generator=torch.Generator().manual_seed(1)) * 0.5
    images[100] = 1.0  # alone in its batch it would be half of the mean
    given = classifier(3, 3, norm=True)
    found = smooth_kernels(given, 0.5, "batch-norm", samples=fs.Samples(images))
    with torch.no_grad():
        answers = found.network[0](found.normalised(images))
    torch.testing.assert_close(found.module("1").running_mean, answers.mean((0, 2, 3)), atol=0.02, rtol=0)


def shared(parametrised=False, apart=False):
    """Two places that one layer, or two layers of one weight, take."""
    torch.manual_seed(0)
    first = nn.Conv2d(3, 3, 3, padding=1)
    if parametrised:
        parametrizations.weight_norm(first)
    second = nn.Conv2d(3, 3, 3, padding=1) if apart else first
    if apart:
        second.weight = first.weight
    return fs.Classifier(nn.Sequential(first, nn.ReLU(), nn.Sequential(second), nn.Flatten()).eval())


@pytest.mark.parametrize("options", [{}, {"parametrised": True}, {"apart": True}])
def test_weights_that_layers_share_change_once_in_all_of_them(options):
    given = shared(**options)
    names = ("0", "2.0") if options.get("apart") else ("0", "0")
    wanted = smooth_kernels(fs.Classifier(nn.Sequential(copy.deepcopy(given.network[0]))), 0.5).network[0].weight
    for layers in ((), names):
        network = smooth_kernels(given, 0.5, layers=layers).network
        assert torch.equal(network[0].weight, wanted)
        assert network[2][0].weight is network[0].weight


class Doubled(nn.Conv2d):
    def forward(self, images):
        return 2 * super().forward(images)


def test_a_parametrised_layer_with_a_forward_of_its_own_is_refused_and_a_plain_one_keeps_it():
    plain = fs.Classifier(nn.Sequential(Doubled(3, 2, 3), nn.Flatten()).eval())
    images = torch.rand(2, 3, 6, 6)
    with torch.no_grad():
        torch.testing.assert_close(smooth_kernels(plain, 0.0)(images), plain(images))
    parametrizations.weight_norm(plain.network[0])
    with pytest.raises(ValueError, match="a forward of its own and a parametrised weight"):
        smooth_kernels(plain, 0.0)


def test_low_passed_kernels_get_their_energy_back_or_statistics_of_their_own():
    given, plain = classifier(3, 3, norm=True), low_pass_kernels(classifier(3, 3, norm=True))
    before, found = kernels(given), kernels(low_pass_kernels(given, normalise="energy"))
    torch.testing.assert_close(found.flatten(1).norm(dim=1), before.flatten(1).norm(dim=1))
    assert not torch.allclose(kernels(plain).flatten(1).norm(dim=1), before.flatten(1).norm(dim=1), rtol=0.05)
    again = low_pass_kernels(given, normalise="batch-norm", samples=samples())
    assert torch.equal(kernels(again), kernels(plain))
    assert not torch.allclose(again.module("1").running_var, given.module("1").running_var, rtol=0.05)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_a_parametrised_layer_made_plain_answers_alike_in_every_option(mode):
    layer = nn.Conv2d(4, 6, (3, 2), (2, 1), (2, 1), (1, 2), groups=2, bias=mode != "reflect", padding_mode=mode)
    layer = parametrizations.weight_norm(layer.double()).eval()
    maps, state = torch.rand(2, 4, 9, 8, dtype=torch.float64), torch.random.get_rng_state()
    made = plain_convolution(layer)
    assert type(made) is nn.Conv2d
    assert not made.training
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.testing.assert_close(made(maps), layer(maps))


@pytest.mark.parametrize(
    ("treat", "says"),
    [
        (lambda one: smooth_kernels(one.network, 0.5), "of a Classifier; Sequential came"),
        (lambda one: low_pass_kernels(one.network), "of a Classifier; Sequential came"),
        (lambda one: smooth_kernels(one, "strong"), "strength is a number"),
        (lambda one: low_pass_kernels(one, None), "radius is a number"),
        (lambda one: low_pass_kernels(one, threshold="half"), "threshold is a number"),
        (lambda one: smooth_kernels(one, 0.5, layers="0"), "layers are dotted names"),
    ],
)
def test_other_kinds_are_refused(treat, says):
    with pytest.raises(TypeError, match=says):
        treat(classifier(3, 3))
