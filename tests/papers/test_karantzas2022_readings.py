"""What the checks of Karantzas et al. (2022) read, where the answers are known: no role, band or sign is swapped."""

import numpy as np
import pytest
import torch
import xarray as xr

import fourierscope as fs
from fourierscope.papers.exhibit import Made
from fourierscope.papers.karantzas2022 import (
    figure1,
    figure3,
    figure4,
    figure5,
    figure6,
    figure7,
    figure8,
    table1,
    table2,
    table3,
)
from fourierscope.papers.karantzas2022.activations import ActivationHarmonics, Sine
from fourierscope.papers.karantzas2022.by_role import of_role
from fourierscope.papers.karantzas2022.differences import LOWEST, band_share, lead_in_band, lower_by, more_in_band
from fourierscope.papers.karantzas2022.masks import LOSSES, by_loss
from fourierscope.papers.karantzas2022.printed import printed
from fourierscope.papers.making import NotTried
from fourierscope.results import Axes, Result, bounded, count, mean, rate, share, wilson

RECORD = {"analysis": "Made up", "options": {}, "subject": {"name": "made up", "digest": ""}, "versions": {}}
PLANE = fs.Plane(16, 16)


def verdicts(exhibit, made, words):
    """Verdicts of the checks whose claim holds all these words."""
    found = {one.tried(made, "small").verdict for one in exhibit.checks if all(word in one.says for word in words)}
    assert found
    return found


def between_radii(low, high):
    """A mask that is 1 between two radii, over rows and columns."""
    radius = PLANE.radius().numpy()
    return ((radius >= low) & (radius < high)).astype(np.float32)


def energy_of(masks):
    """Where the energy of these masks (n, h, w) lies."""
    images = torch.rand(len(masks), 1, *PLANE.shape, generator=torch.Generator().manual_seed(0))
    trial = fs.Trial(fs.Classifier(lambda one: one.flatten(1)[:, :3], "made up"), fs.Samples(images))
    return fs.MaskEnergy()(fs.Masked(trial, torch.from_numpy(np.stack(masks))[:, None]))


LOW, MIDDLE = energy_of([between_radii(0, 1.5)] * 4), energy_of([between_radii(3, 5)] * 4)


def test_a_band_holds_what_lies_within_its_radii():
    corner = float(LOW["radial_share"]["radius"].max())
    assert band_share(LOW, 0, 1) == pytest.approx(1)
    assert band_share(LOW, 0, 1.2 / corner) == pytest.approx(1)
    assert band_share(MIDDLE, 0, 2 / corner) == pytest.approx(0)
    assert band_share(MIDDLE, 3 / corner, 5 / corner) == pytest.approx(1)


def test_more_and_leads_have_the_sign_of_the_first():
    assert more_in_band(LOW, MIDDLE, 0, LOWEST).value > 0.1
    assert more_in_band(MIDDLE, LOW, 0, LOWEST).value < -0.1
    assert lead_in_band(LOW, MIDDLE, 0, LOWEST).value == 1
    assert lead_in_band(LOW, LOW, 0, LOWEST).value == 0
    assert lower_by(LOW, MIDDLE).value == pytest.approx(-lower_by(MIDDLE, LOW).value)
    assert 2 < lower_by(LOW, MIDDLE).value < 4


@pytest.mark.parametrize("exhibit", [figure4, figure7], ids=["figure 4", "figure 7"])
def test_masks_that_lie_lower_hold_and_swapped_ones_fail(exhibit):
    for loss in LOSSES:
        ours, theirs = (f"{role}-{by_loss('single-energy', loss)}" for role in ("adversarial", "natural"))
        made, swapped = (Made({ours: one, theirs: other}) for one, other in ((LOW, MIDDLE), (MIDDLE, LOW)))
        words = (loss, "single images", " minus ") if exhibit is figure4 else (f"{loss}: share of images with more",)
        assert verdicts(exhibit.EXHIBIT, made, words) == {"holds"}
        assert verdicts(exhibit.EXHIBIT, swapped, words) == {"fails"}


def test_results_of_one_loss_are_never_read_for_the_other():
    made = Made({f"{role}-single-energy": LOW for role in ("adversarial", "natural")})
    assert verdicts(figure7.EXHIBIT, made, ("squared-difference: share",)) == {"not tried here"}
    assert verdicts(figure4.EXHIBIT, made, ("single images, squared-difference",)) == {"not tried here"}


