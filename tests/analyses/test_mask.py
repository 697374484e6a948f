"""The least masks of images, classes and sets: planted ones, what is told of them, doors."""

import numpy as np
import pytest
import torch
from masks_made import drawn, logistic, pictures, softplus_network
from sklearn.metrics import average_precision_score

import fourierscope as fs
from fourierscope.analyses.mask import Block
from fourierscope.fourier import Frequency, Plane, wave
from fourierscope.fourier.pairs import Modulated, Pairs
from fourierscope.results import unpacked


def matched(frequencies, size, rule):
    """A network that hears the waves planted at some frequencies: each by its matched filter, and joined by a rule."""
    filters = torch.stack([wave(Plane(*size), one).float() for one in frequencies])

    def network(images):
        heard = torch.einsum("nchw,fhw->nf", images, filters)
        joined = {"and": lambda: heard.amin(1), "or": lambda: heard.amax(1), "single": lambda: heard[:, 0]}[rule]()
        return torch.stack([torch.zeros_like(joined), 8 * (joined - 0.5)], 1)

    return fs.Classifier(network, name=rule)


def planted(frequencies, size, n=16):
    """Images with waves of amplitude 1 planted under noise of larger amplitude elsewhere."""
    noise = 0.05 * drawn(n, 1, *size)
    for one in frequencies:
        filter_ = wave(Plane(*size), one).float()
        noise = noise - (noise * filter_).sum((-2, -1), keepdim=True) * filter_
    whole = 0.5 + noise + sum(wave(Plane(*size), one).float() for one in frequencies)
    empty = 0.5 - noise
    images = torch.cat([whole, empty])
    assert images.amin() >= 0
    assert images.amax() <= 1
    return fs.Samples(images, torch.arange(2).repeat_interleave(n))


@pytest.mark.parametrize("size", [(12, 12), (11, 11), (10, 13)])
@pytest.mark.parametrize("rule", ["single", "and", "or"])
def test_planted_frequencies_are_the_mask(size, rule):
    frequencies = [Frequency(2, 1), Frequency(1, -3)] if rule != "single" else [Frequency(2, 1)]
    plane, trial = Plane(*size), fs.Trial(matched(frequencies, size, rule), planted(frequencies, size))
    whole = trial.samples.subset(range(16))
    result = fs.Mask(sparsity=0.05, origin="black")(fs.Trial(trial.classifier, whole))
    truth = np.zeros(plane.shape, bool)
    for one in frequencies:
        for member in (one, plane.partner(one)):
            truth[plane.position(member)] = True
    assert (result["kept"] == 1).all()
    for mask in result["mask"].values:
        if rule == "or":
            assert sum(mask[plane.position(one)] > 0.1 for one in frequencies) == 1
        else:
            assert average_precision_score(truth.flatten(), mask.flatten()) >= 0.99
        assert np.median(mask[~truth]) == 0


# --- over classes and sets


def test_a_set_of_one_image_has_the_mask_of_the_image():
    trial = fs.Trial(logistic((7, 6)), pictures((7, 6), 1))
    alone = fs.Mask(sparsity=0.3, target="label", tolerance=1e-3)(trial)
    whole = fs.Mask(over="set", sparsity=0.3, tolerance=1e-3)(trial)
    np.testing.assert_allclose(alone["mask"][0], whole["mask"][0], atol=1e-4)


def test_the_mask_of_a_class_is_that_of_its_images_as_a_set():
    trial = fs.Trial(logistic((6, 6)), pictures((6, 6), 12))
    classes = fs.Mask(over="class", sparsity=0.3)(trial)
    assert list(classes["item"].values) == ["0", "1", "2"]
    own = trial.samples.subset([1, 4, 7, 10])
    asked = fs.Mask(over="set", sparsity=0.3, origin="black")
    of_class = fs.Mask(over="class", sparsity=0.3, origin="black")(trial)
    np.testing.assert_allclose(of_class["mask"][1], asked(fs.Trial(trial.classifier, own))["mask"][0], atol=1e-5)


def test_the_set_does_not_depend_on_batches():
    trial = fs.Trial(softplus_network((6, 6)), pictures((6, 6), 11))
    question = fs.Mask(over="set", sparsity=0.3, tolerance=1e-2)
    np.testing.assert_allclose(
        fs.run(question, trial, batch=11)["mask"], fs.run(question, trial, batch=4)["mask"], atol=1e-3
    )


