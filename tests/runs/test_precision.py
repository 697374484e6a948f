"""A run in a faster precision: its store remembers what was chosen, and no other precision may go on in it."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.runs.store import Store
from fourierscope.subjects.prepared import choosing


@pytest.fixture(autouse=True)
def timed(monkeypatch):
    """Every step seems to be worth it, and none is compiled, which takes long."""
    times = {"calls": 0}

    def counted(several):
        times["calls"] += 1
        return {steps: 1.0 / (1 + len(steps)) for steps in several}

    monkeypatch.setattr(choosing, "_timed", counted)
    monkeypatch.setattr(choosing, "compiler", lambda: None)
    monkeypatch.setattr(choosing, "MOST_FLIPS", 1.0)
    return times


def trial():
    chance = torch.Generator().manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(288, 3)
    )
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(torch.randn(values.shape, generator=chance))
    images = torch.rand(30, 1, 8, 8, generator=chance)
    return fs.Trial(fs.Classifier(network.eval(), "network"), fs.Samples(images, torch.arange(30) % 3))


@pytest.mark.parametrize("precision", ["fast", "auto"])
def test_a_run_that_goes_on_has_the_same_record_without_choosing_anew(tmp_path, timed, precision):
    question, asked = fs.HeatMap(norm=1.0), trial()
    first = fs.run(question, asked, tmp_path / "store", precision=precision)
    assert first.record["subject"]["classifier"]["precision"]["kind"] == precision
    for path in list((tmp_path / "store").glob("cell-*.npz"))[1:]:
        path.unlink()
    calls = timed["calls"]
    again = fs.run(question, asked, tmp_path / "store", precision=precision)
    assert timed["calls"] == calls
    assert again.record == first.record
    assert again.dataset.identical(first.dataset)


def test_a_store_of_one_precision_is_refused_by_another(tmp_path):
    question, asked = fs.PassCurve(sizes=(1, 2)), trial()
    fs.run(question, asked, tmp_path / "fast", precision="fast")
    fs.run(question, asked, tmp_path / "exact")
    for store, precision in (("fast", "exact"), ("fast", "auto"), ("exact", "fast")):
        with pytest.raises(fs.StoreError, match="precision"):
            fs.run(question, asked, tmp_path / store, precision=precision)


def test_two_workers_give_the_bits_of_one():
    question, asked = fs.HeatMap(norm=1.0, score="loss"), trial()
    one, two = (fs.run(question, asked, workers=count, precision="fast") for count in (1, 2))
    assert one.dataset.identical(two.dataset)
    assert one.record == two.record


def test_exact_is_what_a_run_does_unless_told():
    question, asked = fs.HeatMap(norm=1.0, score="loss"), trial()
    plain = question(asked)
    assert plain.record == fs.run(question, asked, precision="exact").record
    fast = fs.run(question, asked, precision="fast")
    assert not np.array_equal(plain["loss"].values, fast["loss"].values)
    np.testing.assert_allclose(fast["loss"].values, plain["loss"].values, rtol=0.05, atol=0.1)


def test_a_broken_question_of_a_store_is_no_record(tmp_path):
    assert Store(tmp_path / "none").record == {}
    for text in ("{", "[1]", ""):
        (tmp_path / "question.json").write_text(text)
        assert Store(tmp_path).record == {}
    (tmp_path / "question.json").write_text(json.dumps({"analysis": "HeatMap"}))
    assert Store(tmp_path).record == {"analysis": "HeatMap"}


def test_doors_say_what_fits():
    asked = trial()
    with pytest.raises(ValueError, match="exact, fast or auto; 'quick' came"):
        fs.run(fs.HeatMap(), asked, precision="quick")
    with pytest.raises(ValueError, match="LineSpectrum reads small differences"):
        fs.run(fs.LineSpectrum(), asked, precision="fast")
    with pytest.raises(ValueError, match="for a classifier on samples; Samples came"):
        fs.run(fs.PowerSpectrum(), asked.samples, precision="fast")