def set_mask(gains, right=90, clean=90):
    """A result of Mask over a set: its gains, and 100 images of which so many are right under it and without."""
    axes = {"item": np.array(["all"]), "row": PLANE.rows().numpy(), "column": PLANE.columns().numpy()}
    found = {"mask": Axes(axes).array(gains[None], "1", "Gain.")}
    found["size"] = Axes({"item": axes["item"]}).array(gains.mean()[None], "1", "Size.")
    for name, many in (("accuracy", right), ("clean_accuracy", clean)):
        found |= rate(name, np.arange(100) < many, Axes({}), "Share right.")
    return Result(xr.Dataset(found | count(100)), RECORD)


def test_the_mask_of_a_set_lies_lower_or_higher_and_is_sparse_or_not():
    low, high = set_mask(between_radii(0, 3)), set_mask(between_radii(4, 8))
    names = [f"{role}-{loss}" for role in ("adversarial", "scale", "rotation", "natural") for loss in figure3.LOSSES]
    made = Made({name: high if name.startswith("rotation") else low for name in names})
    made = Made(made.results | {name: set_mask(between_radii(0, 5)) for name in names if name.startswith("natural")})
    assert verdicts(figure3.EXHIBIT, made, ("lies lower",)) == {"holds"}
    assert verdicts(figure3.EXHIBIT, made, ("lies higher",)) == {"holds"}
    swapped = Made({name: low if name.startswith("rotation") else high for name in names} | {
        name: set_mask(between_radii(0, 5)) for name in names if name.startswith("natural")
    })  # fmt: skip
    assert verdicts(figure3.EXHIBIT, swapped, ("lies lower",)) == {"fails"}
    assert verdicts(figure3.EXHIBIT, swapped, ("lies higher",)) == {"fails"}
    whole = Made(dict.fromkeys(names, set_mask(np.ones(PLANE.shape, dtype=np.float32))))
    assert verdicts(figure3.EXHIBIT, whole, ("natural: size of the mask",)) == {"fails"}


@pytest.mark.parametrize(
    ("right", "expected"), [(90, "holds"), (89, "holds"), (92, "holds"), (80, "fails"), (97, "fails")]
)
def test_the_accuracy_changes_little_either_way(right, expected):
    made = Made({"natural-cross-entropy": set_mask(between_radii(0, 3), right)})
    assert verdicts(table1.EXHIBIT, made, ("cross-entropy, natural, learned images",)) == {expected}


def transfer(**right):
    """A result of MaskTransfer with attack: which of 10 images are right in each row."""
    rows = {
        "whole image": 10, "mask": 10, "binary complement": 5, "binary complement of random, equal energy": 9,
        "treated image": 2, "treated, mask": 9, "treated, binary mask": 8,
        "treated, random mask, equal size": 4, "treated, binary complement": 2,
    }  # fmt: skip
    rows |= {key.replace("_", " "): one for key, one in right.items()}
    outcomes = np.arange(10) < np.array(list(rows.values()))[:, None]
    axes = Axes({"masked": np.array(list(rows))})
    turned = outcomes[0] & ~outcomes[4]
    found = rate("accuracy", outcomes, axes, "Share right.") | count(10)
    found |= bounded("accuracy_of_turned", wilson(outcomes[:, turned].mean(1), 8), axes, "1", "Of turned.", 8)
    return Result(xr.Dataset(found | {"turned": xr.DataArray(8)}), RECORD)


def test_masks_and_complements_are_read_over_the_turned_images():
    for loss in LOSSES:
        made = Made({f"natural-{by_loss('transfer', loss)}": transfer()})
        readings = {one.says: one.tried(made, "small").reading for one in table2.EXHIBIT.checks if loss in one.says}
        assert {one.n for one in readings.values()} == {8}
        assert readings[f"{loss}, natural: accuracy under the own mask"].value == 1
        assert readings[f"{loss}, natural: accuracy under the binary complement"].value == pytest.approx(3 / 8)
        assert readings[f"{loss}, natural, attacked: accuracy under the binary mask"].value == pytest.approx(6 / 8)
        assert readings[f"{loss}, natural, attacked: accuracy under the graded mask"].value == pytest.approx(7 / 8)
        assert verdicts(table2.EXHIBIT, made, (loss,)) == {"holds"}
        beside = {one.what: one for one in table2.EXHIBIT.beside(made)}
        assert beside[f"natural, {loss}, treated image"].ours.value == 0
        assert beside[f"natural, {loss}, treated, binary mask"].printed == 0.5869
    assert verdicts(table2.EXHIBIT, Made({"natural-transfer": transfer()}), ("natural: attacked",)) == {"holds"}


def test_a_mask_no_better_than_its_controls_fails():
    made = Made({"natural-transfer": transfer(binary_complement=9)})
    assert verdicts(table2.EXHIBIT, made, ("natural: accuracy under the complement of a random mask",)) == {"fails"}
    assert verdicts(table2.EXHIBIT, made, ("cross-entropy, natural: accuracy under the binary complement",)) == {
        "fails"
    }


