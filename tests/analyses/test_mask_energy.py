"""Energies of masks by band, and who has more: laws, planted masks, the formula again slowly."""

import numpy as np
import pytest
import torch
from masked_made import FIRST, PLANES, gains, logistic, masked, only, pictures

import fourierscope as fs
from fourierscope.fourier import Plane
from fourierscope.results import unpacked
from fourierscope.results.mask_wins import NEITHER


@pytest.mark.parametrize("size", PLANES)
@pytest.mark.parametrize("channels", [1, 2])
def test_shares_add_up_to_the_whole_with_frequency_zero_once(size, channels):
    held = fs.Masked(fs.Trial(logistic(size), pictures(size)), gains(size, channels=channels))
    result = fs.MaskEnergy(directions=4)(held)
    radial, angular, zero = (unpacked(result.dataset, f"{name}_share") for name in ("radial", "angular", "zero"))
    np.testing.assert_allclose(radial.sum(0), 1, atol=1e-6)
    np.testing.assert_allclose(angular.sum(0) + zero, 1, atol=1e-6)
    np.testing.assert_allclose(radial[0], zero, atol=1e-6)


@pytest.mark.parametrize("size", PLANES)
def test_an_even_mask_is_as_dense_everywhere(size):
    held = fs.Masked(masked(size, 3).trial, torch.full((1, 1, *size), 0.3), torch.zeros(3, dtype=int))
    result = fs.MaskEnergy(directions=4)(held)
    for name in ("radial", "angular"):
        np.testing.assert_allclose(result[f"{name}_density"], 1, atol=1e-5)
        np.testing.assert_allclose(result[f"{name}_norm_ratio"] ** 2, result[f"{name}_share"], atol=1e-5)
    assert int(result["n"]) == 1


@pytest.mark.parametrize("size", PLANES)
@pytest.mark.parametrize("width", [1.0, 1.7])
def test_norm_ratios_of_rings_are_those_of_the_article_s_formula(size, width):
    held, plane = masked(size), Plane(*size)
    result = fs.MaskEnergy(width=width, directions=4)(held)
    radius = plane.radius().numpy()
    for place, centre in enumerate(result["radius"].values):
        ring = (radius >= centre - width / 2) & (radius < centre + width / 2)
        mask = held.gains[:, 0].double().numpy()
        slow = np.sqrt(((mask * ring) ** 2).sum((1, 2))) / np.sqrt((mask**2).sum((1, 2)))
        assert float(result["radial_norm_ratio"][place]) == pytest.approx(slow.mean(), abs=1e-6)
        np.testing.assert_allclose(unpacked(result.dataset, "radial_norm_ratio")[place], slow, atol=1e-6)


def test_wedges_hold_what_points_their_way():
    plane = Plane(9, 9)
    held = masked((9, 9))
    result = fs.MaskEnergy(directions=4)(held)
    mask = held.gains[:, 0].double().numpy() ** 2
    slow = np.zeros((4, 12))
    for i, row in enumerate(plane.rows().tolist()):
        for j, column in enumerate(plane.columns().tolist()):
            if (row, column) != (0, 0):
                turn = np.degrees(np.arctan2(row, column)) % 180
                slow[round(turn / 45) % 4] += mask[:, i, j]
    slow /= mask.sum((1, 2))
    np.testing.assert_allclose(unpacked(result.dataset, "angular_share"), slow, atol=1e-6)
    assert list(result["angle"].values) == [0, 45, 90, 135]


