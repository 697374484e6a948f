"""Trained networks without strides: constants, sizes, the network given, shifts of a wave beyond the new Nyquist."""

import copy

import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.treatments import anti_aliased
from fourierscope.treatments.pooling import BlurPool2d


def network(padding_mode="replicate"):
    torch.manual_seed(0)
    parts = [nn.Conv2d(3, 8, 3, 2, 1, padding_mode=padding_mode), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)]
    parts += [nn.Conv2d(8, 6, 3, 2, 1, padding_mode=padding_mode), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*parts, nn.Linear(6, 5)).eval()


@pytest.mark.parametrize("size", [(16, 16), (13, 18)])
@pytest.mark.parametrize("options", [{}, {"taps": 2}, {"taps": 5}, {"pooling": "spectral"}])
def test_constant_images_get_the_answers_that_they_had(options, size):
    given = fs.Classifier(network(), mean=0.5, std=0.25)
    images = torch.tensor([0.0, 0.2, 0.9]).view(3, 1, 1, 1).expand(3, 3, *size)
    changed = anti_aliased(given, **options)
    with torch.no_grad():
        torch.testing.assert_close(changed(images), given(images), atol=1e-5, rtol=1e-5)
        other = torch.rand(2, 3, *size)
        assert not torch.allclose(changed(other), given(other), atol=1e-4)


@pytest.mark.parametrize("size", [(16, 16), (13, 18), (9, 7)])
@pytest.mark.parametrize("pooling", ["blur", "spectral"])
@pytest.mark.parametrize(
    "layer", [nn.Conv2d(3, 2, 3, 2, 1), nn.Conv2d(3, 2, 1, 3), nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1)], ids=str
)
def test_sizes_stay_and_no_layer_has_a_stride(layer, pooling, size):
    given = fs.Classifier(nn.Sequential(copy.deepcopy(layer), nn.Flatten()).eval())
    changed = anti_aliased(given, pooling)
    images = torch.rand(1, 3, *size)
    with torch.no_grad():
        assert changed(images).shape == given(images).shape
    strides = {one.stride for one in changed.network.modules() if isinstance(one, nn.Conv2d | nn.MaxPool2d)}
    assert strides <= {1, (1, 1)}


def test_a_blur_of_one_tap_is_the_stride_itself_and_nothing_given_changes():
    given = fs.Classifier(network("zeros"), "own", mean=0.5, std=0.25)
    before, images = copy.deepcopy(given.network), torch.rand(4, 3, 15, 16)
    changed = anti_aliased(given, taps=1)
    with torch.no_grad():
        torch.testing.assert_close(changed(images), given(images))
    assert str(given.network) == str(before)
    assert changed.name == "own, anti-aliased (blur of 1 taps)"
    assert changed.network[0][0].weight is not given.network[0].weight
    assert (changed.mean, changed.std, changed.network.training) == (given.mean, given.std, False)


def test_a_wave_beyond_the_new_nyquist_frequency_no_longer_comes_out_as_a_constant():
    alias = fs.Classifier(nn.Sequential(nn.Conv2d(1, 1, 1, 2, bias=False), nn.Flatten()).eval())
    nn.init.ones_(alias.network[0].weight)
    wave = (0.5 + 0.5 * torch.cos(torch.pi * torch.arange(8))).expand(1, 1, 8, 8)  # folds onto frequency 0
    with torch.no_grad():
        assert float(alias(wave).min()) == 1
        torch.testing.assert_close(anti_aliased(alias, "spectral")(wave), torch.full((1, 16), 0.5))
        found = anti_aliased(alias)(wave).view(4, 4)[:, 1:]
    torch.testing.assert_close(found, torch.full((4, 3), 0.5))


def test_a_layer_that_stands_twice_is_followed_twice():
    shared = nn.Conv2d(3, 3, 3, 2, 1)
    changed = anti_aliased(fs.Classifier(nn.Sequential(shared, nn.ReLU(), shared, nn.Flatten()))).network
    assert changed[0] is changed[2]
    assert isinstance(changed[2][1], BlurPool2d)


@pytest.mark.parametrize("pooling", ["blur", "spectral"])
def test_layers_keep_their_mode_and_so_do_the_poolings_behind_them(pooling):
    for training in (False, True):
        given = nn.Sequential(nn.Conv2d(3, 3, 3, 2, 1), nn.BatchNorm2d(3), nn.MaxPool2d(2), nn.Flatten())
        changed = anti_aliased(fs.Classifier(given.train(training)), pooling).network
        assert {one.training for one in changed.modules()} == {training}
        assert {one.training for one in given.modules()} == {training}


class Own(nn.Conv2d):
    def forward(self, images):
        return super().forward(images)


class OwnLargest(nn.MaxPool2d):
    def forward(self, images):
        return nn.functional.max_pool2d(nn.functional.pad(images, (0, self.stride - 1) * 2), 2, self.stride)


@pytest.mark.parametrize(
    ("layers", "options", "says"),
    [
        ([nn.Conv2d(3, 2, 3)], {}, "leaves out pixels"),
        ([nn.Conv2d(3, 2, 3, (2, 1))], {}, "two strides"),
        ([nn.MaxPool2d(2, ceil_mode=True)], {}, "rounds sizes up"),
        ([Own(3, 2, 3, 2)], {}, "forward of its own"),
        ([OwnLargest(2)], {}, "OwnLargest with a forward of its own"),
        ([nn.MaxPool2d(2)], {"pooling": "mean"}, "pooling is blur or spectral"),
        ([nn.MaxPool2d(2)], {"pooling": "spectral", "taps": 5}, "taps are those"),
        ([nn.MaxPool2d(2)], {"taps": 0}, "whole number from 1 on"),
        ([fs.training.SpectralModulatedConv2d(nn.Conv2d(3, 2, 3, 2))], {}, "fold it first"),
    ],
)
def test_what_does_not_fit_is_refused(layers, options, says):
    with pytest.raises(ValueError, match=says):
        anti_aliased(fs.Classifier(nn.Sequential(*layers)), **options)


def test_functions_and_single_layers_are_refused():
    with pytest.raises(TypeError, match="of a Classifier; Conv2d came"):
        anti_aliased(nn.Conv2d(3, 2, 3, 2))
    with pytest.raises(TypeError, match="plain function"):
        anti_aliased(fs.Classifier(lambda images: images.flatten(1)))
    with pytest.raises(ValueError, match=r"put it into an nn\.Sequential"):
        anti_aliased(fs.Classifier(nn.Conv2d(3, 2, 3, 2)))