def test_what_is_kept_of_a_class_s_images_is_told_image_by_image():
    samples = pictures((6, 7), 18)
    trial = fs.Trial(
        logistic((6, 7)),
        fs.Samples(samples.images, samples.labels[torch.randperm(18, generator=torch.Generator().manual_seed(0))]),
    )
    result = fs.Mask(over="class", sparsity=3.0, origin="black")(trial)
    gains = Pairs(Plane(6, 7)).gathered(torch.from_numpy(result["mask"].values))[trial.samples.labels][:, None]
    images = trial.samples.batch()
    kept = [trial.classifier(one).argmax(1) for one in (images, Modulated.of(images, 0 * images[:1]).images(gains))]
    held = unpacked(result.dataset, "kept_share")
    assert 0 < held.mean() < 1
    np.testing.assert_array_equal(held, (kept[0] == kept[1]).numpy())


def test_many_images_of_a_set_stream_and_give_the_mask_of_those_that_are_kept_ready(monkeypatch):
    trial = fs.Trial(softplus_network((6, 7)), pictures((6, 7), 20))
    question = fs.Mask(over="class", sparsity=0.3, infill="scrambled", draws=2, steps=30)
    ready = fs.run(question, trial, batch=4)
    monkeypatch.setattr("fourierscope.analyses.masks.objective._KEPT", 2 * 20 * 42 // 3)  # classes of 7, 7 and 6
    np.testing.assert_array_equal(fs.run(question, trial, batch=4)["mask"], ready["mask"])


def test_accuracy_and_kept_predictions_are_those_of_masked_images():
    trial = fs.Trial(logistic((6, 7)), pictures((6, 7), 10))
    result = fs.Mask(sparsity=30.0)(trial)  # so dear that some predictions are lost
    assert 0 < float(result["kept_share"]) < 1
    assert result["accuracy"] != result["clean_accuracy"]
    gains = Pairs(Plane(6, 7)).gathered(torch.from_numpy(result["mask"].values))[:, None]
    modulated = Modulated.of(trial.samples.batch(), trial.samples.batch().mean((0, 2, 3)).view(1, -1, 1, 1))
    with torch.no_grad():
        whole, masked = (trial.classifier(one).argmax(1) for one in (trial.samples.batch(), modulated.images(gains)))
    assert float(result["accuracy"]) == pytest.approx(float((masked == trial.samples.labels).float().mean()))
    np.testing.assert_array_equal(result["kept"], (masked == whole).numpy())
    np.testing.assert_allclose(result["size"], result["mask"].mean(("row", "column")), atol=1e-6)


def test_separate_channels_have_gains_of_their_own():
    size, first = (8, 8), wave(Plane(8, 8), Frequency(1, 2)).float()
    hears = fs.Classifier(
        lambda images: torch.stack([0 * images[:, 0, 0, 0], 9 * (images[:, 1] * first).sum((1, 2)) - 2], 1)
    )
    images = 0.5 + 0.02 * drawn(4, 2, *size) + torch.tensor([0.4, 1.0]).view(1, 2, 1, 1) * first
    result = fs.Mask(channels="separate", origin="black", sparsity=0.05)(
        fs.Trial(hears, fs.Samples(images.clamp(0, 1)))
    )
    assert result["mask"].dims == ("item", "channel", "row", "column")
    assert float(result["mask"].isel(channel=0).max()) < 0.05 < float(result["mask"].isel(channel=1).max())


# --- paths, and the article's own solver


def test_a_path_shrinks_with_sparsity_and_its_ends_agree_where_the_problem_is_convex():
    trial = fs.Trial(logistic((6, 6), scale=2.0), pictures((6, 6), 5))
    result = fs.Mask(sparsity=0.3, path=True, tolerance=1e-2)(trial)
    sizes = result["path_size"]
    assert 0 == float(sizes.min()) < 0.5 < float(sizes.max())
    assert (sizes.diff("sparsity") <= 1e-4).all()
    np.testing.assert_allclose(sizes[0], sizes[1], atol=5e-3)
    assert (result["path_loss"].diff("sparsity") >= -1e-4).all()
    assert (result["size_at"].diff("loss") <= 0).all()
    assert (result["path_spent"] == 0).all()


def test_masks_whose_steps_run_out_are_told_from_those_that_are_done():
    trial = fs.Trial(logistic((6, 6), scale=2.0), pictures((6, 6), 5))
    short, long = (fs.Mask(sparsity=0.3, path=True, steps=steps, tolerance=1e-2)(trial) for steps in (3, 400))
    assert (short["spent"] == (short["certificate"] > 1e-2)).all()
    assert float(short["spent_share"]) == float(short["spent"].mean()) > 0.5
    assert float(short["path_spent"].mean()) > 0.1
    assert (float(long["spent_share"]), float(long["certified"])) == (0, 1)
    resting = fs.Mask(sparsity=0.3, over="set", target="prediction", steps=100, tolerance=1e-9)(trial)
    assert (resting["certificate"] > 1e-9).all()
    assert (resting["steps"] < 100).all()
    assert resting["spent"].values.tolist() == [0]  # at rest is done


def test_every_option_gives_a_result_that_can_be_saved_and_drawn(tmp_path):
    trial = fs.Trial(logistic((6, 6)), pictures((6, 6), 6))
    for options in (
        {"fidelity": "divergence", "infill": "random-phase"}, {"over": "class", "channels": "separate"},
        {"fidelity": "margin", "power": 2.0}, {"infill": "other-image", "draws": 2}, {"solver": "adam", "steps": 5},
    ):  # fmt: skip
        result = fs.Mask(**{"steps": 20} | options)(trial)
        result.save(tmp_path / "mask.nc", overwrite=True)
        assert fs.load(tmp_path / "mask.nc")["mask"].equals(result["mask"])
        assert ((result["mask"] >= 0) & (result["mask"] <= 1)).all()
        fs.draw(result["mean_mask"])


def test_models_are_compared_image_by_image():
    samples = pictures((6, 6), 8)
    one, other = (fs.Mask(sparsity=0.3)(fs.Trial(logistic((6, 6), scale=scale), samples)) for scale in (2.0, 4.0))
    difference = one - other
    assert float(difference["mean_size"]) == pytest.approx(float((one["size"] - other["size"]).mean()), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sparsity": 0.0}, "sparsity is finite and above 0"), ({"over": "images"}, "over is one of image, class, set"),
        ({"fidelity": "mse"}, "fidelity is one of"), ({"power": 0.5}, "power is finite and at least 1"),
        ({"path": True, "solver": "adam"}, "leave solver out"), ({"losses": (0.0,)}, "losses are finite"),
        ({"draws": 0}, "draws is a whole"), ({"infill": "noise"}, "infill is one of"),
        ({"losses": ()}, "losses are finite numbers above 0, one or more"), ({"steps": 0}, "steps is a whole"),
        ({"draws": 2}, "the same at every draw"), ({"steps": 2.5}, "steps is a whole"),
    ],
)  # fmt: skip
def test_options_that_fit_nothing_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        fs.Mask(**options)


