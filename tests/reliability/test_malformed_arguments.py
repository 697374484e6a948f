"""Doors of Python: whatever comes in the place of an argument, the door answers or refuses it, and nothing stumbles."""

import dataclasses

import numpy as np
import pytest
import torch
from doors import digests, tried
from hypothesis import strategies as st
from junk import NUMBERS, ODD, TEXTS, VALUES

import fourierscope as fs
from fourierscope.training import Recipe, recipe_named
from fourierscope.treatments import TREATMENTS, treated, treatment_named
from fourierscope.treatments.words import word_and_strength

IMAGES = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
SAMPLES = fs.Samples(IMAGES, torch.arange(6) % 2)
TRIAL = fs.Trial(fs.Classifier(lambda images: images.flatten(1)[:, :2], "plain"), SAMPLES)
NETWORK = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2)).eval()
QUESTION = fs.PassCurve(sizes=(1, 2))
RESULT = QUESTION(TRIAL)
FEW = VALUES.filter(lambda one: not (isinstance(one, int | np.integer) and one > 1))  # no thousand processes
KINDS = ["u1", "f4", "f8", "i8", "c8", "?", "S3", "f2", "O"]
ARRAYS = st.one_of(
    VALUES, st.builds(np.zeros, st.lists(st.integers(0, 4), max_size=5).map(tuple), st.sampled_from(KINDS))
)
SMALL = VALUES.filter(lambda one: not (isinstance(one, int | float) and one > 70))
KIND_OF_WORD = [
    "npz",
    "folder",
    "cifar10-c",
    "imagenet-c",
    "patches",
    "digits",
    "trained",
    "reference",
    "network",
    "a.py",
]
WORDS = st.one_of(VALUES, st.builds("{}:{}".format, st.sampled_from(KIND_OF_WORD), TEXTS))
FIT = {"points": torch.rand(5), "values": torch.rand(5), "network": torch.nn.Linear(1, 1)}


def some(names, values=VALUES, most=2):
    """Some of the named options, each with any value."""
    return st.dictionaries(st.sampled_from(list(names)), values, min_size=1, max_size=most)


def fields(kind):
    return [one.name for one in dataclasses.fields(kind)]


def either(right):
    return VALUES | st.just(right)


