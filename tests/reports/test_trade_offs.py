"""Corruption profiles bring the lines of their trade-off onto the page, from Python as from the command line."""

from dataclasses import replace
from html import unescape

import pytest
import torch

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.reports import trade_offs

QUESTION = fs.CorruptionProfile("contrast,gaussian_noise,brightness", (1, 5), 5)
NAMES = ("plain", "noisy", "attacked")


def trials(seed=0):
    """Three linear classifiers on the same images."""
    samples = fs.Samples(torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(seed)), torch.arange(16) % 2)
    weights = [torch.randn(192, 2, generator=torch.Generator().manual_seed(place)) for place in range(3)]
    classifiers = [
        fs.Classifier(lambda images, weight=weight: images.flatten(1) @ weight, name)
        for name, weight in zip(NAMES, weights, strict=True)
    ]
    return [fs.Trial(one, samples) for one in classifiers]


@pytest.fixture(scope="module")
def profiles():
    return [QUESTION(one) for one in trials()]


def test_the_page_of_python_and_that_of_the_command_line_are_the_same(profiles, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = [str(one.save(tmp_path / f"{name}.nc")) for one, name in zip(profiles, NAMES, strict=True)]
    loaded = [fs.load(one) for one in files]
    page = fs.report(loaded, "python.html").read_text()
    assert main(["report", *files]) == 0
    assert page == (tmp_path / "report.html").read_text()
    for name in NAMES[1:]:
        assert f"From plain to {name}, accuracy" in page
    lines = [one.line for one in trade_offs(loaded)]
    assert trade_offs([*loaded, *lines]) == []
    assert len(trade_offs([profiles[0], loaded[1], lines[1]])) == 1
    assert trade_offs([profiles[0], loaded[1], lines[0]]) == []


def test_every_line_is_that_of_trade_off_against_the_first_or_the_natural_one(profiles):
    fits = trade_offs(profiles)
    assert [one.profile for one in fits] == profiles[1:]
    for fit, profile in zip(fits, profiles[1:], strict=True):
        assert fit.line.dataset.equals(fs.trade_off(profile, profiles[0]).dataset)
        assert "the first profile given" in fit.says
    named = trials()[2]
    natural = QUESTION(fs.Trial(fs.Classifier(named.classifier.network, "my-natural"), named.samples))
    fits = trade_offs([profiles[0], natural])
    assert fits[0].line.record["subject"]["classifiers"][1]["name"] == "my-natural"
    assert fits[0].says == "Fitted: the trade-off of plain against my-natural, the one named natural."


def test_profiles_of_other_questions_or_images_and_of_one_classifier_are_not_fitted(profiles):
    assert trade_offs([profiles[0], replace(QUESTION, severities=(1, 4))(trials()[1])]) == []
    assert trade_offs([profiles[0], QUESTION(trials(1)[1])]) == []
    assert trade_offs([profiles[0], profiles[0]]) == []
    assert trade_offs([fs.Robustness("fgsm", (0.0,))(one) for one in trials()[:2]]) == []


def test_a_line_that_is_given_stays_but_not_for_one_of_other_images(profiles):
    for line in (fs.trade_off(profiles[1], profiles[0], draws=100), fs.trade_off(profiles[0], profiles[1], draws=100)):
        assert trade_offs([*profiles[:2], line]) == []
    other = [QUESTION(one) for one in trials(1)[:2]]
    assert len(trade_offs([*profiles[:2], fs.trade_off(other[1], other[0], draws=100)])) == 1


def test_the_page_says_why_there_is_no_line(tmp_path):
    few = fs.CorruptionProfile("contrast,brightness", (1, 5), 5)
    page = unescape(fs.report([few(one) for one in trials()[:2]], tmp_path / "few.html").read_text())
    assert "No line of trade-off, noisy against plain: A line needs three corruptions or more" in page
