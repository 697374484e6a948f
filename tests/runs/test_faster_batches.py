"""A copy in bfloat16 gets twice the images at a time, where nobody said how many."""

import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.runs.batching import batch_size_of
from fourierscope.runs.precision import in_precision
from fourierscope.subjects import trial as trials
from fourierscope.subjects.prepared import Plan, Prepared


def trial(count):
    images = torch.rand(count, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    network = nn.Sequential(nn.Flatten(), nn.Linear(1024, 2)).eval()
    return fs.Trial(fs.Classifier(network), fs.Samples(images, torch.arange(count) % 2))


@pytest.fixture
def chosen(monkeypatch):
    """The steps that every plan takes."""

    def steps(*names):
        monkeypatch.setattr(trials, "plan_for", lambda classifier, samples, kind, size: Plan(kind, names))

    return steps


@pytest.mark.parametrize(
    ("steps", "count", "batch", "wanted"),
    [
        (("bfloat16",), 128, "auto", 128),
        (("bfloat16",), 127, "auto", 64),
        (("bfloat16",), 128, 64, 64),
        (("bfloat16",), 500, 100, 100),
        (("channels_last",), 128, "auto", 64),
        ((), 128, "auto", 64),
    ],
)
def test_how_many_images_a_copy_takes(chosen, steps, count, batch, wanted):
    chosen(*steps)
    made = in_precision(fs.HeatMap(), trial(count), "auto", None, batch)
    assert made.classifier.suits == wanted
    assert made.classifier.exact.suits == 0


@pytest.mark.parametrize("question", [fs.HeatMap(crop=3), fs.BandNoise(), fs.PassCurve()])
def test_runs_take_as_many_and_the_batch_of_a_run_comes_first(chosen, monkeypatch, question):
    chosen("bfloat16")
    sizes, answer = [], Prepared.__call__
    monkeypatch.setattr(Prepared, "__call__", lambda self, given: sizes.append(len(given)) or answer(self, given))
    made = in_precision(question, trial(256), "auto", None, "auto")
    cell = next(iter(question.cells(made)))
    question.measure(cell, made)
    assert max(sizes) == 128
    sizes.clear()
    with batch_size_of(32):
        question.measure(cell, made)
    assert max(sizes) == 32


def test_layers_are_asked_of_the_network_in_its_own_batches(chosen, monkeypatch):
    chosen("bfloat16")
    made, sizes = in_precision(fs.HeatMap(), trial(256), "auto", None, "auto"), []
    handle = made.classifier.network.register_forward_pre_hook(lambda module, given: sizes.append(len(given[0])))
    question = fs.HeatMap(score="layer:1", crop=1)
    question.measure(next(iter(question.cells(made))), made)
    handle.remove()
    assert max(sizes) == 64