def test_an_attack_that_turns_nothing_is_told():
    held = transfer()
    dataset = held.dataset.drop_vars([name for name in held if str(name).startswith("accuracy_of_turned")])
    found = table2.EXHIBIT.checks[0].tried(Made({"natural-transfer": Result(dataset, RECORD)}), "small")
    assert (found.verdict, found.why) == ("not tried here", "the attack turned no image")


def single(kept, size):
    """Results of Mask over 20 images of which so many keep their prediction, all masks of one size."""
    found = rate("kept_share", np.arange(20) < kept, Axes({}), "Kept.")
    found |= mean("mean_size", np.full(20, size), Axes({}), "1", "Size.")
    return Result(xr.Dataset(found | count(20)), RECORD)


def rows(**values):
    """A result of MaskTransfer of 20 images: how many are kept, and how much energy passes, in each row."""
    words = [key.replace("_", " ") for key in values]
    axes = Axes({"masked": np.array(words)})
    kept, energy = (np.array([one[place] for one in values.values()]) for place in (0, 1))
    found = rate("kept_share", np.arange(20) < kept[:, None], axes, "Kept.")
    found |= mean("energy", np.repeat(energy[:, None], 20, 1), axes, "1", "Energy.")
    for value, more in (("sufficiency", (0.3, 0.2)), ("necessity", (0.1, -0.1)), ("binary_necessity", (-0.1, 0.1))):
        controls = Axes({"control": np.array(["equal size", "equal energy"])})
        found[value] = controls.array(np.array(more), "1", "More.")
    return Result(xr.Dataset(found | count(20)), RECORD)


def test_sparse_masks_that_keep_all_hold_and_large_ones_that_lose_fail():
    least, large = single(20, 0.05), single(19, 0.2)
    for loss in LOSSES:
        for made, expected in ((least, "holds"), (large, "fails")):
            held = Made({f"natural-{by_loss('masks', loss)}": made})
            assert verdicts(figure5.EXHIBIT, held, (f"{loss}, natural: mean size",)) == {expected}
            assert verdicts(figure5.EXHIBIT, held, (f"{loss}, natural: share of predictions",)) == {expected}


@pytest.mark.parametrize("more", [True, False])
def test_complements_pass_more_or_less_than_masks_and_own_classes_lend_better_or_worse(more):
    high, low = ((20, 0.8), (10, 0.2)) if more else ((10, 0.2), (20, 0.8))
    held = rows(mask=low, binary_complement=high, mask_of_its_class=high, mask_of_another_class=low)
    expected = {"holds"} if more else {"fails"}
    for words in (("natural: share of the image's energy",), ("natural: share kept under the mask of another",)):
        assert verdicts(figure5.EXHIBIT, Made({"natural-transfer": held}), words) == expected


def test_where_no_image_lends_its_mask_the_reason_is_told():
    held = rows(mask=(20, 0.2), binary_complement=(20, 0.8))
    assert verdicts(figure5.EXHIBIT, Made({"natural-transfer": held}), ("natural: share kept",)) == {"not tried here"}


def test_each_control_is_read_by_itself():
    held = Made({"adversarial-transfer": rows(mask=(20, 0.2))})
    found = {one.says: one.tried(held, "small").verdict for one in figure6.EXHIBIT.checks if "adversarial" in one.says}
    assert [found[says] for says in found if "minus kept under random masks of" in says] == ["holds", "holds"]
    assert [found[says] for says in found if "without the mask, of" in says] == ["holds", "fails"]
    assert [found[says] for says in found if "without the binary mask, of" in says] == ["fails", "holds"]


def path_of(sizes):
    """A result of Mask with a path over 5 images: sizes from all and from none, the same at every loss."""
    axes = Axes({"end": np.array(["from all", "from none"]), "loss": np.array([0.01, 0.1, 0.5])})
    outcomes = np.broadcast_to(np.array(sizes)[:, None, None], (2, 3, 5))
    return Result(xr.Dataset(mean("size_at", outcomes, axes, "1", "Size.") | count(5)), RECORD)


def test_sizes_at_equal_loss_are_read_from_either_end():
    made = Made({"adversarial-path": path_of((0.3, 0.2)), "natural-path": path_of((0.2, 0.25))})
    assert verdicts(figure7.EXHIBIT, made, ("begun from all: size",)) == {"holds"}
    assert verdicts(figure7.EXHIBIT, made, ("begun from none: size",)) == {"fails"}
    assert verdicts(figure7.EXHIBIT, made, ("natural: size of masks",)) == {"holds"}
    assert verdicts(figure7.EXHIBIT, made, ("adversarial: size of masks",)) == {"fails"}