ANALYSES = [one for one in vars(fs.analyses).values() if isinstance(one, type)]
DOORS = {
    "Samples": (lambda one: fs.Samples(*one), st.tuples(ARRAYS, ARRAYS, TEXTS | ODD, ARRAYS, ARRAYS)),
    "images": (fs.Samples, ARRAYS),
    "labels": (lambda one: fs.Samples(IMAGES, one), ARRAYS),
    "classes": (lambda one: fs.Samples(IMAGES, SAMPLES.labels, "named", one), ODD | NUMBERS | TEXTS),
    "places": (lambda one: fs.Samples(IMAGES, places=one), ARRAYS),
    "subset": (SAMPLES.subset, ARRAYS),
    "limited": (lambda one: SAMPLES.limited(*one), st.tuples(VALUES, VALUES)),
    "Classifier": (fs.Classifier, VALUES),
    "options of Classifier": (
        lambda one: fs.Classifier(NETWORK, **one),
        some(["mean", "std", "device", "precision", "name", "provenance"], most=4),
    ),
    "normalisation": (lambda one: fs.Classifier(NETWORK, mean=one[0], std=one[1])(IMAGES), st.tuples(VALUES, VALUES)),
    "outputs": (lambda one: fs.Classifier(lambda _: one)(IMAGES), ARRAYS),
    "images of Classifier": (fs.Classifier(lambda images: images.flatten(1)[:, :2]), ARRAYS),
    "Trial": (lambda one: fs.Trial(*one), st.tuples(either(TRIAL.classifier), either(SAMPLES))),
    "Pair": (lambda one: fs.Pair(*one), st.tuples(either(SAMPLES), either(SAMPLES))),
    "Masked": (lambda one: fs.Masked(TRIAL, *one), st.tuples(ARRAYS, ARRAYS)),
    "Circle": (lambda one: fs.Circle(**one), some(["width", "frequencies", "amplitudes"])),
    "Fit": (lambda one: fs.Fit(**(FIT | one)), some(fields(fs.Fit))),
    "Training": (
        lambda one: fs.Training(*one),
        st.tuples(either(TRIAL.classifier), either(SAMPLES), VALUES, VALUES),
    ),
    "Recipe": (lambda one: Recipe(**one), some(fields(Recipe))),
    "recipe_named": (recipe_named, VALUES),
    "open_samples": (fs.open_samples, WORDS),
    "options of open_samples": (
        lambda one: fs.open_samples("npz:mine.npz", **one),
        some(["limit", "seed", "size"], SMALL),
    ),
    "open_classifier": (fs.open_classifier, WORDS),
    "options of open_classifier": (
        lambda one: fs.open_classifier("network:small", **({"mean": 0.0, "std": 1.0} | one)),
        some(["weights", "mean", "std", "classes", "device", "precision"], SMALL),
    ),
    "load": (fs.load, VALUES),
    "run": (lambda one: fs.run(*one), st.tuples(either(QUESTION), either(TRIAL))),
    "options of run": (
        lambda one: fs.run(QUESTION, TRIAL, **one),
        some(["engine", "batch", "workers", "time_limit", "precision"], FEW),
    ),
    "run_share": (lambda one: fs.run_share(QUESTION, TRIAL, *one), st.tuples(NUMBERS | ODD, VALUES)),
    "store": (lambda one: fs.run(QUESTION, TRIAL, store=one), NUMBERS | ODD),
    "report": (lambda one: fs.report(one, "page.html"), VALUES | st.lists(VALUES, min_size=1, max_size=2)),
    "options of report": (
        lambda one: fs.report([RESULT], **({"path": "page.html"} | one)),
        some(["path", "title", "sheets"], NUMBERS | ODD),
    ),
    "draw": (fs.draw, VALUES),
    "difference": (lambda one: RESULT - one, VALUES),
    "a value of a result": (lambda one: RESULT[one], VALUES),
    "save": (RESULT.save, NUMBERS | ODD),
    "trade_off": (lambda one: fs.trade_off(one, one), VALUES),
    "mask_wins": (lambda one: fs.mask_wins(one, one), VALUES),
    "masked": (lambda one: fs.masked(*one), st.tuples(either(TRIAL), either(RESULT))),
    "check": (lambda one: fs.check(*one), st.tuples(VALUES, either(10))),
    "Plane": (lambda one: fs.Plane(*one), st.tuples(VALUES, VALUES)),
    "wave": (lambda one: fs.wave(fs.Plane(8, 8), one), VALUES),
    "to_spectrum": (fs.to_spectrum, ARRAYS),
    "words of treatments": (
        word_and_strength,
        st.builds("{}:{}".format, st.sampled_from([*TREATMENTS, "corruption", "fog"]), TEXTS),
    ),
    "treatment_named": (treatment_named, VALUES),
    "treated": (
        lambda one: treated(TRIAL, *one),
        st.tuples(
            st.sampled_from(["corruption:fog", "gaussian-noise", "low-pass", "fgsm", "wave-search"]), VALUES, VALUES
        ),
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with files of the user's that must stay as they are."""
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", images=IMAGES.numpy(), labels=np.arange(6) % 2)
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path


@pytest.mark.parametrize("door", DOORS)
def test_a_door_answers_or_refuses_and_never_stumbles(folder, door):
    before = digests(folder)
    tried(*DOORS[door])
    after = digests(folder)
    after.pop("page.html", None)  # of a report that was answered
    assert after == before


@pytest.mark.parametrize("kind", ANALYSES, ids=lambda one: one.__name__)
def test_an_analysis_refuses_options_of_every_wrong_kind(kind):
    tried(lambda one: kind(**one), some(fields(kind)))
