"""A linear classifier of images by features, asked about images it has not seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_STEPS = 2000  # of the fit, at most
_RANK = 1e-10  # of the largest direction, below which there is none


class Answers(NamedTuple):
    """What a linear classifier of each fold says of the images it has not seen, and of those it has."""

    right: Array
    """Whether each image (n,) is classified rightly by the classifier that has not seen it."""
    learned: Array
    """The share (n,) of the classifiers that have seen an image which classify it rightly."""
    responses: Array
    """Responses (n, classes) of the classifier that has not seen the image."""


def coordinates(features: Array) -> Array:
    """Coordinates (n, r) of features (n, d) with the same distances, at most n of them, around their mean.

    Features that are the same for all images tell nothing: one coordinate, 0.

    The mean square distance from the mean becomes 1, so that a penalty means the same for all kinds of features. A
    rotation and one scale: a linear classifier with a quadratic penalty is the same in either.
    """
    whole = features.astype(np.float64)
    centred = whole - whole.mean(0)
    square, count = np.square(centred).sum(), len(features)
    if square <= _RANK**2 * np.square(whole).sum():  # all alike, but for rounding
        return np.zeros((count, 1))
    if centred.shape[1] > count:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        kept = values > _RANK * values[-1]
        centred = vectors[:, kept] * np.sqrt(values[kept])
    return np.asarray(centred * np.sqrt(count / square))


def folds(labels: Array, count: int, generator: np.random.Generator) -> Array:
    """A fold (n,) from 0 to count - 1 for each image: every class dealt out evenly, in an order by chance."""
    order = generator.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]  # class by class
    found = np.empty(len(labels), dtype=np.int64)
    found[order] = (np.arange(len(labels)) + generator.integers(count)) % count
    return found


def cross_validated(features: Array, labels: Array, fold: Array, penalty: float) -> Answers:
    """Answers of logistic regressions fitted to all folds but one, each asked about that one, for every fold.

    A fit minimises mean cross-entropy + penalty / 2 * |weights|^2, with a free constant a class.
    """
    from sklearn.linear_model import LogisticRegression

    classes, n = np.unique(labels), len(labels)
    right, learned, seen = np.zeros(n, dtype=bool), np.zeros(n), np.zeros(n)
    responses = np.full((n, len(classes)), 0.0)
    for one in np.unique(fold):
        held = fold == one
        fitted = LogisticRegression(C=1 / (penalty * (~held).sum()), max_iter=_STEPS)
        fitted.fit(features[~held], labels[~held])
        answers = fitted.predict(features) == labels
        right[held] = answers[held]
        learned[~held] += answers[~held]
        seen[~held] += 1
        heard = fitted.decision_function(features[held])
        columns = np.searchsorted(classes, fitted.classes_)
        responses[np.ix_(held, columns)] = heard if heard.ndim == 2 else np.stack([-heard, heard], 1) / 2
    return Answers(right, learned / seen, responses)
