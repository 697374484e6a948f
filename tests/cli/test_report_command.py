"""`fourierscope report`: corruption profiles bring their lines of trade-off onto the page."""

from pathlib import Path

import pytest
import torch

import fourierscope as fs
from fourierscope.cli import main


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    """Files of profiles of two classifiers on the same images, and of one more question."""
    monkeypatch.chdir(tmp_path)
    samples = fs.Samples(torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(16) % 2)
    question = fs.CorruptionProfile("contrast,gaussian_noise,brightness", (1, 5), 5)
    for place, name in enumerate(("plain", "noisy")):
        weight = torch.randn(192, 2, generator=torch.Generator().manual_seed(place))
        classifier = fs.Classifier(lambda images, weight=weight: images.flatten(1) @ weight, name)
        question(fs.Trial(classifier, samples)).save(f"{name}.nc")
    few = fs.CorruptionProfile("contrast,brightness", (1, 5), 5)
    for name in ("few", "fewer"):
        few(fs.Trial(fs.Classifier(lambda images: images.mean((2, 3))[:, :2], name), samples)).save(f"{name}.nc")


@pytest.mark.usefixtures("profiles")
def test_what_is_fitted_for_the_page_is_told(capsys):
    assert main(["report", "plain.nc", "noisy.nc"]) == 0
    assert "Fitted: the trade-off of noisy against plain, the first profile given.\n" in capsys.readouterr().out
    assert "From plain to noisy, accuracy" in Path("report.html").read_text()
    assert main(["report", "noisy.nc", "plain.nc", "--out", "turned.html"]) == 0
    assert "plain against noisy" in capsys.readouterr().out


@pytest.mark.usefixtures("profiles")
def test_profiles_of_other_questions_are_not_fitted_and_too_few_corruptions_are_told(capsys):
    assert main(["report", "plain.nc", "few.nc"]) == 0
    assert "trade-off" not in capsys.readouterr().out
    assert main(["report", "few.nc", "fewer.nc", "--out", "few.html"]) == 0
    told = capsys.readouterr().out
    assert "No line of trade-off, fewer against few: A line needs three corruptions or more" in told
