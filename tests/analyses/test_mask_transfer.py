"""Answers under masks, complements and controls: laws, networks that hear planted waves, the formula again slowly."""

import numpy as np
import pytest
import torch
from masked_made import FIRST, PLANES, SECOND, drawn, gains, hears, logistic, masked, only, pictures

import fourierscope as fs
from fourierscope.analyses.masks.applied import Upon, infills_of
from fourierscope.analyses.masks.treating import Treating
from fourierscope.fourier import Plane, wave
from fourierscope.fourier.pairs import Pairs
from fourierscope.results import described, paired_rates, unpacked


def row(result, name, word):
    return float(result[name].sel(masked=word))


def predicted_slowly(trial, images):
    return trial.classifier(torch.from_numpy(images).float()).argmax(1).numpy()


def under(images, mask, colour):
    """Images (n, c, h, w) under masks (n, 1, h, w), by NumPy's transform of the whole plane."""
    spectra = np.fft.fftshift(np.fft.fft2(images - colour), axes=(-2, -1)) * mask
    shown = np.fft.ifft2(np.fft.ifftshift(spectra, axes=(-2, -1)))
    assert np.abs(shown.imag).max() < 1e-6
    return shown.real + colour


@pytest.mark.parametrize("size", PLANES)
def test_mask_and_complement_add_up_to_the_image(size):
    for options in ({}, {"origin": "black"}, {"infill": "scrambled"}):
        held = masked(size, **options)
        infill = infills_of(held).at(torch.arange(12))
        upon = Upon.of(held.trial.samples, infill, True)
        own = held.pair_gains
        both = upon.modulated.images(own) + upon.modulated.images(1 - own) - infill
        torch.testing.assert_close(both, held.trial.samples.batch(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", PLANES)
def test_answers_are_those_of_masked_images(size):
    held = masked(size)
    result, trial = fs.MaskTransfer(threshold=0.3)(held), held.trial
    images, mask = trial.samples.batch().double().numpy(), held.gains.double().numpy()
    colour = images.mean((0, 2, 3), keepdims=True)
    whole, labels = predicted_slowly(trial, images), trial.samples.labels.numpy()
    masks = {
        "mask": mask, "complement": 1 - mask, "binary mask": mask > 0.3, "binary complement": mask <= 0.3,
        "whole image": np.ones_like(mask),
    }  # fmt: skip
    for word, one in masks.items():
        shown = under(images, one, colour)
        found = predicted_slowly(trial, shown)
        assert row(result, "kept_share", word) == pytest.approx((found == whole).mean())
        assert row(result, "accuracy", word) == pytest.approx((found == labels).mean())
        assert row(result, "size", word) == pytest.approx(one.mean(), abs=1e-6)
        energy = ((shown - colour) ** 2).sum((1, 2, 3)) / ((images - colour) ** 2).sum((1, 2, 3))
        assert row(result, "energy", word) == pytest.approx(energy.mean(), rel=1e-4)


def test_random_rows_have_the_size_and_the_energy_of_the_own_mask():
    samples = fs.Samples(pictures((16, 15), 12, 1).images, torch.arange(12) % 3)
    held = fs.Masked(fs.Trial(logistic((16, 15), 1), samples), gains((16, 15)))
    result = fs.MaskTransfer(threshold=0.5)(held)
    for own, of in (("mask", ""), ("binary mask", "binary ")):
        sizes, energies = (result[f"{name}_outcomes"].values for name in ("size", "energy"))
        places = {word: place for place, word in enumerate(result["masked"].values)}
        for equal in ("size", "energy"):
            at = places[f"random {of}mask, equal {equal}"]
            np.testing.assert_allclose(sizes[at], sizes[places[own]], atol=1e-6)
            assert row(result, "likeness", f"random {of}mask, equal {equal}") < 0.9
        np.testing.assert_allclose(energies[at], energies[places[own]], rtol=1.1e-3)
        without = energies[places[f"{of}complement of random, equal size"]]
        assert (without < 1).all()
    assert row(result, "likeness", "mask") == pytest.approx(1)
    slow = torch.nn.functional.cosine_similarity((held.gains <= 0.5).float().flatten(1), held.gains.flatten(1)).mean()
    assert row(result, "likeness", "binary complement") == pytest.approx(float(slow), abs=1e-5)
    assert float(result["energy_miss"]) <= 1.1e-3


@pytest.mark.parametrize("size", [(9, 9), (10, 9), (8, 8)])
def test_a_mask_of_what_a_network_hears_is_sufficient_and_necessary(size):
    plane = Plane(*size)
    images = 0.5 + 0.5 * wave(plane, FIRST).float().expand(8, 1, -1, -1) + 0.02 * drawn(8, 1, *size)
    samples = fs.Samples(images.clamp(0, 1), torch.zeros(8, dtype=torch.int64))
    trial = fs.Trial(hears(plane, FIRST, SECOND), samples)
    result = fs.MaskTransfer()(fs.Masked(trial, only(plane, FIRST)[None], torch.zeros(8, dtype=int), origin="black"))
    assert row(result, "accuracy", "mask") == row(result, "accuracy", "binary mask") == 1
    assert row(result, "accuracy", "complement") == row(result, "accuracy", "binary complement") == 0
    assert row(result, "kept_share", "random mask, equal size") < 0.5
    assert row(result, "kept_share", "complement of random, equal size") > 0.5
    for name in ("sufficiency", "necessity", "binary_sufficiency", "binary_necessity"):
        assert float(result[name].sel(control="equal size")) > 0.5
    assert list(result["masked"].values)[-1] == "binary complement of random, equal energy"  # one class, nobody to lend


def test_sufficiency_and_necessity_are_paired_with_random_masks():
    held = masked((8, 9), 24)
    result = fs.MaskTransfer(threshold=0.4)(held)
    kept = dict(zip(result["masked"].values, unpacked(result.dataset, "kept_share"), strict=True))
    for control in ("equal size", "equal energy"):
        for name, more, less in (
            ("sufficiency", "mask", f"random mask, {control}"),
            ("binary_sufficiency", "binary mask", f"random binary mask, {control}"),
            ("necessity", f"complement of random, {control}", "complement"),
            ("binary_necessity", f"binary complement of random, {control}", "binary complement"),
        ):
            slow = paired_rates(kept[more], kept[less])
            for side, expected in zip(("", "_low", "_high"), slow, strict=False):
                assert float(result[f"{name}{side}"].sel(control=control)) == pytest.approx(float(expected))


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5])
def test_a_gain_at_the_threshold_is_out_of_the_binary_mask(threshold):
    pairs = Pairs(Plane(6, 7))
    steps = torch.full((12, 1, len(pairs)), 0.75)
    steps[..., ::2] = threshold
    held = fs.Masked(masked((6, 7)).trial, pairs.spread(steps))
    result = fs.MaskTransfer(threshold=threshold)(held)
    above = float((held.gains > threshold).float().mean())
    assert 0.2 < above < 0.8
    assert row(result, "size", "binary mask") == pytest.approx(above, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_masks_of_nothing_and_of_all_have_controls_that_are_themselves(value):
    result = fs.MaskTransfer()(fs.Masked(masked((7, 8)).trial, torch.full((12, 1, 7, 8), value)))
    assert float(result["energy_miss"]) == 0
    for name in ("sufficiency", "necessity", "binary_sufficiency", "binary_necessity"):
        assert (result[name] == 0).all()
    whole, nothing = ("mask", "complement") if value else ("complement", "mask")
    assert row(result, "kept_share", whole) == row(result, "energy", whole) == 1
    assert row(result, "energy", nothing) == row(result, "size", nothing) == 0
    assert np.isfinite(result["likeness"]).all()


def test_separate_channels_are_masked_each_by_its_own_gains():
    held = fs.Masked(masked((6, 9)).trial, gains((6, 9), channels=2))
    result, images = fs.MaskTransfer()(held), held.trial.samples.batch().double().numpy()
    colour, mask = images.mean((0, 2, 3), keepdims=True), held.gains.double().numpy()
    whole = predicted_slowly(held.trial, images)
    for word, one in (("mask", mask), ("complement", 1 - mask)):
        shown = under(images, one, colour)
        assert row(result, "kept_share", word) == pytest.approx((predicted_slowly(held.trial, shown) == whole).mean())
        energy = ((shown - colour) ** 2).sum((1, 2, 3)) / ((images - colour) ** 2).sum((1, 2, 3))
        assert row(result, "energy", word) == pytest.approx(energy.mean(), rel=1e-4)
        assert row(result, "size", word) == pytest.approx(one.mean(), abs=1e-6)


def test_every_row_is_the_answer_to_its_gains_on_its_image():
    """All rows again, with the gains that the analysis drew, by NumPy's transform of the whole plane."""
    question, held = fs.MaskTransfer(threshold=0.2), masked((6, 7), origin="black")
    (block,) = question.cells(held)
    rows, trial = question._rows(held), held.trial
    upon = Upon.of(trial.samples, infills_of(held).at(torch.arange(12)), True)
    drawn = rows.gains(torch.arange(12), upon, question.chance(block, "random masks"))
    result, images = question(held), trial.samples.batch().double().numpy()
    whole, labels = predicted_slowly(trial, images), trial.samples.labels
    assert list(result["masked"].values) == ["whole image", *drawn]
    for word, one in drawn.items():
        found = predicted_slowly(trial, under(images, held.pairs.spread(one).double().numpy(), 0.0))
        assert row(result, "kept_share", word) == pytest.approx((found == whole).mean()), word
        assert row(result, "pulled", word) == pytest.approx((found == labels[rows.lent.other].numpy()).mean()), word
    for word, lender in (("mask of its class", rows.lent.same), ("mask of another class", rows.lent.other)):
        assert torch.equal(drawn[word], held.pair_gains[lender])
    for kind in ("", "binary "):
        for control in ("size", "energy"):
            random = drawn[f"random {kind}mask, equal {control}"]
            assert torch.equal(drawn[f"{kind}complement of random, equal {control}"], 1 - random)


def test_the_classes_of_unlabelled_images_are_asked_once_however_many_cells(monkeypatch):
    from fourierscope.analyses.masks import applied

    asked = []
    monkeypatch.setattr(applied, "predictions", lambda trial: asked.append(1) or torch.arange(len(trial.samples)) % 3)
    samples = fs.Samples(pictures((128, 128), 20, 1).images)
    network = fs.Classifier(lambda images: images[:, 0, 0, :3], name="corner")
    held = fs.Masked(fs.Trial(network, samples), torch.full((20, 1, 128, 128), 0.5))
    question = fs.MaskTransfer()
    assert len(list(question.cells(held))) == 2
    question(held)
    assert len(asked) == 1


def test_the_mask_of_another_class_pulls_to_its_class():
    plane = Plane(8, 9)
    loud, soft = 0.5 * wave(plane, FIRST).float(), 0.3 * wave(plane, SECOND).float()
    images = 0.5 + torch.stack([loud + soft, wave(plane, SECOND).float() * 0.5 + 0.3 * wave(plane, FIRST).float()] * 3)
    samples = fs.Samples(images[:, None].clamp(0, 1), torch.tensor([0, 1] * 3))
    masks = torch.stack([only(plane, FIRST), only(plane, SECOND)] * 3)
    result = fs.MaskTransfer()(fs.Masked(fs.Trial(hears(plane, FIRST, SECOND), samples), masks, origin="black"))
    assert row(result, "pulled", "mask of another class") == 1
    assert row(result, "pulled", "whole image") == row(result, "pulled", "mask") == 0
    assert row(result, "kept_share", "mask of its class") == 1
    assert row(result, "accuracy", "mask of another class") == 0


def test_a_treatment_that_does_nothing_changes_nothing():
    result = fs.MaskTransfer(treatment="gaussian-noise:0")(masked((6, 7)))
    for word, of in (("treated image", "whole image"), ("treated, mask", "mask"),
                     ("treated, binary complement", "binary complement"),
                     ("treated, random mask, equal size", "random mask, equal size")):  # fmt: skip
        for name in ("kept_share", "accuracy", "size", "likeness"):
            assert row(result, name, word) == row(result, name, of)
        assert row(result, "energy", word) == pytest.approx(row(result, "energy", of), rel=1e-5)
    assert int(result["turned"]) == 0
    assert "accuracy_of_turned" not in result
    assert "without_gradient" not in result


def test_an_attack_turns_images_and_masks_are_asked_to_turn_them_back():
    held = masked((8, 7), 24)
    held = fs.Masked(fs.Trial(held.trial.classifier, labelled(held.trial)), gains((8, 7), 24))
    result = fs.MaskTransfer(treatment="pgd-linf:0.02", steps=3)(held)
    after = fs.treatments.treated(held.trial, "pgd-linf", 0.02, steps=3)
    right = held.trial.classifier(after.batch()).argmax(1) == held.trial.samples.labels
    turned = (~right).numpy()
    assert int(result["turned"]) == turned.sum() > 2
    assert row(result, "accuracy", "treated image") == pytest.approx(float(right.float().mean()))
    assert row(result, "accuracy_of_turned", "whole image") == 1
    assert row(result, "accuracy_of_turned", "treated image") == 0
    images, colour = (
        after.batch().double().numpy(),
        held.trial.samples.batch().double().numpy().mean((0, 2, 3), keepdims=True),
    )
    found = predicted_slowly(held.trial, under(images, held.gains.double().numpy(), colour))
    again = (found == held.trial.samples.labels.numpy())[turned].mean()
    assert row(result, "accuracy_of_turned", "treated, mask") == pytest.approx(again)
    low, high = (float(result[f"accuracy_of_turned_{side}"].sel(masked="treated, mask")) for side in ("low", "high"))
    assert low < again < high or again in (0, 1)
    assert int(result["without_gradient"]) == 0
    assert result.record["options"]["steps"] == 3


def test_a_treatment_gets_its_strength_its_seed_and_its_steps():
    bent = fs.Classifier(lambda images: (40 * (images - 0.5).flatten(1) @ drawn(84, 3)).sin(), name="bent")
    trial = fs.Trial(bent, pictures((6, 7)))
    for word, strength, steps in (("gaussian-noise", 0.1, None), ("pgd-linf", 0.02, 2)):
        one = Treating.of(f"{word}:{strength}", steps).done(trial, 5).samples.batch()
        assert torch.equal(one, fs.treatments.treated(trial, word, strength, 5, steps).batch())
        assert not torch.equal(one, fs.treatments.treated(trial, word, strength, 6, steps).batch())
        if steps is not None:
            assert not torch.equal(one, fs.treatments.treated(trial, word, strength, 5).batch())


def test_images_without_a_gradient_are_told_over_all_cells():
    samples = pictures((128, 128), 20, 1)
    weight = drawn(3, 128 * 128)

    def answers(images):
        heard = (images - 0.5).flatten(1) @ weight.T
        return torch.where(images[:, 0, :1, 0] > 0.5, heard, heard.detach() + 0 * images[:, 0, :1, 0])

    held = fs.Masked(fs.Trial(fs.Classifier(answers, name="half deaf"), samples), torch.ones(20, 1, 128, 128))
    result = fs.MaskTransfer(treatment="fgsm:0.001")(held)
    deaf = int((samples.batch()[:, 0, 0, 0] <= 0.5).sum())
    assert int(result["without_gradient"]) == deaf
    assert 2 < deaf < 18


def labelled(trial):
    """The samples of a trial, labelled as its classifier sees them."""
    return fs.Samples(trial.samples.images, trial.classifier(trial.samples.batch()).argmax(1))


def test_masks_are_never_changed():
    held = masked((6, 9))
    before, digest = held.gains.clone(), held.trace()["masks"]["digest"]
    first = fs.MaskTransfer()(held)
    assert torch.equal(held.gains, before)
    assert held.trace()["masks"]["digest"] == digest
    assert fs.MaskTransfer()(held).dataset.equals(first.dataset)


def test_classes_and_sets_share_masks_and_lend_what_they_can():
    trial = fs.Trial(logistic((6, 7)), pictures((6, 7), 12))
    by_class = fs.MaskTransfer()(fs.Masked(trial, gains((6, 7), 3), torch.arange(12) % 3))
    words = list(by_class["masked"].values)
    assert "mask of another class" in words
    assert "mask of its class" not in words
    whole = fs.MaskTransfer()(fs.Masked(trial, gains((6, 7), 1), torch.zeros(12, dtype=int)))
    assert "pulled" not in whole
    assert not [word for word in whole["masked"].values if "class" in word]


def test_without_labels_classes_are_what_the_classifier_sees():
    held = masked((7, 6))
    bare = fs.Masked(fs.Trial(held.trial.classifier, fs.Samples(held.trial.samples.images)), held.gains)
    result = fs.MaskTransfer()(bare)
    assert "accuracy" not in result
    assert row(result, "kept_share", "mask") == row(fs.MaskTransfer()(held), "kept_share", "mask")


@pytest.mark.parametrize("channels", [1, 2])
def test_batches_workers_and_files_give_the_same(tmp_path, channels):
    trial = fs.Trial(logistic((6, 7)), pictures((6, 7), 12))
    held, question = fs.Masked(trial, gains((6, 7), channels=channels)), fs.MaskTransfer(treatment="gaussian-noise:0.1")
    result = fs.run(question, held, batch=12)
    assert fs.run(question, held, batch=5).dataset.equals(result.dataset)
    result.save(tmp_path / "transfer.nc")
    again = fs.load(tmp_path / "transfer.nc")
    assert again.dataset.equals(result.dataset)
    for name in ("kept_share", "pulled", "pictures"):
        fs.draw(again[name])


def test_pictures_show_images_masks_and_what_passes():
    held = masked((6, 8))
    pictured = fs.MaskTransfer(treatment="gaussian-noise:0")(held)["pictures"]
    assert list(pictured["state"].values) == [
        "image", "mask", "masked", "complement", "treated", "treated, masked", "treated, complement"
    ]  # fmt: skip
    images = (held.trial.samples.batch(0, 4) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(pictured.sel(state="image").values, images)
    np.testing.assert_array_equal(pictured.sel(state="mask").values[..., 0], (held.gains[:4, 0] * 255).round().byte())
    shown = pictured.sel(state="masked").values
    assert (shown.min((1, 2, 3)) == 0).all()
    assert (shown.max((1, 2, 3)) == 255).all()
    assert "for display only" in pictured.attrs["says"]
    images, mask = held.trial.samples.batch().double().numpy(), held.gains.numpy() <= 1e-8
    passing = under(images, mask, images.mean((0, 2, 3), keepdims=True))[:4]
    low, high = (side(passing, axis=(1, 2, 3), keepdims=True) for side in (np.min, np.max))
    slow = ((passing - low) / (high - low) * 255).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(pictured.sel(state="complement").values, slow, atol=0.51)


def test_two_classifiers_under_the_same_masks_meet_the_same_controls():
    results = [fs.MaskTransfer()(masked((8, 8), seed=seed)) for seed in (1, 2)]
    for name in ("size", "energy", "likeness"):
        np.testing.assert_array_equal(*(one[name].values for one in results))
    difference = results[0] - results[1]
    assert row(difference, "kept_share", "mask") == pytest.approx(
        row(results[0], "kept_share", "mask") - row(results[1], "kept_share", "mask")
    )


def test_the_record_tells_whose_masks_these_are():
    trial = fs.Trial(logistic((6, 6)), pictures((6, 6)))
    other = fs.Trial(logistic((6, 6), seed=2), trial.samples)
    made = fs.Mask(sparsity=0.3, steps=5)(other)
    own, foreign = (fs.MaskTransfer()(fs.masked(one, made)) for one in (other, trial))
    assert described(own.record) == "logistic 2 on samples"
    assert described(foreign.record) == "logistic 1 under masks of logistic 2 on samples"
    assert foreign.record["subject"]["masks"]["options"] == made.record["options"]
    names = [one["name"] for one in (own - foreign).record["subject"]["classifiers"]]
    assert names == ["logistic 2", "logistic 1 under masks of logistic 2"]
    coarser = fs.MaskTransfer()(fs.masked(other, fs.Mask(sparsity=0.4, steps=5)(other)))
    with pytest.raises(ValueError, match="Only masks of one question compare"):
        _ = own - coarser


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"threshold": 1.0}, "threshold is a gain"), ({"threshold": -0.1}, "threshold is a gain"),
        ({"treatment": "fog"}, "treatment is written as|Did you mean"), ({"treatment": "pgd-linf"}, "pgd-linf:NUMBER"),
        ({"treatment": "patches"}, "treatment is written as"), ({"steps": 3}, "3 came without one"),
        ({"treatment": "corruption:fog:3", "steps": 3}, "goes no steps"),
        ({"treatment": "pgd-linf:8/255", "steps": 2.5}, "steps is a whole number from 1 on; 2.5 came"),
        ({"treatment": "pgd-linf:8/255", "steps": float("inf")}, "steps is a whole number from 1 on; inf came"),
    ],
)  # fmt: skip
def test_options_that_fit_nothing_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        fs.MaskTransfer(**options)


def test_the_record_tells_the_steps_of_an_attack():
    assert fs.MaskTransfer(treatment="pgd-linf:8/255").steps == 20
    assert fs.MaskTransfer(treatment="corruption:fog:3").steps is None