def test_the_share_of_images_with_more_counts_no_ties():
    (check,) = [one for one in figure7.EXHIBIT.checks if "cross-entropy: share of images with more there" in one.says]
    names = ("adversarial-single-energy", "natural-single-energy")
    assert check.tried(Made(dict.fromkeys(names, LOW)), "small").reading.value == 0
    assert check.tried(Made({names[0]: LOW, names[1]: MIDDLE}), "small").reading.value == 1


def classes(tested, learned, places):
    """A result of MaskClasses of 40 images in two classes."""
    features = np.array(["mask", "mask, labels shuffled", "amplitude spectrum", "image"])
    right = np.arange(40) < 40 * np.array(tested)[:, None]
    found = share("accuracy", right, Axes({"features": features}), "Not seen.")
    found |= share(
        "train_accuracy", np.arange(40) < 40 * np.array(learned)[:, None], Axes({"features": features}), "Seen."
    )
    controls = Axes({"control": features[1:]})
    found |= mean("advantage", right[:1].astype(float) - right[1:], controls, "1", "More.")
    found["most_common"] = xr.DataArray(0.5)
    words = np.array(["cat", "dog"] * 20)
    axes = Axes({"item": words, "coordinate": np.array(["first", "second"])})
    found["embedding"] = axes.array(places, "1", "Places.")
    return Made({"natural-classes": Result(xr.Dataset(found | count(40)), RECORD)})


def test_masks_that_tell_the_class_hold_and_masks_that_do_not_fail():
    chance = np.random.default_rng(0)
    apart = chance.normal(size=(40, 2)) + 20 * np.array([[0, 0], [1, 1]] * 20)
    telling = classes((0.9, 0.5, 0.6, 0.6), (1, 1, 1, 1), apart)
    assert verdicts(table3.EXHIBIT, telling, ("",)) == {"holds"}
    assert verdicts(figure8.EXHIBIT, telling, ("nearest",)) == {"holds"}
    nearest = figure8.EXHIBIT.checks[0].tried(telling, "small").reading
    assert nearest.value == pytest.approx(1 - 19 / 39)
    silent = classes((0.5, 0.7, 0.6, 0.6), (1, 0.2, 1, 1), np.repeat(np.arange(20.0), 2)[:, None] * [1, 1])
    assert verdicts(table3.EXHIBIT, silent, ("",)) == {"fails"}
    assert verdicts(figure8.EXHIBIT, silent, ("nearest",)) == {"fails"}


def test_what_activation_functions_do_holds_and_fails_at_the_other_amplitude():
    one, three = (ActivationHarmonics()(Sine(amplitude)) for amplitude in (1.0, 3.0))
    made, swapped = (Made({"amplitude-1": one, "amplitude-3": three}), Made({"amplitude-1": three, "amplitude-3": one}))
    assert verdicts(figure1.EXHIBIT, made, ("",)) == {"holds"}
    assert verdicts(figure1.EXHIBIT, swapped, ("hardtanh leaves sin t",)) == {"fails"}
    assert verdicts(figure1.EXHIBIT, swapped, ("hardtanh of 3 sin t", "above the first")) == {"fails"}


def test_the_window_leaks_as_its_transform_says():
    """Of the sine sampled at 63 points, by the sum itself."""
    found = ActivationHarmonics()(Sine(1.0))
    times, turns = 0.2 * np.arange(63), np.outer(np.arange(63), np.arange(1, 32)) * 2 * np.pi / 63
    energy = np.abs(np.sin(times) @ np.exp(-1j * turns)) ** 2
    assert float(found["leakage"].sel(way="window")) == pytest.approx(1 - energy.max() / energy.sum(), rel=1e-6)
    assert float(found["leakage"].sel(way="circle")) < 1e-20


def test_of_a_role_that_is_left_out_the_reason_is_told():
    made = Made({"natural-masks": set_mask(np.ones(PLANE.shape))}, {"scale": "nobody trained it"})
    assert of_role(made, "natural", "masks") is made["natural-masks"]
    with pytest.raises(NotTried, match="nobody trained it"):
        of_role(made, "scale", "masks")
    with pytest.raises(NotTried, match="no result 'natural-masks'"):
        of_role(Made({}), "natural", "masks")


def test_the_printed_numbers_are_counts_of_images():
    """Accuracies are multiples of 1 / 1,973, and of Table 2 of 1 / 1,421, to the digits printed."""
    for column in ("standard", "masked"):
        for value in printed("table 1")[column]:
            assert abs(round(value * 1973) / 1973 - value) < 6e-5
    for name in ("binary complement", "treated, binary mask"):
        value = printed("table 2")[name]
        assert abs(round(value * 1421) / 1421 - value) < 6e-5
