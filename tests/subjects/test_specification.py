"""What travels to other nodes: words, numbers and arrays, from which the same subject and question are built."""

import enum
from pathlib import Path

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.subjects.prepared import Plan, prepared
from fourierscope.subjects.specification import built, specified
from fourierscope.training import recipe_named

FILE = (
    "import torch\ndef make():\n return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2, bias=False))\n"
)


def plain(value):
    """Whether a value is data alone, however deep."""
    if isinstance(value, dict):
        return all(type(name) is str and plain(one) for name, one in value.items())
    if type(value) in (list, tuple):
        return all(plain(one) for one in value)
    return value is None or type(value) in (bool, int, float, str) or isinstance(value, np.ndarray | np.generic)


def subjects():
    opened = fs.open_classifier("reference:natural")
    samples = fs.open_samples("patches:test", limit=4, seed=3)
    own = fs.Samples(samples.batch(), samples.labels, "mine", samples.classes, samples.places)
    trial = fs.Trial(opened, samples)
    gains = torch.ones(4, 1, *samples.plane.shape)
    return {
        "opened": trial,
        "own samples": fs.Trial(opened, own),
        "samples": own,
        "pair": fs.Pair(samples, samples.changed(1 - samples.batch(), "negative")),
        "masked": fs.Masked(trial, gains, made={"norm": 1.0, "steps": (1, 2)}),
        "training": fs.Training(opened, samples, recipe_named("natural"), own),
        "circle": fs.Circle(0.5, (2,), (0.1,)),
    }


@pytest.mark.parametrize("name", subjects())
def test_a_subject_is_the_same_after_its_way_as_plain_data(name):
    subject = subjects()[name]
    told = specified(subject)
    assert plain(told)
    again = built(told)
    assert type(again) is type(subject)
    assert again is not subject
    assert again.trace() == subject.trace()


def test_a_question_is_the_same_and_its_tuples_stay_tuples():
    question = fs.PassCurve(sizes=(1, 2))
    told = specified(question)
    assert plain(told)
    assert built(told) == question
    assert built(told).sizes == (1, 2)


def test_words_are_those_that_were_given_whatever_becomes_of_their_list():
    mean = [0.1]
    opened = fs.open_classifier("reference:natural", mean=mean, std=[0.5])
    mean[0] = 9.0
    assert built(specified(opened)).trace() == opened.trace()


def test_words_are_read_where_they_were_given(tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text(FILE)
    (tmp_path / "other").mkdir()
    torch.save({"1.weight": torch.ones(2, 64)}, tmp_path / "w.pt")
    monkeypatch.chdir(tmp_path)
    opened = fs.open_classifier("net.py:make", weights="w.pt", device="cpu")
    monkeypatch.chdir(tmp_path / "other")
    assert built(specified(opened)).trace() == opened.trace()
    assert Path.cwd() == tmp_path / "other"


def test_a_gpu_is_the_first_that_its_worker_has(monkeypatch):
    from fourierscope.subjects import specification

    opened = fs.open_classifier("reference:natural")
    monkeypatch.setitem(specification._opened[opened]["with"], "device", "cuda:3")
    assert specified(opened)["with"]["device"] == "cuda"


def test_what_was_made_from_something_opened_is_not_taken_for_it():
    opened = fs.open_classifier("reference:natural")
    other = fs.Classifier(opened.network, opened.name, opened.mean, opened.std)
    with pytest.raises(ValueError, match=r"path/to/file\.py:make"):
        specified(other)
    half = fs.open_samples("patches:test", limit=4).subset([0, 1])
    assert specified(half)["is"] == "made"
    assert len(built(specified(half))) == 2


def test_a_classifier_that_was_made_faster_is_so_elsewhere_too():
    opened, samples = fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=4)
    plan = Plan("fast", ("folding", "channels_last"), {"compilation": "slower"}, {"flip_rate": 0.0, "n": 4})
    faster = fs.Trial(prepared(opened, plan, (4, *samples.images.shape[1:])), samples)
    assert faster.classifier.exact is opened
    described = specified(faster)
    assert plain(described)
    anew = built(described)
    assert anew.trace() == faster.trace()
    with torch.no_grad():
        torch.testing.assert_close(anew.classifier(samples.batch()), faster.classifier(samples.batch()))
        assert not torch.equal(anew.classifier(samples.batch()), opened(samples.batch()))  # folded: to rounding only


class Word(str):
    """Says how it is to be unpickled."""


class Kind(enum.StrEnum):
    GREY = "grey"


class Level(enum.IntEnum):
    LOW = 1


class Pixels(np.ndarray):
    """Of one's own."""


OWN = [Word("word"), Kind.GREY, Level.LOW, np.zeros(2).view(Pixels), np.ma.array([1, 2], mask=[0, 1])]


@pytest.mark.parametrize("own", OWN)
def test_kinds_of_ones_own_are_refused(own):
    with pytest.raises(ValueError, match="is code, or holds some"):
        specified({"within": own})


def test_a_map_travels_as_an_array_and_numpy_numbers_as_they_are(tmp_path):
    held = np.memmap(tmp_path / "held", np.uint8, "w+", shape=(3,))
    assert type(specified(held)) is np.ndarray
    assert type(built(specified(np.float32(0.5)))) is np.float32


@pytest.mark.parametrize("tensor", [torch.zeros(2, dtype=torch.bfloat16), torch.eye(2).to_sparse()])
def test_a_tensor_that_numpy_has_not_is_refused(tensor):
    with pytest.raises(ValueError, match="no counterpart in NumPy"):
        specified(tensor)


@pytest.mark.parametrize("code", [torch.nn.Linear(1, 1), lambda: 0, fs.Circle, np.array([{}], dtype=object), {1, 2}])
def test_code_is_refused_however_deep_it_lies(code):
    with pytest.raises(ValueError, match="is code, or holds some"):
        specified(code)
    with pytest.raises(ValueError, match="is code, or holds some"):
        specified({"within": [1, (code,)]})
