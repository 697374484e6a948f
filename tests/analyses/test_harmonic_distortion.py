"""Harmonics of networks whose answer to a wave is known, against the theory of activations, and against a slow loop."""

from math import cos, pi, sin, sqrt

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.fourier import Frequency, Plane, wave
from fourierscope.results import load
from fourierscope.theory.harmonics import ACTIVATIONS, activation_harmonics, activation_named, total_distortion

SIZES = [(8, 8), (7, 7), (6, 9), (9, 6)]
GREY = 0.5


def grey(size, n=2, channels=1):
    return fs.Samples(torch.full((n, channels, *size), GREY))


def pictures(size, n=5, channels=3):
    return fs.Samples(torch.rand(n, channels, *size, generator=torch.Generator().manual_seed(0)))


class Bent(nn.Module):
    """Pixels less grey, their images under a function, and both with their sum as outputs."""

    def __init__(self, function, bias=0.0):
        super().__init__()
        self.straight, self.bent, self.both = nn.Identity(), nn.Identity(), nn.Identity()
        self.function, self.bias = function, bias

    def forward(self, images):
        straight = self.straight(images - GREY + self.bias)
        bent = self.bent(self.function(straight))
        return self.both(straight + bent).flatten(1)


def of_pixels(function, samples, bias=0.0, **options):
    question = fs.HarmonicDistortion(layers=("straight", "bent", "both"), **options)
    return question(fs.Trial(fs.Classifier(Bent(function, bias).eval()), samples))


def convolutions(linear, channels=3):
    torch.manual_seed(0)
    bend = nn.Identity if linear else nn.ReLU
    return nn.Sequential(
        nn.Conv2d(channels, 5, 3, padding=1),
        bend(),
        nn.Conv2d(5, 6, 3, stride=2),
        bend(),
        nn.Flatten(),
        nn.LazyLinear(3),
    ).eval()


def small(samples, linear=False):
    network = convolutions(linear, samples.channels)
    with torch.no_grad():
        network(samples.batch(0, 1))  # so that its last layer knows its width
    return fs.Trial(fs.Classifier(network), samples)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frequency", [(2, 1), (0, 2), (-1, 2), ()])
def test_a_linear_network_does_not_bend_a_wave_in_any_layer(size, frequency):
    found = fs.HarmonicDistortion(frequency)(small(pictures(size), linear=True))
    assert found["distortion"].layer.values.tolist() == ["0", "2", "5", "output"]
    assert float(found["distortion"].max()) < 1e-5
    np.testing.assert_allclose(found["centroid"].values, 1, atol=1e-6)
    np.testing.assert_allclose(found["harmonics"].sel(harmonic=1).values, 1, atol=1e-6)


def test_a_linear_network_makes_no_tones_of_two_waves_whatever_its_padding_and_strides():
    found = fs.HarmonicDistortion((2, 1), second=(1, -3))(small(pictures((8, 9)), linear=True))
    for name in ("intermodulation_sum", "intermodulation_difference", "second_harmonics"):
        assert float(found[name].max()) < 1e-10


@pytest.mark.parametrize("size", SIZES)
def test_a_quadratic_unit_answers_at_harmonic_two_alone(size):
    found = of_pixels(torch.square, grey(size))
    bent = found["harmonics"].sel(layer="bent").values
    np.testing.assert_allclose(bent, np.arange(1, 17) == 2, atol=1e-10)
    assert float(found["centroid"].sel(layer="bent")) == pytest.approx(2)
    assert float(found["distortion"].sel(layer="bent")) > 1e5
    amplitude = 4.0 * sqrt(2 / (size[0] * size[1]))  # of the wave, on each pixel
    assert float(found["distortion"].sel(layer="both")) == pytest.approx(amplitude / 2, rel=1e-5)


@pytest.mark.parametrize("name", ["tanh", "hardtanh"])
def test_odd_functions_have_no_even_harmonics(name):
    found = of_pixels(activation_named(name), grey((8, 8)), norm=20.0)["harmonics"].sel(layer="bent")
    assert float(found.sel(harmonic=slice(2, None, 2)).max()) < 1e-10
    assert float(found.sel(harmonic=3)) > 1e-3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frequency", [(2, 1), ()])
