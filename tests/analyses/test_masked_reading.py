"""From results of Mask to trials with masks: each image gets its own, and no other result will do."""

import numpy as np
import pytest
import torch
from masked_made import logistic, pictures

import fourierscope as fs
from fourierscope.reports import told


def trial(size=(6, 7), n=12, seed=1):
    return fs.Trial(logistic(size, seed=seed), pictures(size, n))


def test_masks_of_images_are_each_image_s_own(tmp_path):
    result = fs.Mask(sparsity=0.3, steps=8, origin="black", seed=4)(trial())
    result.save(tmp_path / "m.nc")
    for one in (result, fs.load(tmp_path / "m.nc")):
        held = fs.masked(trial(), one)
        np.testing.assert_array_equal(held.gains[:, 0], result["mask"])
        assert held.own.tolist() == list(range(12))
        assert (held.infill, held.origin, held.seed, held.name) == ("zero", "black", 4, "logistic 1")
        assert held.trace()["masks"]["classifier"] == result.record["subject"]["classifier"]


def test_masks_of_classes_go_to_the_images_of_each_class():
    samples = fs.Samples(pictures((6, 7)).images, [7, 2, 2, 9, 7, 9] * 2)
    given = fs.Trial(logistic((6, 7), classes=10), samples)
    result = fs.Mask(over="class", sparsity=0.3, steps=5)(given)
    held = fs.masked(given, result)
    for label, mask in zip(samples.labels.tolist(), held.gains[held.own], strict=True):
        np.testing.assert_array_equal(mask[0], result["mask"].sel(item=str(label)))


def test_the_mask_of_a_set_goes_to_all_images():
    result = fs.Mask(over="set", sparsity=0.3, steps=5)(trial())
    held = fs.masked(trial(), result)
    assert held.own.tolist() == [0] * 12
    np.testing.assert_array_equal(held.gains[0], result["mask"])


def test_separate_channels_stay_separate():
    result = fs.Mask(channels="separate", sparsity=0.3, steps=5)(trial())
    held = fs.masked(trial(), result)
    assert held.gains.shape == (12, 2, 6, 7)
    np.testing.assert_array_equal(held.gains, result["mask"])


def test_what_masks_keep_is_what_the_result_of_mask_says():
    for options in ({}, {"infill": "scrambled"}, {"channels": "separate", "origin": "black"}, {"over": "class"}):
        result = fs.Mask(sparsity=2.0, steps=8, **options)(trial())
        asked = fs.MaskTransfer()(fs.masked(trial(), result))
        for name in ("kept_share", "accuracy"):
            assert float(asked[name].sel(masked="mask")) == pytest.approx(float(result[name]))
        assert float(asked["accuracy"].sel(masked="whole image")) == pytest.approx(float(result["clean_accuracy"]))


def test_masks_of_other_images_and_other_results_are_refused():
    result = fs.Mask(sparsity=0.3, steps=3)(trial())
    with pytest.raises(ValueError, match=r"of other images: samples, 12 of 6 x 7; the trial holds .* 11 images"):
        fs.masked(trial(n=11), result)
    relabelled = fs.Samples(trial().samples.images, torch.zeros(12, dtype=int))
    with pytest.raises(ValueError, match="of other images"):
        fs.masked(fs.Trial(trial().classifier, relabelled), result)
    with pytest.raises(ValueError, match="a result of HeatMap came"):
        fs.masked(trial(), fs.HeatMap(stride=3)(trial()))
    with pytest.raises(ValueError, match="result of Mask"):
        fs.masked(trial(), result - fs.Mask(sparsity=0.3, steps=3)(trial(seed=2)))
    with pytest.raises(TypeError, match=r"ndarray came. Write fs.load\(path\)"):
        fs.masked(trial(), result["mask"].values)
    with pytest.raises(TypeError, match="masked takes a Trial; Samples came"):
        fs.masked(trial().samples, result)


def test_masks_whose_record_tells_too_little_are_refused():
    result = fs.Mask(sparsity=0.3, steps=3)(trial())
    del result.record["options"]["over"], result.record["options"]["seed"]
    with pytest.raises(ValueError, match="does not tell over, seed: make them again"):
        fs.masked(trial(), result)


def test_another_network_of_the_same_name_is_another():
    one, other = (fs.Trial(fs.Classifier(logistic((6, 7), seed=at).network, "net"), pictures((6, 7))) for at in (1, 2))
    scaled = fs.Trial(fs.Classifier(one.classifier.network, "net", mean=(0.1, 0.1), std=(1, 1)), one.samples)
    masks = fs.Mask(sparsity=0.3, steps=3)(one)
    for foreign in (other, scaled):
        result = fs.MaskTransfer()(fs.masked(foreign, masks))
        assert told(result)[0] == "The masks are those of another net."
        assert "net under masks of another net" in repr(result)
    own = fs.MaskTransfer()(fs.masked(one, masks))
    assert "masks of another" not in repr(own)
    assert "The masks are those" not in " ".join(told(own))


def test_some_masks_are_shown_by_the_class_of_their_image():
    result = fs.Mask(sparsity=0.3, steps=5)(trial())
    shown = result["examples"]
    assert list(shown["example"].values) == ["image 0, class 0", "image 1, class 1", "image 2, class 2"]
    np.testing.assert_array_equal(shown.values, result["mask"].values[:3])
    bare = fs.Trial(trial().classifier, fs.Samples(trial().samples.images))
    both = fs.Mask(sparsity=0.3, steps=5, channels="separate")(bare)
    assert list(both["examples"]["example"].values) == [f"image {one}" for one in range(6)]
    np.testing.assert_allclose(both["examples"], both["mask"].mean("channel")[:6], atol=1e-6)
    assert len(fs.draw(shown).axes) >= 3
