"""Masks from several starts: one mask where the problem is convex, told differences where it is not."""

import numpy as np
import pytest
import torch
from masked_made import drawn, logistic, pictures

import fourierscope as fs
from fourierscope.analyses.mask_stability import gaps
from fourierscope.analyses.masks.starts import started
from fourierscope.fourier import Frequency, Plane, wave


def convex(size=(6, 7), n=6):
    return fs.Trial(logistic(size), pictures(size, n))


def either(size=(9, 8), n=8):
    """A network that needs one of two waves, whichever, and images that hold both."""
    filters = torch.stack([wave(Plane(*size), Frequency(*one)).float() for one in ((2, 1), (1, -3))])

    def answers(images):
        heard = torch.einsum("nchw,fhw->nf", images, filters).amax(1)
        return torch.stack([torch.zeros_like(heard), 8 * (heard - 0.5)], 1)

    images = 0.5 + 0.02 * drawn(n, 1, *size) + filters.sum(0)
    return fs.Trial(fs.Classifier(answers, name="either"), fs.Samples(images.clamp(0, 1), torch.ones(n, dtype=int)))


def test_starts_are_what_they_say():
    generator = torch.Generator().manual_seed(0)
    assert (started("ones", (2, 1, 5), generator) == 1).all()
    assert (started("half", (2, 1, 5), generator) == 0.5).all()
    random = started("random", (200, 1, 5), generator)
    assert 0 <= random.min() < 0.05 < 0.95 < random.max() <= 1
    assert random.std() == pytest.approx(1 / 12**0.5, abs=0.02)


@pytest.mark.parametrize("size", [(6, 7), (7, 6), (8, 8)])
def test_a_mask_starts_where_it_is_told_to(size):
    trial = convex(size)
    masks = {start: fs.Mask(start=start, steps=1)(trial)["mask"].values for start in ("ones", "half", "random")}
    assert (masks["ones"] == 1).all()
    assert (masks["half"] == 0.5).all()
    assert np.unique(masks["random"][0]).size > 10
    assert not np.array_equal(masks["random"][0], masks["random"][1])
    np.testing.assert_array_equal(masks["random"], fs.Mask(start="random", steps=1)(trial)["mask"].values)
    assert not np.array_equal(masks["random"], fs.Mask(start="random", steps=1, seed=1)(trial)["mask"].values)
    with pytest.raises(ValueError, match="start is one of auto, ones, half, random"):
        fs.Mask(start="zeros")


def test_a_convex_problem_has_one_mask_from_every_start():
    result = fs.MaskStability(sparsity=0.3, randoms=2, tolerance=1e-3)(convex())
    assert list(result["start"].values) == ["ones", "half", "random 1", "random 2"]
    assert float(result["objective_gap"].max()) < 2e-3
    assert float(result["median_gap"].max()) < 1e-3
    same = result["pair"].values != "two images"
    assert float(result["cosine"][same].min()) > 0.99
    assert float(result["cosine"][~same].max()) < 0.9
    assert float(result["size_spread"]) < 0.01


def test_a_network_that_needs_either_wave_has_masks_that_depend_on_the_start():
    result = fs.MaskStability(sparsity=0.05, origin="black", randoms=3)(either())
    assert (result["kept_share"] == 1).all()
    assert float(result["cosine"].sel(pair="random 1 and random 2")) < 0.95
    assert float(result["objective_gap"].min()) >= 0
    gaps = result["objective_gap_outcomes"].values
    np.testing.assert_allclose(gaps.min(0), 0, atol=1e-7)


def test_what_is_told_is_what_masks_from_these_starts_say():
    trial = convex()
    result = fs.MaskStability(sparsity=0.3, steps=7, randoms=0)(trial)
    masks = [fs.Mask(sparsity=0.3, steps=7, start=start)(trial) for start in ("ones", "half")]
    objectives = np.stack([one["objective"].values for one in masks])
    gaps = objectives / objectives.min(0) - 1
    np.testing.assert_allclose(result["mean_size"], [one["mean_size"].item() for one in masks], rtol=1e-6)
    np.testing.assert_allclose(result["objective_gap"], gaps.mean(1), atol=1e-6)
    np.testing.assert_allclose(result["median_gap"], np.median(gaps, axis=1), atol=1e-6)
    sizes = np.stack([one["size"].values for one in masks])
    assert float(result["size_spread"]) == pytest.approx(np.abs(sizes[0] - sizes[1]).mean(), abs=1e-6)
    one, other = (each["mask"].values.reshape(6, -1).astype(float) for each in masks)
    cosine = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    assert float(result["cosine"].sel(pair="ones and half")) == pytest.approx(cosine.mean(), abs=1e-5)
    held, taken = one > 1e-8, other > 1e-8
    overlap = (held & taken).sum(1) / (held | taken).sum(1)
    assert float(result["overlap"].sel(pair="ones and half")) == pytest.approx(overlap.mean(), abs=1e-5)
    two = (one * np.roll(one, 1, 0)).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(np.roll(one, 1, 0), axis=1)
    assert float(result["cosine"].sel(pair="two images")) == pytest.approx(two.mean(), abs=1e-5)


def test_gaps_over_next_to_nothing_stay_finite_and_others_are_over_the_least_objective():
    objectives = np.array([[0.0, 0.02, 1e-9, 0.0], [1e-6, 0.03, 0.001, 0.0]])
    expected = [[0, 0, 0, 0], [1e-6 / 0.001, 0.01 / 0.02, (0.001 - 1e-9) / 0.001, 0]]
    np.testing.assert_allclose(gaps(objectives, 0.1), expected)


def test_one_image_alone_has_no_other_to_be_held_against(tmp_path):
    result = fs.MaskStability(sparsity=0.3, steps=5, randoms=0)(convex(n=1))
    assert list(result["pair"].values) == ["ones and half"]
    result.save(tmp_path / "stability.nc")
    fs.draw(fs.load(tmp_path / "stability.nc")["median_gap"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"randoms": -1}, "randoms is a whole"),
        ({"sparsity": 0.0}, "sparsity is finite"),
        ({"steps": 0}, "steps is a whole"),
        ({"steps": float("nan")}, "steps is a whole"),
        ({"randoms": 0.5}, "randoms is a whole"),
        ({"randoms": float("inf")}, "randoms is a whole"),
    ],
)
def test_options_that_fit_nothing_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        fs.MaskStability(**options)