def test_relu_units_have_the_total_distortion_of_relu(size, frequency):
    found = of_pixels(torch.relu, grey(size), frequency=frequency, points=1024)
    assert float(found["distortion"].sel(layer="straight")) < 1e-5
    assert float(found["distortion"].sel(layer="bent")) == pytest.approx(0.43524, abs=1e-5)
    energy = 1 / 8, 2 / (9 * pi**2)  # of c_1 = 1/2 and c_2 = 2 / (3 pi); all of them 1/4 - 1/pi^2
    shares = found["harmonics"].sel(layer="bent").values[:3]
    np.testing.assert_allclose(shares, [energy[0] / (1 / 4 - 1 / pi**2), energy[1] / (1 / 4 - 1 / pi**2), 0], atol=1e-5)


def test_a_skip_damps_what_its_branch_distorts():
    found = of_pixels(torch.relu, grey((8, 8)), points=512)["distortion"]
    assert float(found.sel(layer="both")) == pytest.approx(0.43524 / 3, abs=1e-5)  # x + relu(x): c_1 is 3/2 for 1/2
    silent = of_pixels(lambda x: 1e-3 * torch.relu(x), grey((8, 8)), points=512)["distortion"]
    assert float(silent.sel(layer="both")) == pytest.approx(0.21762e-3, rel=1e-2)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_units_distort_as_the_theory_of_their_activation_says(name):
    amplitude, bias = 20.0 * sqrt(2 / 72), -0.4
    found = of_pixels(activation_named(name), grey((8, 9)), bias, norm=20.0, points=256)
    theory = activation_harmonics(name, amplitude, bias)
    assert float(found["distortion"].sel(layer="bent")) == pytest.approx(float(total_distortion(theory)), abs=1e-4)
    energy = theory[1:65].square() / theory[1:].square().sum()
    np.testing.assert_allclose(found["harmonics"].sel(layer="bent").values, energy, atol=1e-4)