@pytest.mark.parametrize("size", [(8, 8), (6, 9), (9, 6), (8, 10)])
@pytest.mark.parametrize("count", [4, 5])
def test_a_bin_of_a_nyquist_line_is_shared_between_its_two_directions(size, count):
    height, width = size
    held = fs.Masked(masked(size).trial, gains(size, channels=2))
    result = fs.MaskEnergy(directions=count)(held)
    power = (held.gains.double().numpy() ** 2).sum(1)
    slow = np.zeros((count, 12))
    for row, column in np.ndindex(size):
        own = row - height // 2, column - width // 2
        partner = [(side // 2 - one) % side - side // 2 for one, side in zip(own, size, strict=True)]
        if own != (0, 0):
            for down, across in (own, partner):
                turn = np.arctan2(down, across) % np.pi / np.pi
                for nudge in (1e-9, -1e-9):  # a bin on the border of two wedges is shared too
                    slow[int(np.floor(turn * count + 0.5 + nudge)) % count] += power[:, row, column] / 4
    np.testing.assert_allclose(unpacked(result.dataset, "angular_share"), slow / power.sum((1, 2)), atol=1e-6)


def test_a_mask_at_one_frequency_has_its_energy_there():
    plane = Plane(8, 9)
    held = fs.Masked(masked((8, 9), 4).trial, only(plane, FIRST)[None].expand(4, -1, -1, -1))
    result = fs.MaskEnergy(directions=4)(held)  # row 2, column 1
    assert float(result["radial_share"].sel(radius=2)) == pytest.approx(1)
    assert float(result["angular_share"].sel(angle=45)) == pytest.approx(1)
    assert float(result["zero_share"]) == 0


def test_an_empty_mask_counts_with_nothing():
    given = gains((6, 7), 4)
    given[2:] = 0
    result = fs.MaskEnergy(directions=3)(fs.Masked(masked((6, 7), 4).trial, given))
    assert int(result["empty"]) == 2
    assert float(result["radial_share"].sum()) == pytest.approx(0.5)


def test_masks_are_the_items_and_not_the_images_that_share_them():
    trial = fs.Trial(logistic((6, 7)), pictures((6, 7), 12))
    result = fs.MaskEnergy(directions=3)(fs.Masked(trial, gains((6, 7), 3), torch.tensor([0] * 10 + [1, 2])))
    assert int(result["n"]) == 3
    alone = fs.MaskEnergy(directions=3)(masked_by(trial.samples.subset([0, 1, 2]), gains((6, 7), 3)))
    np.testing.assert_array_equal(result["radial_share"], alone["radial_share"])


def masked_by(samples, given, seed=1):
    return fs.Masked(fs.Trial(logistic(tuple(samples.plane.shape), seed=seed), samples), given)


@pytest.mark.parametrize(
    "options",
    [{"width": 0.0}, {"width": float("inf")}, *({"directions": one} for one in (0, 1.5, float("nan"), float("inf")))],
)
def test_bands_that_are_none_are_refused(options):
    with pytest.raises(ValueError, match=r"width is finite|directions is a whole"):
        fs.MaskEnergy(**options)


def test_a_direction_without_a_frequency_is_told():
    with pytest.raises(ValueError, match=r"directions have no frequency on a plane of 6 x 7: take fewer"):
        fs.MaskEnergy(directions=64)(masked((6, 7)))


# --- wins


def two(size=(8, 7)):
    samples = pictures(size)
    return [fs.MaskEnergy(directions=4)(masked_by(samples, gains(size, seed=seed), seed)) for seed in (1, 2)]


def test_a_mask_against_itself_only_ties():
    one, _ = two()
    same = fs.mask_wins(one, one)
    for name in ("radial", "angular"):
        assert (same[f"{name}_wins"].sel(more=NEITHER) == 1).all()
        assert (same[f"{name}_lead"] == 0).all()
        assert not same[f"{name}_lead_significant"].any()
    assert list(same["more"].values) == ["the first", NEITHER, "the second"]


def test_wins_and_ties_are_counted_mask_by_mask():
    one, other = two()
    result = fs.mask_wins(one, other)
    for name in ("radial", "angular"):
        ours, theirs = (unpacked(each.dataset, f"{name}_share") for each in (one, other))
        wins = result[f"{name}_wins"]
        for band in range(len(ours)):
            pairs = list(zip(ours[band], theirs[band], strict=True))
            slow = [sum(a > b for a, b in pairs), sum(a == b for a, b in pairs), sum(a < b for a, b in pairs)]
            np.testing.assert_allclose(wins[:, band], np.array(slow) / 12)
            assert float(result[f"{name}_lead"][band]) == pytest.approx((slow[0] - slow[2]) / 12)
        np.testing.assert_allclose(wins.sum("more"), 1)
        assert ((wins[f"{name}_wins_low"] <= wins) & (wins <= wins[f"{name}_wins_high"])).all()
    assert (result["radial_wins"].sel(more=NEITHER) > 0).any()  # sparse masks have empty bands
    assert list(result["more"].values) == ["logistic 1", NEITHER, "logistic 2"]


def test_swapping_the_two_swaps_wins():
    one, other = two((7, 7))
    there, back = fs.mask_wins(one, other), fs.mask_wins(other, one)
    np.testing.assert_array_equal(there["radial_wins"].values, back["radial_wins"].values[::-1])
    np.testing.assert_array_equal(there["angular_lead"].values, -back["angular_lead"].values)


def test_masks_that_always_have_more_win_significantly(tmp_path):
    plane, samples = Plane(8, 8), pictures((8, 8), 20)
    low = only(plane, fs.Frequency(1, 0))[None].expand(20, -1, -1, -1)
    wide = torch.ones(20, 1, 8, 8)
    first, second = (fs.MaskEnergy(directions=4)(masked_by(samples, one, at)) for at, one in ((1, low), (2, wide)))
    result = fs.mask_wins(first, second)
    sure = result["radial_lead_significant"].values.astype(bool)
    assert (result["radial_lead"].values == [-1, 1, -1, -1, -1, -1, -1]).all()
    assert sure.all()
    result.save(tmp_path / "wins.nc")
    again = fs.load(tmp_path / "wins.nc")
    for name in ("radial_wins", "angular_wins", "radial_lead"):
        fs.draw(again[name])
    difference = first - second
    np.testing.assert_array_equal(np.sign(difference["radial_norm_ratio"]), result["radial_lead"])


def test_what_does_not_belong_together_has_no_wins():
    one, other = two()
    elsewhere = fs.MaskEnergy(directions=4)(masked((8, 7), 11, seed=2))
    with pytest.raises(ValueError, match="same images"):
        fs.mask_wins(one, elsewhere)
    with pytest.raises(ValueError, match="options differs"):
        fs.mask_wins(one, fs.MaskEnergy(directions=3)(masked((8, 7))))
    with pytest.raises(TypeError, match="two results of MaskEnergy; int came"):
        fs.mask_wins(one, 1)
    fewer = fs.Masked(masked((8, 7), seed=2).trial, gains((8, 7), 3), torch.arange(12) % 3)
    with pytest.raises(ValueError, match=r"Only masks of one question compare.*12.*3"):
        fs.mask_wins(one, fs.MaskEnergy(directions=4)(fewer))
    with pytest.raises(ValueError, match=r"Only masks of one question compare.*scrambled"):
        fs.mask_wins(one, fs.MaskEnergy(directions=4)(masked((8, 7), seed=2, infill="scrambled")))
    for wrong in (fs.MaskTransfer()(masked((8, 7))), one - other):
        with pytest.raises(ValueError, match="takes results of MaskEnergy"):
            fs.mask_wins(one, wrong)
