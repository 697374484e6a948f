"""Profiles over the published files of CIFAR-10-C, here small ones of the same layout, made up."""

import json

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.reports import told
from fourierscope.subjects import published_corruptions

NAMES, LABELS = ("fog", "contrast", "jpeg_compression"), np.array([3, 0, 9, 1, 3, 7], np.uint8)
QUESTION = {"corruptions": ",".join(NAMES), "severities": (2, 4)}


def clean():
    """Six made-up images in the place of CIFAR-10's test images."""
    images = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return fs.Samples((255 * images).byte(), LABELS, "cifar10:test")


def asked(samples):
    weight = torch.randn(3072, 10, generator=torch.Generator().manual_seed(1))
    return fs.Trial(fs.Classifier(lambda given: (given - 0.5).flatten(1) @ weight, "linear"), samples)


def laid_out(folder, seed):
    """The files of CIFAR-10-C with what this package makes of the six images by a seed; the folder."""
    folder.mkdir()
    for name in NAMES:
        made = [fs.treatments.corrupt(clean(), name, severity, seed=seed).images for severity in range(1, 6)]
        np.save(folder / f"{name}.npy", torch.cat(made).permute(0, 2, 3, 1).numpy())
    np.save(folder / "labels.npy", np.tile(LABELS, 5))
    return folder


@pytest.fixture(autouse=True)
def _six_images_a_severity(monkeypatch):
    monkeypatch.setattr(published_corruptions, "_IMAGES", (30, 32, 32, 3))
    monkeypatch.setattr(published_corruptions, "_EACH", 6)


@pytest.fixture
def folder(tmp_path):
    return laid_out(tmp_path / "files", seed=7)


@pytest.mark.parametrize("places", [range(6), [4], [5, 1, 2], [3, 3]])
def test_files_of_what_is_made_here_give_the_profile_of_what_is_made_here(folder, places):
    trial = asked(clean().subset(places))
    found = fs.CorruptionProfile(**QUESTION, published=str(folder))(trial)
    made = fs.CorruptionProfile(**QUESTION, seed=7)(trial)
    assert set(found) == set(made)
    for name in made:
        np.testing.assert_array_equal(found[name].values, made[name].values, err_msg=name)
    other = fs.CorruptionProfile(**QUESTION, seed=8)(trial)
    assert (other["share"].values != made["share"].values).any()


def test_a_limit_takes_its_own_images_from_the_files(folder):
    few = asked(clean().limited(3, seed=2))
    assert few.samples.places.tolist() != [0, 1, 2]
    found = fs.CorruptionProfile(**QUESTION, published=str(folder))(few)
    for name in NAMES:
        for severity in (2, 4):
            after = fs.open_samples(f"cifar10-c:{folder}:{name}:{severity}", limit=3, seed=2)
            share = fs.HighFrequencyShare(27)(fs.Pair(few.samples, after))["share"]
            cell = {"corruption": name, "severity": severity}
            assert float(found["share"].sel(cell)) == pytest.approx(float(share), abs=1e-6)


def test_the_record_holds_a_digest_of_the_images_asked_and_no_path(folder, tmp_path):
    trial = asked(clean().subset([0, 1]))
    question = fs.CorruptionProfile(**QUESTION, published=str(folder))
    record = question.record(trial)
    assert record["options"]["published"].startswith("CIFAR-10-C ")
    assert str(folder) not in json.dumps(record)
    moved = fs.CorruptionProfile(**QUESTION, published=str(folder.rename(tmp_path / "moved")))
    assert moved.record(trial) == record
    other = fs.CorruptionProfile(**QUESTION, published=str(laid_out(tmp_path / "other", seed=8)))
    assert other.record(trial)["options"]["published"] != record["options"]["published"]
    assert other.record(asked(clean().subset([0, 2]))) != other.record(trial)
    assert fs.CorruptionProfile(**QUESTION).record(trial)["options"]["published"] is None


def test_a_store_of_other_files_is_refused(folder, tmp_path):
    trial = asked(clean().subset([0, 1]))
    fs.run(fs.CorruptionProfile(**QUESTION, published=str(folder)), trial, tmp_path / "store")
    other = fs.CorruptionProfile(**QUESTION, published=str(laid_out(tmp_path / "other", seed=8)))
    with pytest.raises(fs.StoreError, match=r"options\.published was"):
        fs.run(other, trial, tmp_path / "store")


def test_the_result_says_that_its_images_are_the_published_ones(folder):
    trial = asked(clean().subset([0, 1]))
    found, made = (
        fs.CorruptionProfile(**QUESTION, published=str(folder))(trial),
        fs.CorruptionProfile(**QUESTION)(trial),
    )
    for name in ("accuracy", "corruption_accuracy"):
        assert ", as published in CIFAR-10-C" in found[name].attrs["says"]
    digest = found.record["options"]["published"]
    assert told(found)[0] == f"The corrupted images are the published ones, {digest}."
    assert "published" not in " ".join([*told(made), *(str(made[name].attrs) for name in made)])


def test_other_images_than_those_of_the_files_are_refused_before_any_work(folder):
    question = fs.CorruptionProfile(**QUESTION, published=str(folder))
    shuffled = fs.Samples(clean().images.flip(0), LABELS[::-1].copy())
    with pytest.raises(ValueError, match="labels of 6 of 6 images of samples are not those"):
        question(asked(shuffled))
    many = fs.Samples(clean().images.repeat(2, 1, 1, 1), np.tile(LABELS, 2))
    with pytest.raises(ValueError, match=r"the 6 test images of CIFAR-10.*at places up to 11, are others"):
        question(asked(many))
    grey = fs.Samples(clean().images[:, :1], LABELS)
    with pytest.raises(ValueError, match=r"3 x 32 x 32, and Samples.* are others"):
        question(fs.Trial(fs.Classifier(lambda given: given[:, 0, :10, 0]), grey))
    missing = fs.CorruptionProfile("snow", (1,), published=str(folder))
    with pytest.raises(FileNotFoundError, match=r"no snow\.npy"):
        missing(asked(clean()))
    nowhere = fs.CorruptionProfile("fog", (1,), published=str(folder / "none"))
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        nowhere(asked(clean()))


@pytest.mark.parametrize("options", [{"seed": 1}, {"table": "cifar"}])
def test_options_that_published_files_leave_without_effect_are_refused(options):
    with pytest.raises(ValueError, match=r"leave table and seed out; table=.* came"):
        fs.CorruptionProfile(published="files", **options)


def test_the_command_line_takes_the_folder(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("test.npz", images=clean().images.numpy(), labels=LABELS)
    words = ["--classifier", "reference:natural", "--samples", "npz:test.npz", "--limit", "3", "--out", "profile.nc"]
    assert main(["corruption-profile", *words, "--corruptions", "fog,contrast", "--published", "files"]) == 0
    assert "The corrupted images are the published ones, CIFAR-10-C" in capsys.readouterr().out
    assert fs.load("profile.nc").record["options"]["published"].startswith("CIFAR-10-C ")
