"""How the exhibits of Karantzas et al. (2022) are made: their images, networks and masks, and the whole of them."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.papers import paper_named
from fourierscope.papers.karantzas2022 import images, learned, masks
from fourierscope.papers.karantzas2022.layer import MaskLayer
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.paper import made_again
from fourierscope.subjects.networks import network_named

PAPER = paper_named("karantzas2022")


def references():
    return {role: fs.open_classifier(f"reference:{role}") for role in ("natural", "adversarial")}


def making(tmp_path, samples=None, classifiers=None, budget="smoke", **options):
    samples = fs.open_samples("patches:test", limit=40) if samples is None else samples
    classifiers = references() if classifiers is None else classifiers
    return Making(Setting(budget, samples, classifiers, **options), tmp_path / "figure-2")


def grey(classes=("cat", "dog", "fish"), side=(13, 15)):
    """Nine grey images of odd sizes with a network of three classes that answers to them differently."""
    chance = torch.Generator().manual_seed(0)
    samples = fs.Samples(torch.rand(9, 1, *side, generator=chance), torch.arange(9) % len(classes), "odd", classes)
    return samples, fs.Classifier(network_named("small", channels=1, classes=3).eval(), "small")


def right_on(places, name):
    """A network that is right on images whose level is one of these, of label 1 all, and says 0 of others."""
    levels = torch.tensor(places, dtype=torch.float32)

    def answer(given):
        told = (255 * given.mean((1, 2, 3))[:, None] - levels).abs().amin(1) < 0.5
        return torch.stack([(~told).float(), told.float()], 1)

    return fs.Classifier(answer, name)


def test_the_single_images_are_those_that_both_networks_are_right_on(tmp_path):
    levels = torch.arange(6, dtype=torch.uint8)[:, None, None, None].expand(6, 1, 4, 4)
    samples = fs.Samples(levels.clone(), torch.ones(6, dtype=torch.int64))
    natural, adversarial = right_on([0, 1, 2, 3], "natural"), right_on([2, 3, 4], "adversarial")
    both = making(tmp_path, samples, {"natural": natural, "adversarial": adversarial})
    assert images.single_images(both).places.tolist() == [2, 3]
    assert images.single_images(making(tmp_path, samples, {"natural": natural})).places.tolist() == [0, 1, 2, 3]
    with pytest.raises(NotTried, match="of 6 images none is classified rightly"):
        images.single_images(making(tmp_path, samples, {"natural": right_on([9], "never")}))


def test_the_halves_share_no_image_and_have_all_classes(tmp_path):
    learned_half, held = images.halves(making(tmp_path))
    assert not set(learned_half.places.tolist()) & set(held.places.tolist())
    assert len(learned_half) == len(held) == 20
    assert learned_half.labels.unique().tolist() == held.labels.unique().tolist() == list(range(10))


def test_labels_of_another_task_are_told_and_predictions_stand_for_them(tmp_path):
    samples, classifier = grey(("cat", "dog"))
    asked = making(tmp_path, samples, {"natural": classifier})
    with pytest.raises(NotTried, match="2 classes and small has 3"):
        images.labels_needed(asked)
    found = images.single_images(asked)
    assert len(found) == 9
    assert found.labels.equal(classifier(samples.batch()).argmax(1))
    assert found.name == "odd, labels as small predicts"


def test_images_without_labels_are_told(tmp_path):
    samples, classifier = grey()
    asked = making(tmp_path, fs.Samples(samples.images), {"natural": classifier})
    with pytest.raises(NotTried, match="no labels"):
        images.halves(asked)


def test_grey_images_of_odd_sides_get_masks(tmp_path, monkeypatch):
    monkeypatch.setitem(masks._STEPS, "full", 5)
    samples, classifier = grey(("cat", "dog"))
    setting = Setting("full", samples, {"natural": classifier})
    exhibits = [PAPER.exhibit(one) for one in ("2", "3", "5", "7", "table 2")]
    outcomes = {one.exhibit.number: one for one in made_again(PAPER, exhibits, setting, tmp_path / "out")}
    assert "labels of another task" in outcomes["3"].not_tried
    assert "no classifier adversarial was given" in outcomes["7"].not_tried
    assert [one.verdict for one in outcomes["2"].checked[:2]] == ["holds", "holds"]
    assert outcomes["5"].made.results.keys() >= {"natural-masks", "natural-transfer"}
    assert "labels of another task" in outcomes["5"].made.left_out["masks of classes"]
    assert all(one.why for one in outcomes["5"].checked if one.reading is None)


def test_the_layer_loses_nothing_but_without_partners(tmp_path):
    """The share lost by chance, once more: the imaginary part of the inverse transform itself."""
    samples = fs.open_samples("patches:test", limit=3)
    plane = samples.plane
    gains = (plane.radius() < 6).float().expand(3, 1, *plane.shape)
    found = MaskLayer()(fs.Masked(fs.Trial(fs.open_classifier("reference:natural"), samples), gains))
    assert float(found["identity_error"]) < 1e-6
    assert float(found["lost_share"]) < 1e-6
    varying = samples.batch() - samples.batch().mean((2, 3), keepdim=True)
    drawn = torch.rand(3, 1, *plane.shape, generator=MaskLayer().chance(purpose="gains"))
    back = torch.fft.ifft2(torch.fft.ifftshift(fs.to_spectrum(varying) * drawn, dim=(-2, -1)), norm="ortho")
    share = back.imag.square().sum((1, 2, 3)) / back.abs().square().sum((1, 2, 3))
    assert float(found["lost_share_by_chance"]) == pytest.approx(float(share.mean()), abs=1e-4)


def test_each_role_learns_by_its_own_augmentation():
    for budget in ("small", "full"):
        kinds = {role: learned.recipe_of(budget, role) for role in learned.ROLES}
        assert kinds["natural"].perturbation is None
        assert kinds["adversarial"].perturbation.eps == pytest.approx(3.46 / 255, abs=1e-5)
        assert kinds["scale"].augmentations[0].scale == (0.5, 1.5)
        assert kinds["translation"].augmentations[0].translation == 0.4
        assert kinds["rotation"].augmentations[0].degrees == 180
        for role in ("scale", "translation", "rotation"):
            assert kinds[role].augmentations[1:] == kinds["natural"].augmentations
    full = learned.recipe_of("full", "natural")
    assert (full.epochs, full.optimiser, full.learning_rate, full.schedule) == (50, "adam", 1e-3, "one-cycle")


def test_a_role_without_network_is_trained_where_images_are_given(tmp_path, monkeypatch):
    monkeypatch.setattr(learned, "_SMALL_EPOCHS", 1)
    asked = making(tmp_path, budget="small", learned=fs.open_samples("patches:train", limit=20))
    found = learned.network(asked, "scale")
    assert (tmp_path / "networks" / "scale.checkpoint").exists()
    batch = asked.setting.samples.batch(0, 4)
    assert found(batch).equal(learned.network(asked, "scale")(batch))
    assert found(batch).shape == (4, 10)


def test_without_training_images_the_reason_is_told(tmp_path):
    with pytest.raises(NotTried, match=r"no classifier scale was given, nor training images .*--training"):
        learned.network(making(tmp_path, budget="small"), "scale")
    with pytest.raises(NotTried, match=r"no classifier scale was given$"):
        learned.network(making(tmp_path), "scale")


def test_a_shipped_network_of_other_images_is_refused(tmp_path):
    shipped = {"natural": fs.open_classifier("reference:cifar10-resnet20-natural")}
    images_of_64 = fs.Samples(np.zeros((2, 3, 64, 64), dtype=np.uint8))
    with pytest.raises(NotTried, match=r"of CIFAR-10, 32 x 32 pixels \(--classifier natural="):
        learned.network(making(tmp_path, images_of_64, shipped), "natural")


def test_the_whole_is_made_in_few_steps(tmp_path, monkeypatch):
    monkeypatch.setitem(masks._STEPS, "smoke", 3)
    absent = PAPER.budgets["smoke"].absent
    setting = Setting("smoke", fs.open_samples("patches:test", limit=40), references(), absent)
    outcomes = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.not_tried for one in outcomes] == [""] * 11
    assert all(one.pictures for one in outcomes)
    for one in (check for outcome in outcomes for check in outcome.checked if check.reading is None):
        assert one.why == absent["scale"]
    of_set = {one.exhibit.number: one.made.results for one in outcomes}["table 1"]
    learned_half, held = (of_set[f"natural-cross-entropy{end}"].record["subject"] for end in ("", "-held-out"))
    assert learned_half["samples"]["digest"] != held["samples"]["digest"]
    assert held["masks"]["name"] == "reference:natural"
    shared = [path.name for path in (tmp_path / "out" / "cells").iterdir()]
    assert len([one for one in shared if one.startswith("single-")]) == 4


def test_the_command_resizes(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(masks._STEPS, "smoke", 3)
    assert main(["paper", "karantzas2022", "2", "--limit", "6", "--size", "17", "--folder", "out"]) == 0
    told = capsys.readouterr().out
    assert "Of 3 checks:" in told
    assert fs.load("out/figure-2/natural-layer.nc")["pictures"].sizes["y"] == 17
