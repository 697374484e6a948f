"""What every cell would say is said once a run."""

import warnings

import pytest
import torch

import fourierscope as fs

TRIAL = fs.Trial(fs.Classifier(lambda images: images[:, 0, :2, 0]), fs.Samples(torch.rand(3, 1, 8, 8), [0, 1, 0]))


def test_frost_warns_once_a_run_and_again_in_the_next():
    question = fs.CorruptionProfile("frost", severities=(1, 2, 3), bandwidth=5)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            question(TRIAL)
        assert sum("Frost without pictures" in str(one.message) for one in said) == 1


def test_filters_of_the_user_stay():
    question, show = fs.CorruptionProfile("frost", severities=(1,), bandwidth=5), warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="Frost"):
            question(TRIAL)
    assert warnings.showwarning is show
