"""Samples before and after a change, from words on the command line."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.cli.opening import pair

BEFORE = ["--before", "patches:test", "--limit", "12"]


def test_a_treatment_with_its_strength_is_applied_to_what_was_before(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["high-frequency-share", *BEFORE, "--after", "corruption:fog:3", "--treatment_seed", "4"]
    assert main([*words, "--bandwidth", "27", "--out", "share.nc"]) == 0
    assert "of the change's energy" in capsys.readouterr().out
    before = fs.open_samples("patches:test", limit=12)
    expected = fs.HighFrequencyShare()(fs.Pair(before, fs.treatments.corrupt(before, "fog", 3, seed=4)))
    held = fs.load("share.nc")
    assert held.dataset.equals(expected.dataset)
    assert held.record == expected.record


def test_the_same_samples_changed_may_stand_in_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    images, labels = generator.integers(0, 255, (9, 3, 8, 8), dtype=np.uint8), np.arange(9) % 3
    np.savez("before.npz", images=images, labels=labels)
    np.savez("after.npz", images=255 - images, labels=labels)
    found = pair("npz:before.npz", "npz:after.npz", limit=4)
    assert torch.equal(found.after.images, 255 - found.before.images)
    assert main(["shift-spectrum", "--before", "npz:before.npz", "--after", "npz:after.npz"]) == 0


def test_an_attack_asks_the_classifier_and_only_its_successes_are_kept():
    words = {"before": "patches:test", "limit": 12, "classifier": "reference:natural", "steps": 2}
    whole, turned = (pair(after="pgd-linf:8/255", successful=only, **words) for only in (False, True))
    trial = fs.Trial(fs.open_classifier("reference:natural"), whole.before)
    assert torch.equal(whole.after.images, fs.treatments.pgd(trial, steps=2).images)
    right = trial.classifier(whole.before.batch()).argmax(1) == whole.before.labels
    wrong = trial.classifier(whole.after.batch()).argmax(1) != whole.before.labels
    assert 0 < len(turned.before) == int((right & wrong).sum()) < 12


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--after", "pgd-linf:8/255"], "give --classifier"),
        (["--after", "corruption:fog"], "corruption:fog:NUMBER"),
        (["--after", "corruption:fogg:3"], "corruption:fog"),
        (["--after", "corruption:fog:7"], "7"),
        (["--after", "pgd:8/255"], "pgd-linf:8/255"),
        (["--after", "corruption:fog:3", "--steps", "3"], "goes no steps"),
        (["--after", "patches:test", "--steps", "3"], "--steps is for attacks"),
        (["--after", "corruption:fog:3", "--successful", "true"], "give --classifier"),
        (["--after", "corruption:fog:3", "--classifier", "reference:natural"], "leave --classifier out"),
    ],
)
def test_what_does_not_fit_is_said_before_any_work(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["shift-spectrum", *BEFORE, *words]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
