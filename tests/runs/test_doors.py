"""Doors of the public interface: arguments the wrong way round, devices that are not there, names for completion."""

import pytest
import torch

import fourierscope as fs


def test_a_subject_in_place_of_the_question_is_told():
    trial = fs.Trial(
        fs.Classifier(lambda images: images[:, 0, :2, 0]), fs.Samples(torch.rand(4, 1, 4, 4), torch.zeros(4).long())
    )
    with pytest.raises(TypeError, match="question, then its subject"):
        fs.run(trial, fs.HeatMap())


def test_names_are_offered_for_completion():
    assert {"HeatMap", "PassCurve", "Samples", "open_samples", "draw", "report"} <= set(dir(fs))


def test_a_device_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="no CUDA"):
        fs.Classifier(lambda images: images, device="cuda")
