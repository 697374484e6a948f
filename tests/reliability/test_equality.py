"""One question has one answer: counts at any batch size, and every bit at one batch size, however the run is made."""

import numpy as np
import pytest
import torch
from doors import SOAK
from stores_made import QUESTION, TRIAL, same
from torch import nn

import fourierscope as fs
from fourierscope.analyses import wave_set
from fourierscope.results.measured import unpacked
from fourierscope.runs.engines import Here

COUNTED = {
    "error": (fs.HeatMap(norm=2.0), "error"),
    "flips": (fs.HeatMap(norm=2.0, score="flips"), "flips"),
    "pass curve": (fs.PassCurve(sizes=(1, 2, 3)), "accuracy"),
    "band noise": (fs.BandNoise(), "accuracy"),
}
REAL = {
    "loss": fs.HeatMap(norm=2.0, score="loss"),
    "margin": fs.HeatMap(norm=2.0, score="margin"),
    "layers": fs.LayerHeatMap(norm=2.0),
    "bands": fs.BandImportance(),
    "fading sums": QUESTION,
}
QUESTIONS = {name: question for name, (question, _) in COUNTED.items()} | REAL
BATCHES = [1, 2, 5, 16, 33, 97, "auto"] if SOAK else [1, 16, "auto"]
if not SOAK:
    QUESTIONS = {name: QUESTIONS[name] for name in ("error", "loss", "pass curve", "fading sums")}


def small():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2)).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(torch.randn(values.shape, generator=generator))
    return network


ASKED = fs.Trial(fs.Classifier(small(), "small"), TRIAL.samples.subset(range(97 if SOAK else 20)))


@pytest.fixture(autouse=True)
def several_cells(monkeypatch):
    monkeypatch.setattr(wave_set, "_WAVES", 5)


def asked(question, store=None, batch=16, **options):
    return fs.run(question, ASKED, store=store, batch=batch, **options)


def resumed(question, folder, **options):
    asked(question, folder, **options)
    for cell in sorted(folder.glob("cell-*"))[::2]:
        cell.unlink()
    return asked(question, folder)


def shared(question, folder):
    for share in ("1/3", "0/3"):  # the third is left to the run
        fs.run_share(question, ASKED, folder, share, batch=16)
    return asked(question, folder)


WAYS = {
    "again": lambda question, folder: asked(question),
    "kept": asked,
    "kept, then read": lambda question, folder: [asked(question, folder), asked(question, folder)][1],
    "resumed": resumed,
    "in shares": shared,
    "by an engine": lambda question, folder: asked(question, engine=Here()),
}
if SOAK:
    WAYS["by three workers"] = lambda question, folder: asked(question, folder, workers=3)
    WAYS["by three workers, then here"] = lambda question, folder: [
        asked(question, folder, workers=3),
        resumed(question, folder),
    ][1]


@pytest.mark.parametrize("name", QUESTIONS)
def test_however_a_run_is_made_its_file_is_equal_bit_for_bit(tmp_path, name):
    plain = asked(QUESTIONS[name])
    content = plain.save(tmp_path / "plain.nc").read_bytes()
    for number, (way, made) in enumerate(WAYS.items()):
        found = made(QUESTIONS[name], tmp_path / str(number))
        assert same(found, plain), way
        assert found.save(tmp_path / f"{number}.nc").read_bytes() == content, way


@pytest.mark.parametrize("name", COUNTED)
def test_counts_are_equal_at_any_batch_size(name):
    question, value = COUNTED[name]
    plain = unpacked(asked(question).dataset, value)
    assert plain.any()
    assert not plain.all()
    for batch in BATCHES:
        np.testing.assert_array_equal(unpacked(asked(question, batch=batch).dataset, value), plain)


def tied(images):
    """Two outputs that are the same sum in another order where an image is bright, and far apart where it is dark."""
    weights, order = torch.linspace(-3, 3, 36)[:, None].sin().repeat(1, 48), torch.arange(35, -1, -1)
    values = images.flatten(1)
    one, other = values @ weights, values[:, order] @ weights[order]  # (n, 48)
    dark = values.mean(1) < 0.5
    return torch.stack([one.sum(1), other.sum(1) + dark * torch.where(values[:, 0] > 0.5, 1.0, -1.0)], 1)


def test_only_ties_depend_on_the_batch_size_and_they_are_listed():
    trial = fs.Trial(fs.Classifier(tied, "tied"), TRIAL.samples)
    margins = trial.classifier(TRIAL.samples.images).diff(dim=1).abs().flatten()
    ties = set((margins < 1e-4).nonzero().flatten().tolist())
    assert 20 < len(ties) < 77
    found = [
        unpacked(fs.run(fs.PassCurve(sizes=(1,)), trial, batch=batch).dataset, "clean_accuracy") for batch in BATCHES
    ]
    differing = {image for one in found for image in np.flatnonzero(one != found[0]).tolist()}
    assert differing <= ties
    print(f"images that are ties: {len(ties)}; whose counts depend on the batch size: {sorted(differing)}")  # noqa: T201
