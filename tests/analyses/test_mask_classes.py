"""What masks tell of classes: known answers, an honest shuffle, coordinates that change nothing, doors."""

import sys

import numpy as np
import pytest
import torch
from masked_made import PLANES, drawn, gains, logistic, pictures
from sklearn.linear_model import LogisticRegression

import fourierscope as fs
from fourierscope.analyses.mask_classes import IMAGE, MASK, SHUFFLED, SPECTRUM, _features
from fourierscope.analyses.masks.embedding import embedded
from fourierscope.analyses.masks.linear import coordinates, cross_validated, folds
from fourierscope.fourier import Plane
from fourierscope.fourier.pairs import Pairs


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def told_by_class(size=(8, 7), n=30, classes=3):
    """Masks that are near one of their class, upon images that know nothing of it."""
    of_class, noise = gains(size, classes, seed=5), gains(size, n, seed=6)
    labels = torch.arange(n) % classes
    given = 0.8 * of_class[labels] + 0.2 * noise
    return fs.Masked(fs.Trial(logistic(size), pictures(size, n, classes=classes)), given)


def by_word(result, name):
    return dict(zip(result[name][result[name].dims[0]].values, result[name].values, strict=True))


# --- the linear classifier


def test_coordinates_keep_distances_up_to_one_scale():
    features = numbers(9, 30)
    found = coordinates(features)
    assert found.shape == (9, 8)
    far, near = (np.linalg.norm(one[:, None] - one[None], axis=-1) for one in (features, found))
    ratios = near[far > 0] / far[far > 0]
    np.testing.assert_allclose(ratios, ratios[0])
    assert np.square(found - found.mean(0)).sum(1).mean() == pytest.approx(1)
    np.testing.assert_allclose(coordinates(7 * features + 3) @ coordinates(features + 1).T, found @ found.T, atol=1e-9)


@pytest.mark.parametrize("shape", [(30, 5), (5, 30)])
def test_coordinates_keep_inner_products_whether_images_or_features_are_more(shape):
    features = numbers(*shape)
    found, centred = coordinates(features), features - features.mean(0)
    assert found.shape == (shape[0], min(5, shape[0] - 1))
    scale = np.square(centred).sum(1).mean()
    np.testing.assert_allclose(found @ found.T, centred @ centred.T / scale, atol=1e-9)


def test_features_that_are_all_alike_tell_nothing():
    for features in (np.zeros((6, 4)), np.full((6, 4), 0.1, dtype=np.float32), np.full((6, 99), 1 / 3)):
        np.testing.assert_array_equal(coordinates(features), np.zeros((6, 1)))


def test_answers_about_a_fold_know_nothing_of_it():
    """Coordinates are taken of all images, yet a fold held out gives them a scale alone: where it is mirrored about the
    mean, the same classifier answers, that of the raw features of the others.
    """
    features, labels, fold = numbers(30, 50), np.arange(30) % 3, np.arange(30) // 6
    features[:6] -= features[:6].mean(0) - features[6:].mean(0)  # so that neither mean nor scale move
    other = features.copy()
    other[:6] = 2 * features.mean(0) - features[:6]
    one, two = (cross_validated(coordinates(each), labels, fold, 0.01) for each in (features, other))
    raw = LogisticRegression(C=1 / (0.01 * 24), max_iter=2000, tol=1e-9)
    scale = np.sqrt(np.square(features - features.mean(0)).sum(1).mean())
    raw.fit((features[6:] - features.mean(0)) / scale, labels[6:])
    for found, given in ((one, features), (two, other)):
        slow = raw.decision_function((given[:6] - features.mean(0)) / scale)
        np.testing.assert_allclose(found.responses[:6], slow, atol=1e-2)  # as near as the fit stops


