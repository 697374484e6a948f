"""Heat maps of classifiers whose answer is known by construction, and against a slow loop."""

from math import pi

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.wave_set import balanced_signs
from fourierscope.fourier import Frequency, Plane, quadratures, wave
from fourierscope.runs import batch_size
from fourierscope.runs.batching import batch_size_of

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9)]


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def hears(plane, frequency, threshold=0.5):
    """Class 1 where some channel has a wave of this frequency, class 0 else; by the slow formula of one bin."""
    rows, columns = torch.arange(plane.height)[:, None] / plane.height, torch.arange(plane.width)[None, :] / plane.width
    turn = 2 * pi * (frequency[0] * rows + frequency[1] * columns)

    def network(images):
        bin_ = torch.hypot((images * turn.cos()).sum((-2, -1)), (images * turn.sin()).sum((-2, -1)))
        heard = (bin_ / (plane.height * plane.width) ** 0.5).amax(1) - threshold
        return torch.stack([-heard, heard], 1)

    return network


def grey(n, channels, plane, labels=True):
    return fs.Samples(
        torch.full((n, channels, *plane.shape), 0.5), torch.zeros(n, dtype=torch.long) if labels else None
    )


@pytest.mark.parametrize("size", [*SIZES, (32, 32)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("phases", [1, 2])
def test_a_classifier_that_hears_one_frequency_lights_there_and_at_its_partner(size, channels, phases):
    plane = Plane(*size)
    for frequency in (Frequency(2, -1), Frequency(0, 2), Frequency(-(size[0] // 2), 1)):
        trial = fs.Trial(fs.Classifier(hears(plane, frequency)), grey(2, channels, plane))
        error = fs.HeatMap(norm=1.5, phases=phases)(trial)["error"]
        expected = np.zeros(size)
        expected[plane.position(frequency)] = expected[plane.position(plane.partner(frequency))] = 1
        np.testing.assert_array_equal(error.values, expected)


@pytest.mark.parametrize("size", SIZES)
def test_axes_are_whole_cycles_per_image_with_bounds_and_count_beside(size):
    plane = Plane(*size)
    error = fs.HeatMap(norm=1.0)(fs.Trial(fs.Classifier(hears(plane, (1, 1))), grey(5, 1, plane)))["error"]
    assert error.dims == ("row", "column")
    assert error.row.dtype.kind == error.column.dtype.kind == "i"
    assert error.row.values.tolist() == plane.rows().tolist()
    assert error.column.values.tolist() == plane.columns().tolist()
    assert error.row.attrs["units"] == "cycles/image"
    assert int(error.n) == 5
    assert (error.error_low.values <= error.values).all()
    assert (error.values <= error.error_high.values).all()
    assert float(error.sel(row=1, column=1)) == float(error.sel(row=-1, column=-1)) == 1


def test_crop_and_stride_keep_the_values_of_their_frequencies():
    plane = Plane(16, 15)
    classifier = fs.Classifier(hears(plane, (4, -2), 0.3))
    trial = fs.Trial(classifier, fs.Samples(uniform(6, 1, 16, 15), torch.zeros(6, dtype=torch.long)))
    whole = fs.HeatMap(norm=2.0)(trial)["error"]
    part = fs.HeatMap(norm=2.0, crop=9, stride=2)(trial)["error"]
    assert part.row.values.tolist() == part.column.values.tolist() == [-4, -2, 0, 2, 4]
    np.testing.assert_array_equal(part.values, whole.sel(row=part.row, column=part.column).values)
    assert part.sel(row=-4, column=2) > whole.sel(row=1, column=1)


def linear(size, channels, classes=4, seed=0):
    network = nn.Sequential(nn.Flatten(), nn.Linear(channels * size[0] * size[1], classes))
    weight = torch.randn(classes, channels * size[0] * size[1], generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        network[1].weight.copy_(weight)
        network[1].bias.zero_()
    return network.eval()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("clip", "phases"), [(True, 1), (False, 1), (True, 2), (True, 3)])
def test_error_is_that_of_a_slow_loop_over_waves_and_images(size, clip, phases):
    plane, images = Plane(*size), uniform(5, 3, *size)
    labels = torch.tensor([0, 1, 2, 3, 0])
    network = linear(size, 3)
    question = fs.HeatMap(norm=2.0, clip=clip, phases=phases)
    trial = fs.Trial(fs.Classifier(network), fs.Samples(images, labels))
    found = question(trial)
    signs = balanced_signs(5, 3, question.chance(purpose="signs"))
    worst = np.zeros(size)
    for frequency in plane.waves():
        shares = []
        for phase in quadratures(plane, frequency, phases):
            wrong = 0
            for image, label, sign in zip(images, labels, signs, strict=True):
                changed = torch.stack(
                    [
                        one + s * (2.0 * wave(plane, frequency, phase)).float()
                        for one, s in zip(image, sign, strict=True)
                    ]
                )
                changed = changed.clamp(0, 1) if clip else changed
                wrong += int(network(changed[None]).argmax() != label)
            shares.append(wrong / 5)
        for place in (plane.position(frequency), plane.position(plane.partner(frequency))):
            assert found["error"].values[place] == pytest.approx(np.mean(shares), abs=1e-6)
            worst[place] = max(shares)
    clean = sum(int(network(image[None]).argmax() != label) for image, label in zip(images, labels, strict=True)) / 5
    assert float(found["clean_error"]) == clean
    if phases > 1:
        np.testing.assert_allclose(found["error_worst"].values, worst, atol=1e-6)
        assert (found["error"].values <= worst + 1e-6).all()


@pytest.mark.parametrize("size", SIZES)
def test_the_ring_is_the_mean_of_the_map_over_rounded_radii(size):
    trial = fs.Trial(fs.Classifier(linear(size, 1)), fs.Samples(uniform(9, 1, *size), torch.arange(9) % 4))
    found = fs.HeatMap(norm=2.0)(trial)
    radius = np.floor(Plane(*size).radius().numpy() + 0.5)
    for one, value in zip(found["error_ring"].radius.values, found["error_ring"].values, strict=True):
        assert value == pytest.approx(found["error"].values[radius == one].mean(), abs=1e-6)


@pytest.mark.parametrize(("channels", "count"), [(1, 10), (3, 8), (3, 24), (3, 27), (2, 12), (9, 10)])
def test_signs_are_balanced_exactly(channels, count):
    signs = balanced_signs(count, channels, torch.Generator().manual_seed(0))
    assert set(signs.unique().tolist()) == {-1.0, 1.0}
    if channels <= 8:
        patterns, found = signs.unique(dim=0, return_counts=True)
        assert len(patterns) == min(2**channels, count)
        assert int(found.max() - found.min()) <= (0 if count % 2**channels == 0 else 1)
    else:
        assert signs.sum(0).abs().max() <= 1


def test_signs_belong_to_each_image_and_channel_and_depend_on_the_seed_alone():
    trial = fs.Trial(fs.Classifier(linear((8, 8), 3)), fs.Samples(uniform(24, 3, 8, 8)))
    first, again, other = (fs.HeatMap(seed=seed)._signs(trial) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len(first.unique(dim=0)) == 8
    assert not torch.equal(first[:8], first[8:16])


@pytest.mark.parametrize("size", SIZES)
def test_the_layer_of_a_linear_model_changes_as_computed_by_hand(size):
    plane, network = Plane(*size), linear(size, 3)
    question = fs.HeatMap(norm=3.0, score="layer:output", clip=False)
    trial = fs.Trial(fs.Classifier(network), fs.Samples(uniform(4, 3, *size)))
    found = question(trial)["layer"]
    signs = balanced_signs(4, 3, question.chance(purpose="signs")).double()
    weight = network[1].weight.detach().double().view(4, 3, *size)
    for frequency in plane.waves():
        pattern = wave(plane, frequency)
        changes = [
            3.0 * torch.linalg.vector_norm((weight * (sign[:, None, None] * pattern)).sum((1, 2, 3))) for sign in signs
        ]
        for place in (plane.position(frequency), plane.position(plane.partner(frequency))):
            assert float(found.values[place]) == pytest.approx(float(torch.stack(changes).mean()), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_a_circular_convolution_answers_with_norm_times_its_transfer_function(size):
    kernel = torch.randn(1, 1, 3, 3, generator=torch.Generator().manual_seed(2))

    def network(images):
        return nn.functional.conv2d(nn.functional.pad(images, (1, 1, 1, 1), mode="circular"), kernel).flatten(1)

    plane = Plane(*size)
    found = fs.HeatMap(norm=2.0, score="layer:output", clip=False)(
        fs.Trial(fs.Classifier(network), fs.Samples(uniform(3, 1, *size)))
    )
    for row in plane.rows().tolist():
        for column in plane.columns().tolist():
            gain = sum(
                float(kernel[0, 0, y, x]) * np.exp(2j * np.pi * (row * (y - 1) / size[0] + column * (x - 1) / size[1]))
                for y in range(3)
                for x in range(3)
            )
            assert float(found["layer"].sel(row=row, column=column)) == pytest.approx(2 * abs(gain), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("norm", [0.5, 4.0])
def test_the_norm_that_arrives_is_the_norm_asked_for_in_every_channel(norm):
    trial = fs.Trial(
        fs.Classifier(linear((8, 8), 3)), fs.Samples(uniform(8, 3, 8, 8), torch.zeros(8, dtype=torch.long))
    )
    without = fs.HeatMap(norm=norm, clip=False)(trial)["effective_norm"]
    clipped = fs.HeatMap(norm=norm)(trial)["effective_norm"]
    np.testing.assert_allclose(without.values, norm, rtol=1e-5)
    assert (clipped.values < without.values).all()
    assert (clipped.values > 0).all()


def test_with_clipping_the_network_never_sees_values_outside_zero_and_one():
    seen = []

    def network(images):
        seen.append((float(images.min()), float(images.max())))
        return images.flatten(1)[:, :2]

    trial = fs.Trial(fs.Classifier(network), fs.Samples(uniform(4, 1, 8, 8), torch.zeros(4, dtype=torch.long)))
    fs.HeatMap(norm=4.0)(trial)
    assert min(low for low, _ in seen) == 0
    assert max(high for _, high in seen) == 1
    fs.HeatMap(norm=4.0, clip=False)(trial)
    assert max(high for _, high in seen) > 1


@pytest.mark.parametrize("score", ["error", "layer:output", "flips", "loss"])
def test_batch_size_and_cut_into_cells_do_not_change_outcomes(score, monkeypatch):
    trial = fs.Trial(fs.Classifier(linear((9, 6), 3)), fs.Samples(uniform(13, 3, 9, 6), torch.arange(13) % 4))
    question = fs.HeatMap(norm=2.0, score=score, phases=2)
    whole = question(trial)
    small = fs.run(question, trial, batch=3)
    monkeypatch.setattr("fourierscope.analyses.wave_set._WAVES", 3)
    monkeypatch.setattr("fourierscope.analyses.wave_set._PIXELS", 300)
    assert len(list(question.cells(trial))) > 10
    for other in (small, question(trial), fs.run(question, trial, batch=1)):
        for name in whole.dataset.data_vars:
            np.testing.assert_allclose(other.dataset[name].values, whole.dataset[name].values, rtol=1e-5, atol=1e-5)


def test_the_last_small_batch_weighs_as_its_images_do():
    wrong = torch.zeros(5, dtype=torch.long)
    wrong[4] = 1
    trial = fs.Trial(fs.Classifier(hears(Plane(8, 8), (1, 1), 99.0)), fs.Samples(uniform(5, 1, 8, 8), wrong))
    assert (fs.run(fs.HeatMap(), trial, batch=4)["error"].values == 0.2).all()


def test_a_second_map_of_the_same_trial_is_the_first():
    trial = fs.Trial(fs.Classifier(linear((8, 8), 1)), fs.Samples(uniform(9, 1, 8, 8), torch.arange(9) % 4))
    assert fs.HeatMap()(trial).dataset.identical(fs.HeatMap()(trial).dataset)


def test_pictures_show_the_strongest_wave():
    plane, frequency = Plane(8, 8), Frequency(2, 1)
    trial = fs.Trial(fs.Classifier(hears(plane, frequency)), grey(3, 3, plane))
    pictures = fs.HeatMap(norm=1.5)(trial)["pictures"]
    assert (pictures.attrs["row"], pictures.attrs["column"]) == frequency
    assert pictures.shape == (3, 2, 8, 8, 3)
    assert (pictures.values[:, 0] == 128).all()
    expected = (0.5 + 1.5 * np.outer([1, -1], wave(plane, frequency).numpy())).clip(0, 1).reshape(2, 8, 8)
    shown = pictures.values[0, 1, :, :, 0] / 255
    assert min(np.abs(shown - one).max() for one in expected) < 1 / 255


@pytest.mark.parametrize(
    "options", [{"norm": 0.0}, {"norm": float("nan")}, {"norm": float("inf")}, {"phases": 0}, {"score": "mood"}]
)
def test_options_without_meaning_are_refused_at_the_door(options):
    with pytest.raises(ValueError, match="came"):
        fs.HeatMap(**options)


def test_an_even_crop_is_refused_before_any_work():
    trial = fs.Trial(fs.Classifier(linear((8, 8), 1)), grey(1, 1, Plane(8, 8)))
    with pytest.raises(ValueError, match="splits conjugate pairs"):
        fs.HeatMap(crop=4)(trial)


@pytest.mark.parametrize(("size", "channels"), [((8, 8), 1), ((9, 9), 3), ((9, 6), 3), ((6, 9), 1)])
@pytest.mark.parametrize("phases", [1, 2])
@pytest.mark.parametrize("clip", [True, False])
def test_the_same_memory_for_every_wave_gives_the_bits_of_fresh_memory(size, channels, phases, clip):
    plane, images = Plane(*size), uniform(5, channels, *size)
    labels, network = torch.tensor([0, 1, 2, 3, 0]), linear(size, channels)
    question = fs.HeatMap(norm=2.0, clip=clip, phases=phases, score="loss")
    trial = fs.Trial(fs.Classifier(network, mean=0.4, std=0.3), fs.Samples(images, labels))
    signs = question._signs(trial)
    for tile in question.cells(trial):
        found, waves = question.measure(tile, trial), question._set.stack(plane, tile).flatten(0, 1)
        at_once = max(1, batch_size(plane, torch.device("cpu")) // 5)  # as many waves as share a batch
        scores, norms = [], []
        for several in waves.split(at_once):
            changed = torch.addcmul(images, signs[:, :, None, None], several[:, None, None])
            changed = changed.clamp_(0, 1) if clip else changed
            rows = torch.linalg.vector_norm(changed - images, dim=-1).double()
            norms.append(torch.linalg.vector_norm(rows, dim=-1).mean(-1).sum(-1))
            with torch.no_grad():
                logits = trial.classifier(changed.flatten(0, 1))
            scores.append(nn.functional.cross_entropy(logits, labels.repeat(len(several)), reduction="none"))
        assert np.array_equal(found["scores"].ravel(), torch.cat(scores).numpy())
        assert np.array_equal(found["norms"].ravel(), torch.cat(norms).numpy())


def test_a_score_that_is_a_view_of_the_images_is_read_before_the_next_wave_is_written():
    plane = Plane(6, 6)
    trial = fs.Trial(fs.Classifier(lambda images: images.flatten(1)), fs.Samples(uniform(30, 1, 6, 6)))
    question = fs.HeatMap(norm=1.0, clip=False, score=lambda outputs, labels: outputs[:, 7])
    with batch_size_of(30):  # one wave at a time
        scores = question(trial)["score"]
    signs = question._signs(trial)[:, 0]
    for frequency in plane.waves():
        expected = (trial.samples.batch().flatten(1)[:, 7] + signs * wave(plane, frequency).float().flatten()[7]).mean()
        np.testing.assert_allclose(scores.values[plane.position(frequency)], float(expected), atol=1e-6)
