"""Profiles bring the lines of their trade-off onto the page, and energies of masks their wins, from Python as from the
command line.
"""

from dataclasses import replace
from html import unescape

import pytest
import torch

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.reports import pairings
from fourierscope.reports.questions import questions

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
    lines = [one.found for one in pairings(loaded)]
    assert pairings([*loaded, *lines]) == []
    assert len(pairings([profiles[0], loaded[1], lines[1]])) == 1
    assert pairings([profiles[0], loaded[1], lines[0]]) == []


def test_every_line_is_that_of_trade_off_against_the_first_or_the_natural_one(profiles):
    fits = pairings(profiles)
    assert [one.result for one in fits] == profiles[1:]
    for fit, profile in zip(fits, profiles[1:], strict=True):
        assert fit.found.dataset.equals(fs.trade_off(profile, profiles[0]).dataset)
        assert "the first profile given" in fit.says
    named = trials()[2]
    natural = QUESTION(fs.Trial(fs.Classifier(named.classifier.network, "my-natural"), named.samples))
    fits = pairings([profiles[0], natural])
    assert fits[0].found.record["subject"]["classifiers"][1]["name"] == "my-natural"
    assert fits[0].says == "Fitted: the trade-off of plain against my-natural, the one named natural."


def test_profiles_of_other_questions_or_images_and_of_one_classifier_are_not_fitted(profiles):
    assert pairings([profiles[0], replace(QUESTION, severities=(1, 4))(trials()[1])]) == []
    assert pairings([profiles[0], QUESTION(trials(1)[1])]) == []
    assert pairings([profiles[0], profiles[0]]) == []
    assert pairings([fs.Robustness("fgsm", (0.0,))(one) for one in trials()[:2]]) == []


def test_a_line_that_is_given_stays_but_not_for_one_of_other_images(profiles):
    for line in (fs.trade_off(profiles[1], profiles[0], draws=100), fs.trade_off(profiles[0], profiles[1], draws=100)):
        assert pairings([*profiles[:2], line]) == []
    other = [QUESTION(one) for one in trials(1)[:2]]
    assert len(pairings([*profiles[:2], fs.trade_off(other[1], other[0], draws=100)])) == 1


def test_the_page_says_why_there_is_no_line(tmp_path):
    few = fs.CorruptionProfile("contrast,brightness", (1, 5), 5)
    page = unescape(fs.report([few(one) for one in trials()[:2]], tmp_path / "few.html").read_text())
    assert "No line of trade-off, noisy against plain: A line needs three corruptions or more" in page


def test_a_pair_that_is_given_twice_is_held_once(profiles):
    assert len(pairings([profiles[0], profiles[1], profiles[1]])) == 1


# --- wins of masks


def energies(names=NAMES, sparsity=0.3, seed=0, directions=4):
    """Energies of the masks of these classifiers, of the same images."""
    found = []
    for one in trials(seed):
        if one.classifier.name in names:
            masks = fs.Mask(sparsity=sparsity, steps=4, start="half")(one)
            found.append(fs.MaskEnergy(directions=directions)(fs.masked(one, masks)))
    return found


def named(trial, name):
    return fs.Trial(fs.Classifier(trial.classifier.network, name), trial.samples)


@pytest.fixture(scope="module")
def held():
    return energies()


def test_all_wins_are_those_of_mask_wins_against_the_first_or_the_natural_one(held):
    found = pairings(held)
    assert [one.result for one in found] == held[1:]
    for one, energy in zip(found, held[1:], strict=True):
        expected = fs.mask_wins(energy, held[0])
        assert one.found.dataset.equals(expected.dataset)
        assert one.found.record == expected.record
    assert found[0].says == "Counted: the wins of noisy against plain, the first masks given."
    trial = named(trials()[2], "my-natural")
    natural = fs.MaskEnergy(directions=4)(fs.masked(trial, fs.Mask(sparsity=0.3, steps=4, start="half")(trial)))
    found = pairings([*held[:2], natural])
    assert [one.says for one in found] == [
        f"Counted: the wins of {name} against my-natural, the one named natural." for name in NAMES[:2]
    ]
    assert found[0].found.dataset.equals(fs.mask_wins(held[0], natural).dataset)