def test_a_classifier_in_coordinates_is_that_of_the_features():
    features, labels = numbers(40, 100), np.arange(40) % 3
    found = coordinates(features)
    scale = np.sqrt(np.square(features - features.mean(0)).sum(1).mean())
    answers = [
        LogisticRegression(C=2.0, max_iter=5000, tol=1e-9).fit(one[:30], labels[:30]).decision_function(one[30:])
        for one in (found, (features - features.mean(0)) / scale)
    ]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-3)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_class_is_dealt_out_evenly(count):
    labels = np.array([0] * 11 + [1] * 7 + [2] * 3)
    fold = folds(labels, count, np.random.default_rng(1))
    for one in range(3):
        often = np.bincount(fold[labels == one], minlength=count)
        assert often.max() - often.min() <= 1
    assert np.ptp(np.bincount(fold)) <= 1
    assert not np.array_equal(fold, folds(labels, count, np.random.default_rng(2)))


@pytest.mark.parametrize("classes", [2, 3])
def test_nobody_is_asked_who_has_been_seen(classes):
    features, labels = numbers(24, 6), np.arange(24) % classes
    features[:, 0] += labels
    fold = folds(labels, 4, np.random.default_rng(0))
    found = cross_validated(features, labels, fold, 0.01)
    learned = np.zeros(24)
    for one in range(4):
        held = fold == one
        fitted = LogisticRegression(C=1 / (0.01 * 18), max_iter=2000).fit(features[~held], labels[~held])
        np.testing.assert_array_equal(found.right[held], fitted.predict(features[held]) == labels[held])
        np.testing.assert_array_equal(found.responses[held].argmax(1), fitted.predict(features[held]))
        learned[~held] += fitted.predict(features[~held]) == labels[~held]
    np.testing.assert_allclose(found.learned, learned / 3)


# --- the question


@pytest.mark.parametrize("size", PLANES)
def test_features_are_those_of_the_whole_plane(size):
    """Distances of features are those of whole planes, in which a frequency and its partner both stand."""
    held = fs.Masked(fs.Trial(logistic(size), pictures(size)), gains(size, channels=2))
    images = held.trial.samples.batch().double().numpy()
    amplitude = np.sqrt((np.abs(np.fft.fft2(images, norm="ortho")) ** 2).mean(1))
    whole = {
        MASK: held.gains.numpy(),
        SHUFFLED: held.gains.numpy(),
        SPECTRUM: np.log(amplitude + 1 / 255),
        IMAGE: images,
    }
    for kind, slow in whole.items():
        flat = slow.reshape(12, -1).astype(np.float64)
        found = _features(kind, held).astype(np.float64)
        np.testing.assert_allclose(found @ found.T, flat @ flat.T, rtol=1e-4)


def test_the_most_common_class_is_what_one_tells_without_looking():
    samples = fs.Samples(pictures((6, 7)).images, [4] * 7 + [1] * 5)
    held = fs.Masked(fs.Trial(logistic((6, 7)), samples), gains((6, 7)))
    result = fs.MaskClasses(repeats=1)(held)
    assert float(result["most_common"]) == pytest.approx(7 / 12)
    assert list(result["class_mask"]["class"].values) == ["class 1", "class 4"]
    np.testing.assert_allclose(result["class_mask"][1], held.gains[:7].mean((0, 1)), atol=1e-6)


def test_masks_of_a_class_tell_it_and_images_do_not():
    result = fs.MaskClasses(repeats=2)(told_by_class())
    accuracy = by_word(result, "accuracy")
    assert accuracy[MASK] == 1
    assert accuracy[SPECTRUM] < 0.7
    assert accuracy[IMAGE] < 0.7
    advantage = by_word(result, "advantage")
    for control in (SHUFFLED, SPECTRUM, IMAGE):
        assert advantage[control] == pytest.approx(accuracy[MASK] - accuracy[control])
    assert float(result["advantage_low"].sel(control=SPECTRUM)) > 0
    assert float(result["most_common"]) == pytest.approx(1 / 3)


