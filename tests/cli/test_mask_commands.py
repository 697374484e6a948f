"""Questions about masks on the command line: a file of masks, the same samples, this classifier or another."""

from pathlib import Path

import pytest

import fourierscope as fs
from fourierscope.cli import main

SAMPLES = ["--samples", "patches:test", "--limit", "6"]
NATURAL = ["--classifier", "reference:natural"]


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    path = tmp_path_factory.mktemp("masks") / "natural.nc"
    assert main(["mask", *NATURAL, *SAMPLES, "--steps", "4", "--start", "half", "--out", str(path)]) == 0
    return path


def trial(name):
    return fs.Trial(fs.open_classifier(f"reference:{name}"), fs.open_samples("patches:test", limit=6))


def test_a_command_asks_what_python_asks(masks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [
        "mask-transfer",
        *NATURAL,
        *SAMPLES,
        "--masks",
        str(masks),
        "--treatment",
        "pgd-linf:8/255",
        "--steps",
        "2",
    ]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "kept under the image's own mask" in told
    expected = fs.MaskTransfer(treatment="pgd-linf:8/255", steps=2)(fs.masked(trial("natural"), fs.load(masks)))
    held = fs.load("mask-transfer.nc")
    assert held.dataset.equals(expected.dataset)
    assert held.record == expected.record
    assert held.record["subject"]["masks"]["options"]["start"] == "half"


def test_another_classifier_is_a_transfer_and_other_samples_are_refused(masks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    other = ["--classifier", "reference:adversarial", *SAMPLES, "--masks", str(masks)]
    assert main(["mask-transfer", *other, "--out", "other.nc"]) == 0
    assert "The masks are those of reference:natural." in capsys.readouterr().out
    assert main(["mask-transfer", *NATURAL, "--samples", "patches:test", "--limit", "7", "--masks", str(masks)]) == 1
    assert "These masks are of other images" in capsys.readouterr().err
    assert main(["mask-energy", *NATURAL, *SAMPLES, "--masks", "nowhere.nc"]) == 1
    assert "no result file nowhere.nc" in capsys.readouterr().err
    assert main(["mask-energy", *NATURAL, *SAMPLES, "--masks", "other.nc"]) == 1
    assert "a result of MaskTransfer came" in capsys.readouterr().err


def test_a_report_counts_the_wins_of_energies(masks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["mask", "--classifier", "reference:gaussian", *SAMPLES, "--steps", "4", "--start", "half"]) == 0
    for name, file in (("natural", masks), ("gaussian", "mask.nc")):
        words = ["--classifier", f"reference:{name}", *SAMPLES, "--masks", str(file), "--out", f"{name}.nc"]
        assert main(["mask-energy", *words]) == 0
    capsys.readouterr()
    assert main(["report", "gaussian.nc", "natural.nc"]) == 0
    said = "Counted: the wins of reference:gaussian against reference:natural, the one named natural."
    assert said in capsys.readouterr().out
    assert "Mask wins of reference:gaussian minus reference:natural" in Path("report.html").read_text()
    fs.mask_wins(fs.load("natural.nc"), fs.load("gaussian.nc")).save("wins.nc")
    assert main(["report", "gaussian.nc", "natural.nc", "wins.nc", "--out", "held.html"]) == 0
    assert "Counted" not in capsys.readouterr().out


def test_help_tells_the_masks_and_the_options(capsys):
    with pytest.raises(SystemExit):
        main(["mask-classes", "--help"])
    told = capsys.readouterr().out
    for word in ("--masks", "--folds", "--embedding", "fourierscope mask"):
        assert word in told