def test_the_one_named_natural_is_no_other_classifier_under_its_masks(held):
    plain = trials()[0]
    natural = named(trials()[1], "natural")
    masks = fs.Mask(sparsity=0.3, steps=4, start="half")(natural)
    lent, own = (fs.MaskEnergy(directions=4)(fs.masked(one, masks)) for one in (plain, natural))
    (found,) = pairings([lent, own])
    assert found.says == "Counted: the wins of plain under masks of natural against natural, the one named natural."
    (found,) = pairings([held[0], lent])
    assert found.says == "Counted: the wins of plain under masks of natural against plain, the first masks given."


def test_energies_that_do_not_belong_together_have_no_wins(held):
    assert pairings([held[0], held[0]]) == []
    assert pairings([held[0], *energies(("noisy",), sparsity=0.4)]) == []
    assert pairings([held[0], *energies(("noisy",), seed=1)]) == []
    assert pairings([held[0], *energies(("noisy",), directions=2)]) == []
    assert pairings([held[0], held[1] - held[2]]) == []


def test_wins_that_are_given_stay_but_not_for_those_of_other_masks_or_images(held):
    for wins in (fs.mask_wins(*held[:2]), fs.mask_wins(*held[1::-1])):
        assert pairings([*held[:2], wins]) == []
        assert [one.result for one in pairings([*held, wins])] == [held[2]]
    for other in (energies(NAMES[:2], sparsity=0.4), energies(NAMES[:2], seed=1), energies(NAMES[:2], directions=2)):
        assert len(pairings([*held[:2], fs.mask_wins(*other)])) == 1
    assert len(pairings([*held[:2], held[1] - held[0]])) == 1


def test_profiles_and_energies_are_held_apart(profiles, held):
    found = pairings([held[0], profiles[0], held[1], profiles[1]])
    assert [one.found.record["analysis"] for one in found] == ["MaskWins", "TradeOff"]


def test_the_page_of_python_and_that_of_the_command_line_tell_the_same_wins(held, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = [str(one.save(tmp_path / f"{name}.nc")) for one, name in zip(held, NAMES, strict=True)]
    loaded = [fs.load(one) for one in files]
    page = fs.report(loaded, "python.html").read_text()
    assert main(["report", *files]) == 0
    assert "Counted: the wins of attacked against plain, the first masks given." in capsys.readouterr().out
    assert page == (tmp_path / "report.html").read_text()
    assert "noisy minus plain" in page
    wins = [fs.load(one.found.save(tmp_path / f"wins {at}.nc")) for at, one in enumerate(pairings(loaded))]
    assert fs.report([*loaded, *wins], "all.html").read_text() == page


def test_wins_of_other_masks_stand_apart_on_the_page(held):
    asked = [fs.mask_wins(*one[:2]) for one in (held, energies(NAMES[:2], sparsity=0.4))]
    assert [one.distinction for one in questions(asked)] == [
        " (sparsity of masks 0.300)", " (sparsity of masks 0.400)"
    ]  # fmt: skip


def test_the_page_says_why_there_are_no_wins(held, tmp_path):
    bare = [fs.load(one.save(tmp_path / f"{at}.nc")) for at, one in enumerate(held[:2])]
    bare[1].dataset = bare[1].dataset.drop_vars("radial_share_outcomes")
    bare[1].dataset["radial_share"].attrs.pop("outcomes")
    page = unescape(fs.report(bare, tmp_path / "bare.html").read_text())
    assert "No wins of noisy against plain: mask_wins takes results of MaskEnergy" in page