def test_bounds_are_as_wide_as_those_of_one_division_into_folds():
    from fourierscope.results import paired_rates, wilson

    held, question = told_by_class(n=18), fs.MaskClasses(repeats=3, folds=3)
    result = question(held)
    right = {word: [] for word in result["features"].values}
    for cell in question.cells(held):
        right[cell.features].append(question.measure(cell, held)["right"])
    for word, several in right.items():
        expected = [np.mean(one) for one in zip(*(wilson(one.mean(), 18) for one in several), strict=True)]
        for side, bound in zip(("", "_low", "_high"), expected, strict=True):
            assert float(result[f"accuracy{side}"].sel(features=word)) == pytest.approx(bound, abs=1e-6)
        if word != MASK:
            pairs = (paired_rates(one, other)[:3] for one, other in zip(right[MASK], several, strict=True))
            for side, bound in zip(("", "_low", "_high"), np.mean(list(pairs), axis=0), strict=True):
                assert float(result[f"advantage{side}"].sel(control=word)) == pytest.approx(bound, abs=1e-6)
    few, many = (fs.MaskClasses(repeats=one, folds=3)(held)["accuracy"] for one in (1, 6))
    widths = [float((one["accuracy_high"] - one["accuracy_low"]).sel(features=SPECTRUM)) for one in (few, many)]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_shuffled_labels_are_learned_by_heart_and_not_known():
    result = fs.MaskClasses(repeats=4, penalty=1e-5)(told_by_class((12, 11), 60))
    shuffled = {"features": SHUFFLED}
    assert float(result["train_accuracy"].sel(shuffled)) >= 0.97
    accuracy = result["accuracy"].sel(shuffled)
    assert float(accuracy["accuracy_low"]) <= 1 / 3 <= float(accuracy["accuracy_high"]) + 0.05
    assert float(accuracy) < 0.5


def test_masks_that_know_nothing_tell_nothing():
    trial = fs.Trial(logistic((8, 7)), pictures((8, 7), 60))
    result = fs.MaskClasses(repeats=2)(fs.Masked(trial, gains((8, 7), 60)))
    assert by_word(result, "accuracy")[MASK] < 0.5
    assert (
        float(result["advantage_low"].sel(control=SHUFFLED)) < 0 < float(result["advantage_high"].sel(control=SHUFFLED))
    )


def test_amplitude_spectra_tell_classes_of_their_own():
    size, labels = (8, 8), torch.arange(24) % 2
    noise = 0.1 * drawn(24, 1, *size)
    rough = torch.where(labels.view(-1, 1, 1, 1) == 1, noise, (noise + noise.roll(1, 3)) / 2)
    samples = fs.Samples((0.5 + rough).clamp(0, 1), labels)
    accuracy = by_word(fs.MaskClasses()(fs.Masked(fs.Trial(logistic(size, 1), samples), gains(size, 24))), "accuracy")
    assert accuracy[SPECTRUM] > 0.85
    assert accuracy[MASK] < 0.75


@pytest.mark.parametrize("size", PLANES)
def test_the_mask_of_a_class_is_the_mean_of_its_masks(size):
    trial = fs.Trial(logistic(size), pictures(size))
    held = fs.Masked(trial, gains(size, channels=2))
    result = fs.MaskClasses(repeats=1, embedding="none")(held)
    for one in range(3):
        slow = held.gains[one::3].mean((0, 1)).numpy()
        np.testing.assert_allclose(result["class_mask"].sel({"class": f"class {one}"}), slow, atol=1e-6)
    assert "embedding" not in result
    Pairs(Plane(*size)).gathered(torch.from_numpy(result["class_mask"].values))


def test_places_of_classes_that_masks_tell_lie_apart(tmp_path):
    result = fs.MaskClasses(repeats=1)(told_by_class())
    places, words = result["embedding"].values, result["embedding"]["item"].values
    means = {word: places[words == word].mean(0) for word in set(words)}
    nearest = [min(means, key=lambda word, place=place: np.linalg.norm(place - means[word])) for place in places]
    assert list(words) == nearest
    result.save(tmp_path / "classes.nc")
    for name in ("accuracy", "advantage", "class_mask", "embedding"):
        fs.draw(fs.load(tmp_path / "classes.nc")[name])


def test_principal_components_are_where_values_vary_most():
    flat = numbers(20, 2) @ np.array([[3.0, 0, 0, 4.0], [0, 1.0, 0, 0]])
    found = embedded(flat + 5, "pca", 0)
    far, near = (np.linalg.norm(one[:, None] - one[None], axis=-1) for one in (flat, found.places))
    np.testing.assert_allclose(near, far, atol=1e-9)
    assert "100 % of the variance" in found.how
    assert embedded(numbers(5, 1), "pca", 0).places.shape == (5, 2)