@pytest.mark.parametrize(("size", "frequency"), [((6, 5), (2, -1)), ((7, 8), (-1, 3))])
def test_the_result_is_that_of_a_slow_loop_round_each_circle(size, frequency):
    trial, points = small(pictures(size, 4)), 17
    found = fs.HarmonicDistortion(frequency, norm=1.5, points=points, layers=("3", "output"))(trial)
    network, plane = trial.classifier.network, Plane(*size)
    u, v = (wave(plane, Frequency(*frequency), phase).float() for phase in (0.0, pi / 2))
    outcomes = {"3": [], "output": []}
    for image in trial.samples.batch():
        turned = [image + 1.5 * (u * cos(t) + v * sin(t)) for t in 2 * pi * np.arange(points) / points]
        with torch.no_grad():
            answers = {
                "3": [network[:4](one[None]).flatten().double().numpy() for one in turned],
                "output": [network(one[None]).flatten().double().numpy() for one in turned],
            }
        for layer, several in answers.items():
            energy = np.zeros(points // 2)
            for h in range(1, points // 2 + 1):
                bin_ = sum(one * np.exp(-2j * pi * h * i / points) for i, one in enumerate(several))
                energy[h - 1] = np.mean(np.abs(bin_) ** 2)
            outcomes[layer].append(energy / energy.sum())
    for layer, several in outcomes.items():
        shares = np.array(several)
        one = {name: found[name].sel(layer=layer).values for name in ("harmonics", "distortion", "centroid")}
        np.testing.assert_allclose(one["harmonics"], shares.mean(0)[:4], atol=1e-5)
        assert one["distortion"] == pytest.approx(np.sqrt(shares[:, 1:].sum(1) / shares[:, 0]).mean(), rel=1e-4)
        assert one["centroid"] == pytest.approx((shares @ np.arange(1, 9)).mean(), rel=1e-4)
        assert float(found["higher_harmonics"].sel(layer=layer)) == pytest.approx(shares[:, 4:].sum(1).mean(), rel=1e-3)
    assert found["harmonics"].harmonic.values.tolist() == [1, 2, 3, 4]
    assert int(found["n"]) == 4


def hearing(plane, *frequencies):
    """The two quadratures of each frequency, to be heard: (h w, 2 k)."""
    return torch.stack([wave(plane, Frequency(*k), p).float().flatten() for k in frequencies for p in (0, pi / 2)], 1)


@pytest.mark.parametrize("size", [(9, 8), (11, 7)])
@pytest.mark.parametrize("second", [(2, 1), (-2, -1)])
def test_the_tone_at_the_sum_is_that_of_the_named_frequencies(size, second):
    plane, first = Plane(*size), (1, -2)
    total = (first[0] + second[0], first[1] + second[1])

    def network(images):
        pixels = (images - GREY).flatten(1)
        return torch.cat([pixels @ hearing(plane, first, second), pixels.square() @ hearing(plane, total)], 1)

    found = fs.HarmonicDistortion(first, second, norm=2.0)(fs.Trial(fs.Classifier(network), grey(size)))
    assert float(found["intermodulation_sum"][0]) == pytest.approx(4.0 / (size[0] * size[1]), rel=1e-5)
    assert float(found["intermodulation_difference"][0]) < 1e-10
    assert float(found["second_harmonics"][0]) < 1e-10


def test_the_batch_and_the_cut_into_cells_do_not_change_the_answer_and_files_keep_it(monkeypatch, tmp_path):
    trial = small(pictures((8, 8), 7))
    for question in (fs.HarmonicDistortion((), points=20), fs.HarmonicDistortion(second=(1, -2), points=20)):
        whole = question(trial)
        for batch in (7, 1000):
            same = fs.run(question, trial, batch=batch)
            for name in whole.dataset.data_vars:
                np.testing.assert_allclose(same.dataset[name].values, whole.dataset[name].values, rtol=1e-3, atol=1e-7)
        with monkeypatch.context() as patch:
            patch.setattr("fourierscope.analyses.harmonic_distortion._PIXELS", 64 * 20 * 3)
            assert [tuple(cell) for cell in question.cells(trial)] == [(0, 3), (3, 6), (6, 7)]
            cut = question(trial)
        for name in whole.dataset.data_vars:
            np.testing.assert_allclose(cut.dataset[name].values, whole.dataset[name].values, rtol=1e-3, atol=1e-7)
    assert load(whole.save(tmp_path / "harmonics.nc")).dataset.equals(whole.dataset)


def seen(question, samples):
    """The images that a classifier is shown round the circles: (n, points, c, h, w)."""
    shown = []

    def network(images):
        shown.append(images)
        return images.flatten(1)

    trial = fs.Trial(fs.Classifier(network), samples)
    cells = list(question.cells(trial))
    shown.clear()
    for cell in cells:
        question.measure(cell, trial)
    return torch.cat(shown).unflatten(0, (len(samples), -1))


@pytest.mark.parametrize("frequency", [(1, 2), ()])
@pytest.mark.parametrize("channels", [1, 3])
def test_circles_are_closed_of_one_norm_in_each_channel_and_never_clipped(frequency, channels):
    samples = pictures((6, 7), 3, channels)
    offsets = seen(fs.HarmonicDistortion(frequency, norm=3.0, points=9), samples) - samples.batch()[:, None]
    torch.testing.assert_close(offsets.flatten(3).norm(dim=-1), torch.full((3, 9, channels), 3.0))
    torch.testing.assert_close(offsets.sum(1), torch.zeros(3, channels, 6, 7), atol=1e-4, rtol=0)
    neighbours = (offsets - offsets.roll(1, 1)).flatten(3).norm(dim=-1)  # the last point is as near to the first
    torch.testing.assert_close(neighbours, torch.full((3, 9, channels), 6 * sin(pi / 9)))
    assert float((samples.batch()[:, None] + offsets).max()) > 1.2


def test_random_directions_differ_between_images_and_depend_on_seed_and_place_alone():
    samples = pictures((6, 7), 4)
    first, again, other = (seen(fs.HarmonicDistortion((), points=9, seed=seed), samples) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert float((first - other).norm()) > 1
    offsets = first - samples.batch()[:, None]
    assert float((offsets[0] - offsets[1]).norm()) > 1
    fewer = seen(fs.HarmonicDistortion((), points=9), fs.Samples(samples.images[:2]))
    torch.testing.assert_close(first[:2], fewer)


def test_two_networks_compare_image_by_image_in_the_layers_that_both_have():
    samples = grey((8, 8), 6)
    soft, hard = (of_pixels(function, samples) for function in (torch.nn.functional.softplus, torch.relu))
    difference = (hard - soft)["distortion"]
    assert difference.layer.values.tolist() == ["straight", "bent", "both"]
    assert float(difference.sel(layer="bent")) == pytest.approx(
        float(hard["distortion"].sel(layer="bent") - soft["distortion"].sel(layer="bent")), abs=1e-6
    )


def test_what_cannot_be_asked_is_told_before_any_work():
    trial = small(pictures((8, 8)))
    for options, said in (
        ({"frequency": (1,)}, "frequency is two whole numbers"),
        ({"frequency": (1, 0.5)}, "frequency is two whole numbers"),
        ({"frequency": (), "second": (1, 2)}, "needs a first"),
        ({"norm": 0.0}, "norm is a finite number above 0"),
        ({"norm": float("nan")}, "norm is a finite number above 0"),
        ({"points": 7}, "points is a whole number from 8 on"),
        ({"layers": ("0", "0")}, "different names"),
    ):
        with pytest.raises(ValueError, match=said):
            fs.HarmonicDistortion(**options)
    for options, said in (
        ({"frequency": (5, 0)}, "does not fit an image of 8 x 8"),
        ({"frequency": (0, 0)}, "has no phase to turn"),
        ({"frequency": (-4, 0)}, "has no phase to turn"),
        ({"second": (0, -4)}, "has no phase to turn"),
        ({"frequency": (2, 1), "second": (-2, -1)}, "are one on"),
        ({"layers": ("9",)}, "has no layer '9'"),
    ):
        with pytest.raises(ValueError, match=said):
            list(fs.HarmonicDistortion(**options).cells(trial))
    with pytest.raises(ValueError, match="one pixel has no two directions"):
        fs.HarmonicDistortion(())(fs.Trial(fs.Classifier(lambda images: images.flatten(1)), pictures((1, 1))))


def test_layers_that_do_not_move_or_are_no_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match=r"nothing but rounding moves in bent \(2 images\)"):
        of_pixels(torch.zeros_like, grey((8, 8)))
    with pytest.raises(ValueError, match=r"nothing but rounding moves in bent \(2 images\)"):
        of_pixels(lambda x: 1 + 1e-7 * x, grey((8, 8)))
    with pytest.raises(ValueError, match="activations of bent, both are NaN"):
        of_pixels(torch.log, grey((8, 8)))
    with pytest.raises(ValueError, match="activations of bent, both are NaN"):
        of_pixels(lambda x: torch.where(x < 1, x, torch.nan), grey((8, 8)), second=(1, 2))  # where both waves meet


def test_an_even_answer_has_no_fundamental_and_a_distortion_beyond_all_others():
    found = of_pixels(lambda x: (x.abs() > 0.1).float(), grey((8, 8)))
    assert float(found["harmonics"].sel(layer="bent", harmonic=1)) < 1e-12
    assert float(found["distortion"].sel(layer="bent")) > 1e5


def test_the_hooks_are_gone_and_the_network_is_as_it_was():
    trial = small(pictures((8, 8)))
    before = {name: one.clone() for name, one in trial.classifier.network.state_dict().items()}
    fs.HarmonicDistortion(second=(1, 2))(trial)
    assert not any(module._forward_hooks for module in trial.classifier.network.modules())
    assert all(torch.equal(one, before[name]) for name, one in trial.classifier.network.state_dict().items())
