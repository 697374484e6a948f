"""Many numbers an image as a place on a plane, for the eye."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Embedding = Literal["none", "pca", "umap"]

_NEIGHBOURS = 15  # of an image, of which UMAP keeps the distances


class Places(NamedTuple):
    """Places (n, 2), and how they were found, in a sentence."""

    places: Array
    how: str


def embedded(values: Array, embedding: Embedding, seed: int) -> Places:
    """Places of values (n, d) on a plane: by principal components, or by UMAP.

    Raises ImportError, with what to install, where umap-learn is missing. Source: McInnes et al. (2018) for UMAP.
    """
    if embedding == "pca":
        return _by_components(values)
    return _by_neighbours(values, seed)


def _by_components(values: Array) -> Places:
    centred = values - values.mean(0)
    vectors, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(values), 2))
    places[:, : len(lengths)] = (vectors * lengths)[:, :2]
    share = np.square(lengths[:2]).sum() / max(np.square(lengths).sum(), np.finfo(float).tiny)
    return Places(places, f"The first two principal components, {100 * share:.0f} % of the variance.")


def _by_neighbours(values: Array, seed: int) -> Places:
    try:
        from umap import UMAP
    except ImportError:
        raise ImportError(
            'embedding="umap" needs umap-learn: pip install \'fourierscope[embed]\'. Or take embedding="pca".'
        ) from None
    around = min(_NEIGHBOURS, len(values) - 1)
    places = UMAP(n_neighbors=around, random_state=seed, n_jobs=1).fit_transform(values)
    says = f"UMAP with {around} neighbours: near is alike, far says little."
    return Places(np.asarray(places, dtype=np.float64), says)
