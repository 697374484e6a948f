"""`fourierscope report`: corruption profiles bring their lines of trade-off onto the page."""

from pathlib import Path

import pytest
import torch

import fourierscope as fs
from fourierscope.cli import main


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    """Files of profiles of three classifiers on the same images, and of one more question."""
    monkeypatch.chdir(tmp_path)
    samples = fs.Samples(torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(16) % 2)
    question = fs.CorruptionProfile("contrast,gaussian_noise,brightness", (1, 5), 5)
    for place, name in enumerate(("plain", "noisy", "attacked")):
        weight = torch.randn(192, 2, generator=torch.Generator().manual_seed(place))
        classifier = fs.Classifier(lambda images, weight=weight: images.flatten(1) @ weight, name)
        question(fs.Trial(classifier, samples)).save(f"{name}.nc")
    few = fs.CorruptionProfile("contrast,brightness", (1, 5), 5)
    for name in ("few", "fewer"):
        few(fs.Trial(fs.Classifier(lambda images: images.mean((2, 3))[:, :2], name), samples)).save(f"{name}.nc")


@pytest.mark.usefixtures("profiles")
def test_profiles_are_fitted_against_the_first_given_and_it_is_said(capsys):
    assert main(["report", "plain.nc", "noisy.nc", "attacked.nc"]) == 0
    told = capsys.readouterr().out
    assert told.count("Fitted:") == 2
    for name in ("noisy", "attacked"):
        assert f"Fitted: the trade-off of {name} against plain, the first one given." in told
    page = Path("report.html").read_text()
    assert "From plain to noisy, accuracy" in page
    assert "From plain to attacked, accuracy" in page
    assert main(["report", "noisy.nc", "plain.nc", "--out", "turned.html"]) == 0
    assert "plain against noisy" in capsys.readouterr().out


@pytest.mark.usefixtures("profiles")
def test_the_one_named_natural_is_what_the_others_are_fitted_against(capsys):
    natural = fs.load("attacked.nc")
    natural.record["subject"]["classifier"]["name"] = "reference:natural"
    natural.save("natural.nc")
    assert main(["report", "plain.nc", "natural.nc"]) == 0
    assert "of plain against reference:natural, the one named natural." in capsys.readouterr().out


@pytest.mark.usefixtures("profiles")
def test_a_line_that_is_given_is_not_fitted_again(capsys):
    fs.trade_off(fs.load("noisy.nc"), fs.load("plain.nc"), draws=100).save("line.nc")
    assert main(["report", "plain.nc", "noisy.nc", "line.nc"]) == 0
    assert main(["report", "noisy.nc", "line.nc", "plain.nc", "--out", "turned.html"]) == 0
    assert "Fitted" not in capsys.readouterr().out


@pytest.mark.usefixtures("profiles")
def test_profiles_of_other_questions_are_not_fitted_and_too_few_corruptions_are_told(capsys):
    assert main(["report", "plain.nc", "few.nc"]) == 0
    assert "trade-off" not in capsys.readouterr().out
    assert main(["report", "few.nc", "fewer.nc", "--out", "few.html"]) == 0
    told = capsys.readouterr().out
    assert "No line of trade-off, fewer against few: A line needs three corruptions or more" in told