@pytest.mark.parametrize("over", ["image", "set"])
def test_the_prediction_as_a_target_is_that_of_each_image(over, monkeypatch):
    monkeypatch.setattr("fourierscope.analyses.mask._PIXELS", 1)
    samples, answers = pictures((6, 7), 24), logistic((6, 7))
    trial = fs.Trial(answers, samples)
    question = fs.Mask(over=over, sparsity=0.3, target="prediction", steps=8.0)
    cells = list(question.cells(trial))
    found = [question.measure(cell, trial) for cell in cells]
    predicted = answers(samples.batch()).argmax(1)
    by_label = fs.Mask(over=over, sparsity=0.3, target="label", steps=8)
    as_labels = fs.Trial(answers, fs.Samples(samples.images, predicted))
    for cell, one in zip(cells, found, strict=True):
        np.testing.assert_array_equal(one["gains"], by_label.measure(cell, as_labels)["gains"])


def test_a_cell_asks_for_its_own_images_alone():
    seen, answers = [], logistic((6, 7))
    listening = fs.Classifier(lambda images: (seen.append(len(images)), answers(images))[1])
    question, counts = fs.Mask(sparsity=0.3, origin="black", steps=8), []
    for many in (8, 200):
        seen.clear()
        question.measure(Block(0, 8), fs.Trial(listening, pictures((6, 7), many)))
        counts.append(sum(seen))
    assert counts[0] == counts[1] > 0


def test_the_record_tells_the_target_and_steps_that_were_used():
    assert (fs.Mask().target, fs.Mask(over="set").target, fs.Mask().steps) == ("prediction", "label", 400)


def test_a_network_without_a_gradient_and_a_set_without_labels_are_told():
    samples = pictures((6, 6), 4)
    flat = fs.Classifier(
        lambda images: torch.stack([images.detach().mean((1, 2, 3)), images.detach().std((1, 2, 3))], 1)
    )
    with pytest.raises(ValueError, match="carry no gradient"):
        fs.Mask()(fs.Trial(flat, samples))
    with pytest.raises(ValueError, match="label"):
        fs.Mask(over="set")(fs.Trial(logistic((6, 6)), fs.Samples(samples.images)))
