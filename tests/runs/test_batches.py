"""Batches are halved when memory runs out, remembered, and never change the outcome."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Plane
from fourierscope.runs.batching import automatic_size, batches


def trial(most=None, message="DefaultCPUAllocator: can't allocate memory", sizes=None):
    def network(images):
        if sizes is not None:
            sizes.append(len(images))
        if most is not None and len(images) > most:
            raise RuntimeError(message)
        return torch.stack([images.mean((1, 2, 3)), images[:, 0, 0, 0]], 1)

    images = torch.rand(33, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return fs.Trial(fs.Classifier(network, name="network"), fs.Samples(images, torch.arange(33) % 2))


@pytest.mark.parametrize(("count", "size"), [(0, 3), (1, 3), (3, 3), (10, 3), (10, 100)])
def test_batches_cover_everything_once_and_in_order(count, size):
    parts = list(batches(count, size))
    assert [one for part in parts for one in range(part.start, part.stop)] == list(range(count))
    assert all(0 < part.stop - part.start <= size for part in parts)


def test_the_automatic_size_is_a_power_of_two_for_the_plane():
    assert automatic_size(Plane(32, 32), torch.device("cpu")) == 64
    assert automatic_size(Plane(10_000, 10_000), torch.device("cpu")) == 8


def test_the_batch_is_halved_and_remembered_and_the_outcome_is_the_same(tmp_path):
    question, sizes = fs.HeatMap(norm=1.0), []
    free = fs.run(question, trial())
    tight = fs.run(question, trial(20, sizes=sizes), store=tmp_path / "store", batch=64)
    np.testing.assert_array_equal(free["error"].values, tight["error"].values)
    np.testing.assert_array_equal(free.dataset["error_outcomes"].values, tight.dataset["error_outcomes"].values)
    assert max(sizes) > 20
    assert (tmp_path / "store" / "batch.json").read_text().startswith('{"batch": 16}')
    for cell in (tmp_path / "store").glob("cell-*"):
        cell.unlink()
    sizes.clear()
    again = fs.run(question, trial(20, sizes=sizes), store=tmp_path / "store")
    assert max(sizes) == 16
    assert again.dataset.identical(tight.dataset)


def test_an_automatic_size_is_halved_too(tmp_path):
    question = fs.HeatMap(norm=1.0)
    tight = fs.run(question, trial(500), store=tmp_path / "store")
    np.testing.assert_array_equal(tight["error"].values, question(trial())["error"].values)
    assert (tmp_path / "store" / "batch.json").read_text().startswith('{"batch": 512}')


def test_a_damaged_batch_size_is_told(tmp_path):
    fs.run(fs.HeatMap(), trial(20), store=tmp_path / "store")
    (tmp_path / "store" / "batch.json").write_text("[]")
    with pytest.raises(fs.StoreError, match=r"batch\.json is damaged"):
        fs.run(fs.HeatMap(), trial(20), store=tmp_path / "store")


def test_one_image_too_many_and_other_errors_are_not_hidden():
    class Cramped(fs.Classifier):
        def __call__(self, images, spare=False):
            raise RuntimeError("can't allocate memory")

    samples = trial().samples
    with pytest.raises(MemoryError, match="one image at a time"):
        fs.HeatMap(score="flips")(fs.Trial(Cramped(lambda images: images.flatten(1)), samples))
    with pytest.raises(RuntimeError, match="something else"):
        fs.HeatMap()(trial(0, "something else"))


@pytest.mark.parametrize("options", [{"workers": 0}, {"batch": 0}, {"engine": "cloud"}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.run(fs.HeatMap(), trial(), **options)
