"""Pass curves of classifiers that hear one band, at the ends, and with square filters."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Frequency, Plane, to_spectrum, wave

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4)]


def two_waves(plane, frequency, n=6):
    """Images of one wave with either sign on grey; the label is the sign."""
    signs = torch.tensor([1.0, -1.0]).repeat(n // 2)
    images = (
        0.5
        + 0.3 * signs[:, None, None, None] * wave(plane, frequency).float() * (plane.height * plane.width) ** 0.5 / 2
    )
    return fs.Samples(images, (signs < 0).long())


def hears(plane, frequency):
    pattern = wave(plane, frequency).float()

    def network(images):
        heard = (images * pattern).sum((1, 2, 3))
        return torch.stack(
            [heard, torch.where(heard.abs() < 1e-3, heard.abs() + 1, -heard)], 1
        )  # silence is answered by 1

    return network


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frequency", [(1, 1), (2, 1), (0, 1), (2, -1)])
def test_a_classifier_that_hears_one_frequency_has_its_step_there(size, frequency):
    plane, radius = Plane(*size), np.hypot(*frequency)
    trial = fs.Trial(fs.Classifier(hears(plane, Frequency(*frequency))), two_waves(plane, Frequency(*frequency)))
    accuracy = fs.PassCurve(sizes=(1, 2, 3, 9))(trial)["accuracy"]
    assert accuracy.dims == ("kept", "radius")
    for cut in accuracy.radius.values:
        assert float(accuracy.sel(kept="low", radius=cut)) == (1.0 if radius < cut else 0.5)
        assert float(accuracy.sel(kept="high", radius=cut)) == (0.5 if radius < cut else 1.0)
    assert int(accuracy.n) == 6


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frequency", [(1, 1), (2, 1), (0, 1)])
def test_square_filters_step_by_the_paper_on_planes_of_any_parity(size, frequency):
    plane, (row, column) = Plane(*size), frequency
    trial = fs.Trial(fs.Classifier(hears(plane, Frequency(row, column))), two_waves(plane, Frequency(row, column)))
    accuracy = fs.PassCurve(shape="square", sizes=(1, 3, 5, 9))(trial)["accuracy"]
    assert accuracy.dims == ("kept", "bandwidth")
    for width in accuracy.bandwidth.values:
        low = all(width >= n or abs(one) <= width // 2 for one, n in zip(frequency, size, strict=True))
        least = [0 if width + n % 2 >= n else (n + 1 - width - n % 2) / 2 for n in size]
        high = all(abs(one) >= edge for one, edge in zip(frequency, least, strict=True))
        assert float(accuracy.sel(kept="low", bandwidth=width)) == (1.0 if low else 0.5)
        assert float(accuracy.sel(kept="high", bandwidth=width)) == (1.0 if high else 0.5)


def noisy(size, n=20):
    images = torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(0))
    weight = torch.randn(4, 3 * size[0] * size[1], generator=torch.Generator().manual_seed(1))
    return fs.Trial(fs.Classifier(lambda given: given.flatten(1) @ weight.T), fs.Samples(images, torch.arange(n) % 4))


@pytest.mark.parametrize("size", [*SIZES, (32, 32), (1, 5), (1, 1)])
@pytest.mark.parametrize("shape", ["radial", "square"])
def test_low_at_full_size_is_the_clean_accuracy(size, shape):
    trial = noisy(size)
    found = fs.PassCurve(shape=shape, sizes=(1, 99))(trial)
    clean = float((trial.classifier(trial.samples.batch()).argmax(1) == trial.samples.labels).float().mean())
    assert float(found["clean_accuracy"]) == pytest.approx(clean)
    assert float(found["accuracy"].sel(kept="low")[-1]) == pytest.approx(clean)
    assert len(fs.PassCurve(shape=shape)(trial)["accuracy"][0]) >= 1


def given_to(trial, **options):
    """What the network sees at each size of the high part."""
    seen = []
    network = trial.classifier.network
    fs.PassCurve(**options)(
        fs.Trial(fs.Classifier(lambda images: (seen.append(images), network(images))[1]), trial.samples)
    )
    return seen


def test_high_at_one_loses_only_the_mean_and_nothing_is_clipped():
    trial = noisy((9, 6))
    last = given_to(trial, sizes=(1,))[-1]
    images = trial.samples.batch()
    torch.testing.assert_close(last, images - images.mean((-2, -1), keepdim=True), atol=1e-5, rtol=1e-4)
    kept = given_to(trial, sizes=(1,), keep_mean=True)[-1]
    torch.testing.assert_close(kept, images, atol=1e-5, rtol=1e-4)


def test_the_default_sizes_grow_to_the_whole_plane():
    for size in [(8, 8), (32, 32), (9, 6)]:
        radii = fs.PassCurve()(noisy(size))["accuracy"].radius.values
        assert (np.diff(radii) > 0).all()
        assert radii[-1] > float(Plane(*size).radius().max())
    widths = fs.PassCurve(shape="square")(noisy((32, 32)))["accuracy"].bandwidth.values
    assert widths.tolist() == list(range(1, 32, 2))


def test_low_and_high_parts_share_out_the_spectrum():
    trial = noisy((9, 6), 4)
    seen = given_to(trial, sizes=(2,))
    whole, low, high = (to_spectrum(one).abs().square().sum() for one in seen[-3:])
    torch.testing.assert_close(low + high, whole)


@pytest.mark.parametrize(
    "options", [{"shape": "round"}, {"sizes": (0,)}, {"sizes": (2, 2)}, {"shape": "square", "sizes": (4,)}]
)
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.PassCurve(**options)


def test_labels_are_needed_before_any_work():
    trial = noisy((8, 8))
    with pytest.raises(ValueError, match="has no labels"):
        fs.PassCurve()(fs.Trial(trial.classifier, fs.Samples(trial.samples.images)))
