"""Samples from the user's own data set: whatever gives images, or pairs of an image and a label, by their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from fourierscope.subjects.large_arrays import room
from fourierscope.subjects.sample_files import eight_bits
from fourierscope.subjects.samples import Samples
from fourierscope.subjects.selection import Selection


def samples_from(
    dataset: Any,
    limit: int | None = None,
    seed: int = 0,
    name: str = "dataset",
    classes: Sequence[str] | None = None,
) -> Samples:
    """Samples of a data set with a length and items by number: one of PyTorch, torchvision, or a plain list.

    Every item is an image, or a pair of an image and its label; the image a tensor or array (c, h, w), uint8 or
    floating point in [0, 1], or a picture of Pillow. Each item is read once, one after the other, and kept as it came
    (floating point as float32): in memory, or in a temporary file where they are large together. Transforms of the data
    set are its own; `Normalize` does not belong among them. `limit` takes so many, drawn by `seed`; where the data set
    tells its labels beforehand (`targets`), each class keeps its share. `classes` are names; its own are taken else.

    Raises TypeError for what has no length or no items; ValueError that names the first item that cannot be read or
    does not fit: no image in [0, 1], another shape or kind than the first one, no label where the first has one; and
    OSError where a temporary file is needed and there is no room for it.
    """
    _check_dataset(dataset)
    count = len(dataset)
    if count == 0:
        raise ValueError("The data set holds no items.")
    chosen = Selection(limit, seed).indices(count, _labels_told(dataset, count))
    images: npt.NDArray[Any] | None = None
    labels: list[int | None] = []
    for position, number in enumerate(chosen.tolist()):
        try:
            image, label = _item(dataset[number])
            if images is not None:
                _check_like(image, label, images, labels)
        except Exception as error:
            raise ValueError(f"Item {number} of the data set: {_said(error)}") from error
        if images is None:
            images = room((len(chosen), *image.shape), image.dtype)
        images[position] = image
        labels.append(label)
    given = getattr(dataset, "classes", None) if classes is None else classes
    known = None if labels[0] is None else torch.tensor(labels)
    named = [str(one) for one in given] if isinstance(given, Sequence) and not isinstance(given, str) else classes
    assert images is not None
    return Samples(images, known, name, named, chosen)


def _check_dataset(dataset: Any) -> None:
    if hasattr(dataset, "dataset") and hasattr(dataset, "batch_size"):
        raise TypeError("A loader of batches came; data sets are read item by item. Write samples_from(loader.dataset)")
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise TypeError(
            f"A data set has a length and gives items by number; {type(dataset).__name__} came. Of what can only be "
            "gone through take some: samples_from(list(itertools.islice(dataset, 1000)))."
        )


def _labels_told(dataset: Any, count: int) -> Tensor | None:
    """The labels that a data set tells without reading its items, as those of torchvision do."""
    try:
        labels = torch.as_tensor(dataset.targets)
    except (AttributeError, TypeError, ValueError, RuntimeError):  # none, or boxes, words, functions: no classes
        return None
    return labels if labels.shape == (count,) and not labels.is_floating_point() else None


def _item(item: Any) -> tuple[npt.NDArray[Any], int | None]:
    """An item's image (c, h, w), uint8 or float32, and its label. Raises ValueError or TypeError for other items."""
    if not isinstance(item, tuple | list):
        return _image(item), None
    if len(item) != 2:
        raise ValueError(f"an item is an image, or a pair of an image and a label; {len(item)} things came")
    image, label = item
    if label is None:
        return _image(image), None
    number = np.asarray(label)
    if number.size != 1 or number.dtype.kind not in "iu" or int(number.reshape(())) >= 2**63:
        raise ValueError(f"a label is one whole number (the index of the class); {label!r} came")
    return _image(image), int(number.reshape(()))


def _image(given: Any) -> npt.NDArray[Any]:
    if isinstance(given, Image.Image):
        picture = eight_bits(given)
        pixels = np.asarray(picture if picture.mode in ("L", "RGB") else picture.convert("RGB"))
        return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    if not isinstance(given, Tensor | np.ndarray):
        raise TypeError(f"an image is a tensor, an array or a picture of Pillow; {type(given).__name__} came")
    if given.ndim != 3:
        raise ValueError(f"an image has three axes (c, h, w); shape {tuple(given.shape)} came")
    kept: npt.NDArray[Any] = Samples(given[None]).images[0].numpy()  # the one door that decides what an image is
    return kept


def _check_like(image: npt.NDArray[Any], label: int | None, images: npt.NDArray[Any], labels: list[int | None]) -> None:
    """Raises ValueError where an item is of another kind than the first."""
    if image.shape != images.shape[1:]:
        raise ValueError(f"its image is {image.shape}, and the first one's {images.shape[1:]}: all are of one shape")
    if image.dtype != images.dtype:
        raise ValueError(f"its image is {image.dtype}, and the first one's {images.dtype}")
    if labels and (label is None) != (labels[0] is None):
        raise ValueError(f"it has {'no' if label is None else 'a'} label, unlike the first one")


def _said(error: Exception) -> str:
    text = str(error) or "it cannot be read"
    return text if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: {text}"
