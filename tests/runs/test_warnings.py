"""What every cell would say is said once a run."""

import warnings

import pytest
import torch

import fourierscope as fs
from fourierscope.runs.warned import warn_again, warnings_kept

TRIAL = fs.Trial(fs.Classifier(lambda images: images[:, 0, :2, 0]), fs.Samples(torch.rand(3, 1, 8, 8), [0, 1, 0]))


def test_frost_warns_once_a_run_and_again_in_the_next():
    question = fs.CorruptionProfile("frost", severities=(1, 2, 3), bandwidth=5)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            question(TRIAL)
        assert sum("Frost without pictures" in str(one.message) for one in said) == 1


def test_several_processes_warn_once_together(capfd):
    question = fs.CorruptionProfile("frost", severities=(1, 2, 3, 4), bandwidth=5)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fs.run(question, TRIAL, workers=2)
    (one,) = [one for one in said if "Frost without pictures" in str(one.message)]
    assert one.category is UserWarning
    assert one.filename.endswith("corruption_profile.py")
    assert "Frost" not in capfd.readouterr().err


def kept_of(*texts):
    with warnings_kept() as kept:
        for text in texts:
            warnings.warn(text, stacklevel=1)
    return kept


def test_what_a_process_keeps_is_warned_of_once_in_another_and_not_before():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        kept = kept_of("one", "one", "two")
        assert said == []
        warn_again(kept)
    assert [str(one.message) for one in said] == ["one", "two"]
    assert said[0].filename == __file__


def test_what_is_warned_again_goes_through_the_filters_of_the_user():
    kept = kept_of("one")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="one"):
            warn_again(kept)


def test_filters_of_the_user_stay():
    question, show = fs.CorruptionProfile("frost", severities=(1,), bandwidth=5), warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="Frost"):
            question(TRIAL)
    assert warnings.showwarning is show