def test_umap_is_asked_for_by_name_and_told_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    fs.MaskClasses(repeats=1)(told_by_class())
    with pytest.raises(ImportError, match=r"fourierscope\[embed\]"):
        fs.MaskClasses(repeats=1, embedding="umap")(told_by_class())


def test_umap_gets_the_seed(monkeypatch):
    heard = {}

    class Umap:
        def __init__(self, **options):
            heard.update(options)

        def fit_transform(self, values):
            return values[:, :2]

    monkeypatch.setitem(sys.modules, "umap", type(sys)("umap"))
    sys.modules["umap"].UMAP = Umap
    found = embedded(numbers(6, 4), "umap", 7)
    assert heard["random_state"] == 7
    assert heard["n_neighbors"] == 5
    np.testing.assert_array_equal(found.places, numbers(6, 4)[:, :2])


def test_answers_are_the_same_in_any_run_and_differ_with_the_seed():
    held = told_by_class(n=18)
    first, again, other = (fs.MaskClasses(repeats=1, seed=seed)(held) for seed in (0, 0, 1))
    assert first.dataset.equals(again.dataset)
    assert not first.dataset.equals(other.dataset)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_masks_that_are_all_alike_tell_what_a_guess_does(value):
    samples = fs.Samples(pictures((6, 7)).images, torch.tensor([0] * 8 + [1] * 4))
    result = fs.MaskClasses(repeats=1)(fs.Masked(fs.Trial(logistic((6, 7)), samples), torch.full((12, 1, 6, 7), value)))
    for name in ("accuracy", "train_accuracy"):
        assert float(result[name].sel(features=MASK)) == pytest.approx(2 / 3)
    assert np.isfinite(result["embedding"]).all()


def test_a_shuffle_is_one_permutation_that_stays():
    """What is measured under shuffled labels, again with labels drawn once."""
    held, question = told_by_class(n=18), fs.MaskClasses(repeats=2, folds=3)
    labels, drawn = held.trial.samples.labels.numpy(), []
    flat = (held.pair_gains * held.pairs.bins.sqrt().float()).flatten(1).numpy()
    for cell in question.cells(held):
        if cell.features == SHUFFLED:
            drawn.append(question._generator(f"labels {cell.repeat}").permutation(labels))
            fold = folds(drawn[-1], 3, question._generator(f"folds {cell.repeat}"))
            expected = cross_validated(coordinates(flat), drawn[-1], fold, question.penalty)
            found = question.measure(cell, held)
            np.testing.assert_array_equal(found["right"], expected.right)
            np.testing.assert_array_equal(found["learned"], expected.learned)
    assert [np.bincount(one).tolist() for one in drawn] == [[6, 6, 6]] * 2
    assert len({tuple(one) for one in (*drawn, labels)}) == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"folds": float("inf")}, "folds is a whole number from 2"), ({"repeats": float("nan")}, "repeats is a whole"),
        ({"folds": 1}, "folds is a whole number from 2"), ({"repeats": 0}, "repeats is a whole number from 1"),
        ({"penalty": 0.0}, "penalty is finite"), ({"embedding": "tsne"}, "embedding is none, pca or umap"),
    ],
)  # fmt: skip
def test_options_that_fit_nothing_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        fs.MaskClasses(**options)


def test_masks_that_images_share_and_single_classes_are_refused():
    trial = fs.Trial(logistic((6, 7)), pictures((6, 7), 12))
    with pytest.raises(ValueError, match=r'12 images share 3. Take a result of Mask\(over="image"\)'):
        fs.MaskClasses()(fs.Masked(trial, gains((6, 7), 3), torch.arange(12) % 3))
    for labels in ([0] * 12, [0] * 11 + [1]):
        alone = fs.Samples(trial.samples.images, labels)
        with pytest.raises(ValueError, match="two classes or more, of two images or more"):
            fs.MaskClasses()(fs.Masked(fs.Trial(trial.classifier, alone), gains((6, 7))))
