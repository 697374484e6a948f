"""A trial with masks: what is refused, what is copied, what is recorded."""

import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Plane
from fourierscope.fourier.pairs import Pairs

SAMPLES = fs.Samples(torch.rand(4, 2, 6, 7, generator=torch.Generator().manual_seed(0)), [0, 1, 0, 1])
TRIAL = fs.Trial(fs.Classifier(lambda images: images[:, 0, :2, 0], name="corner"), SAMPLES)
PAIRS = Pairs(Plane(6, 7))


def even(masks=4, channels=1):
    drawn = torch.rand(masks, channels, len(PAIRS), generator=torch.Generator().manual_seed(1))
    return PAIRS.spread(drawn)


def test_gains_come_back_by_pairs_and_masks_by_image():
    held = fs.Masked(TRIAL, even(2, 2), [1, 0, 0, 1])
    torch.testing.assert_close(PAIRS.spread(held.pair_gains), even(2, 2))
    assert held.own.tolist() == [1, 0, 0, 1]
    assert fs.Masked(TRIAL, even()).own.tolist() == [0, 1, 2, 3]


def test_masks_are_copied_so_that_nobody_else_can_change_them():
    given, own = even(), torch.tensor([0, 1, 2, 3])
    held = fs.Masked(TRIAL, given, own)
    before = held.trace()
    given.zero_()
    own.zero_()
    assert held.trace() == before
    assert held.gains.any()


def test_the_trace_tells_the_trial_and_the_masks():
    held = fs.Masked(TRIAL, even(), name="another", made={"options": {"sparsity": 0.1}})
    trace = held.trace()
    assert {key: trace[key] for key in ("classifier", "samples")} == TRIAL.trace()
    assert trace["masks"]["name"] == "another"
    assert trace["masks"]["count"] == 4
    assert trace["masks"]["options"] == {"sparsity": 0.1}
    digest = trace["masks"]["digest"]
    assert fs.Masked(TRIAL, even(), [0, 1, 2, 2]).trace()["masks"]["digest"] != digest
    assert fs.Masked(TRIAL, 1 - even()).trace()["masks"]["digest"] != digest
    assert fs.Masked(TRIAL, even(), origin="black").trace()["masks"]["digest"] != digest


@pytest.mark.parametrize(
    ("given", "own", "told"),
    [
        (even()[:, 0], [], r"shape \(masks, 1 or 2, 6, 7\)"), (even(4, 2)[..., :6], [], "shape"),
        (even(4, 2)[:, [0, 0, 0]], [], "shape"), (even() + 0.5, [], r"lie in \[0, 1\]"),
        (-even(), [], r"lie in \[0, 1\]"), (even() * torch.nan, [], r"lie in \[0, 1\]"),
        (even(2), [], "Each of 4 images has one of 2 masks.*none came"), (even(2), [0, 1], "one of 2"),
        (even(2), [0, 1, 2, 0], "from 0 to 2 came"), (even(2), [0, 1, -1, 0], "from -1 to 1 came"),
        (torch.rand(4, 1, 6, 7, generator=torch.Generator().manual_seed(2)), [], "and they differ"),
    ],
)  # fmt: skip
def test_what_are_no_masks_of_these_images_is_refused(given, own, told):
    with pytest.raises(ValueError, match=told):
        fs.Masked(TRIAL, given, own)


@pytest.mark.parametrize(
    ("given", "own", "told"),
    [
        (even(2), [0.0, 1.5, 0.0, 1.0], r"own holds whole numbers.*float32 came"),
        (even(2), [True, False, True, True], r"own holds whole numbers.*bool came"),
        (even(2), ["a"] * 4, "own are numbers; list came"), ("x", [], "gains are numbers; str came"),
        (None, [], "gains are numbers; NoneType came"), (even() * 1j, [], "gains are real numbers"),
    ],
)  # fmt: skip
def test_what_are_no_numbers_is_refused(given, own, told):
    with pytest.raises(TypeError, match=told):
        fs.Masked(TRIAL, given, own)


def test_the_trace_tells_the_infill_that_masks_stand_against():
    masks = fs.Masked(TRIAL, even(), infill="scrambled", origin="black", seed=3).trace()["masks"]
    assert (masks["infill"], masks["origin"], masks["seed"]) == ("scrambled", "black", 3)


def test_a_question_about_masks_tells_what_to_write():
    with pytest.raises(TypeError, match=r"MaskEnergy takes a Masked; Trial came. Write fs.masked\(trial, result\)"):
        fs.MaskEnergy()(TRIAL)
    with pytest.raises(TypeError, match="Masked takes a Trial; Samples came"):
        fs.Masked(SAMPLES, even())
