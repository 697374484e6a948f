"""Samples: images in [0, 1] with their labels. The only place that decides what an image is."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fourierscope.fourier import Plane
from fourierscope.fourier.kinds import came, check_whole, listed, number_of
from fourierscope.subjects.large_arrays import (
    Travelling,
    converted,
    gathered,
    is_known,
    is_large,
    pieces,
    remember,
    spawning,
)

_ROUNDING = 1e-5  # decoders and resizers overshoot [0, 1] by rounding errors; these are clipped, not refused


class Samples:
    """Images (n, c, h, w) with labels (n,), as they came: uint8, or floating point in [0, 1] (kept as float32).

    `images` and `labels` may be tensors or NumPy arrays; `labels` may be None, and then the questions that need them
    say so. `classes` are names for reports. `places` (n,) tell where each image stood in the set that these were drawn
    from, and a subset keeps them; they are 0 to n - 1 unless given. Nothing given is ever changed.

    A memory map stays one and is looked at in parts; worker processes map the same file. What is converted or drawn
    from images goes to a temporary file where it is large.

    Raises ValueError or TypeError, with what came and what fits, for: another number of axes, an empty set, channels
    in the last axis, another dtype, NaN or infinite values, values outside [0, 1], labels or places that do not fit.
    """

    images: Tensor
    labels: Tensor | None
    name: str
    classes: tuple[str, ...] | None
    places: Tensor

    def __init__(
        self,
        images: Tensor | np.ndarray[Any, Any],
        labels: Tensor | np.ndarray[Any, Any] | Sequence[int] | None = None,
        name: str = "samples",
        classes: Sequence[str] | None = None,
        places: Tensor | None = None,
    ) -> None:
        remember(images)
        self.images = _stored(_as_tensor(images))
        self.name = str(name)
        named = None if classes is None else listed(classes, "classes are names, one for each class")
        self.classes = None if named is None else tuple(str(one) for one in named)
        self.labels = None if labels is None else _checked_labels(_as_tensor(labels), len(self.images), self.classes)
        self.places = torch.arange(len(self.images)) if places is None else places
        if not isinstance(self.places, Tensor):
            raise TypeError(f"places are a tensor; {came(places)} came.")
        if self.places.shape != (len(self.images),) or self.places.dtype != torch.int64:
            found = f"{tuple(self.places.shape)} of {self.places.dtype}"
            raise ValueError(f"places are one int64 for each of {len(self.images)} images; {found} came.")

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        count, channels, height, width = self.images.shape
        said = "no labels" if self.labels is None else "labels"
        size, many = f"{channels} x {height} x {width}", number_of(count, "image")
        return f"Samples({self.name!r}: {many} of {size}, {self.images.dtype}, {said})"

    def __getstate__(self) -> dict[str, Any]:
        """Everything; but large images go to a process that is being started as a place in a file, for all to share."""
        state = {name: value for name, value in vars(self).items() if name != "_filed"}
        if not (spawning() and is_large(self.images.nbytes)):
            return state
        return state | {"images": Travelling(self.images if is_known(self.images) else self._filed)}

    @cached_property
    def _filed(self) -> Tensor:
        """The images once more, in a file."""
        return gathered(pieces(self.images), tuple(self.images.shape), self.images.dtype)

    @property
    def channels(self) -> int:
        return int(self.images.shape[1])

    @property
    def plane(self) -> Plane:
        return Plane(int(self.images.shape[2]), int(self.images.shape[3]))

    def batch(self, start: int = 0, stop: int | None = None, device: torch.device | None = None) -> Tensor:
        """Images start..stop as a new float32 tensor (b, c, h, w) in [0, 1], on the processor unless told otherwise."""
        if device is None or device.type != "cuda":
            return _scaled(self.images[start:stop]).to(device)
        stored = self.images[start:stop].contiguous().pin_memory()  # a byte a value, sent while the device works
        images = stored.to(device, non_blocking=True)
        return images.float().div_(torch.tensor(255.0, device=device)) if images.dtype == torch.uint8 else images

    def needed_labels(self) -> Tensor:
        """The labels (n,), int64. Raises ValueError where there are none."""
        if self.labels is None:
            raise ValueError(
                f"{self!r} has no labels, and they are needed: give them as `labels` in the .npz, as a folder for each "
                'class, or by Samples(images, labels). Label-free questions, such as HeatMap(score="flips"), need none.'
            )
        return self.labels

    def subset(self, indices: Sequence[int] | Tensor) -> Samples:
        """The samples at `indices`, in that order, under the same name."""
        try:
            given = torch.as_tensor(indices)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            raise TypeError(f"A subset takes indices, such as [0, 3]; {came(indices)} came.") from None
        if given.is_complex() or given.dtype == torch.bool or (given.is_floating_point() and given.numel()):
            raise TypeError(f"A subset takes indices; {given.dtype} came. For a mask write mask.nonzero().flatten().")
        chosen = given.long()
        if chosen.ndim != 1 or not chosen.numel():
            raise ValueError(f"A subset takes one index or more in a row; shape {tuple(given.shape)} came.")
        if int(chosen.min()) < -len(self) or int(chosen.max()) >= len(self):
            low, high = int(chosen.min()), int(chosen.max())
            raise IndexError(f"Indices of {len(self)} samples run from 0 to {len(self) - 1}; {low} to {high} came.")
        labels = None if self.labels is None else self.labels[chosen]
        return Samples(_at(self.images, chosen), labels, self.name, self.classes, self.places[chosen])

    def changed(self, images: Tensor, name: str) -> Samples:
        """The same samples with other images (n, c, h, w), under another name: labels, classes and places stay."""
        return Samples(images, self.labels, name, self.classes, self.places)

    def limited(self, limit: int, seed: int = 0) -> Samples:
        """At most `limit` samples, drawn by `seed`, in their old order; each class keeps its share."""
        check_whole(1, limit=limit)
        check_whole(0, seed=seed)
        if limit >= len(self):
            return self
        return self.subset(drawn(len(self), self.labels, limit, seed))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the images and labels, their shapes and kinds: the same samples, the same digest."""
        digest = hashlib.sha256(f"{tuple(self.images.shape)} {self.images.dtype}".encode())
        for piece in pieces(self.images):
            digest.update(piece.contiguous().numpy().data)
        if self.labels is not None:
            digest.update(self.labels.contiguous().numpy().data)
        return digest.hexdigest()

    def trace(self) -> dict[str, Any]:
        """What to record: name, digest, count and shape."""
        count, channels, height, width = (int(one) for one in self.images.shape)
        return {
            "name": self.name,
            "digest": self.digest,
            "count": count,
            "channels": channels,
            "height": height,
            "width": width,
            "labelled": self.labels is not None,
        }


def drawn(count: int, labels: Tensor | None, limit: int, seed: int) -> Tensor:
    """The indices of `limit` of `count` samples, drawn by `seed`, sorted; each class of `labels` keeps its share."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(count))
    if labels is not None:
        order = order[torch.argsort(_turn_in_class(labels[order]), stable=True)]
    return order[:limit].sort().values


def _as_tensor(values: Tensor | np.ndarray[Any, Any] | Sequence[int]) -> Tensor:
    if isinstance(values, Tensor):
        if values.layout != torch.strided or values.is_quantized:
            raise TypeError("Images and labels are dense tensors of plain numbers; a sparse or quantised one came.")
        return values.detach().cpu().as_subclass(Tensor)
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:  # such as rows of different lengths
        raise TypeError(f"Images and labels are arrays of numbers; {came(values)} came: {error}.") from None
    if array.dtype.kind not in "buif":
        raise TypeError(f"Images and labels are arrays of numbers; an array of {array.dtype} came.")
    native = np.dtype(array.dtype.newbyteorder("=").str) if array.dtype.itemsize <= 8 else np.dtype(np.float64)
    if array.dtype != native or any(stride < 0 for stride in array.strides):  # torch knows no steps backwards
        array = converted(array, native)
    array = array.view(native)  # NumPy has two kinds of 64 bits, of which torch knows one
    with warnings.catch_warnings():  # a read-only memory map is fine: images are never written to
        warnings.filterwarnings("ignore", message=".*not writable")
        return torch.from_numpy(array)


def _stored(images: Tensor) -> Tensor:
    """The images as they are kept, after every check at this door."""
    if images.ndim != 4:
        raise ValueError(f"Images have four axes (n, c, h, w); an array of shape {tuple(images.shape)} came.")
    if images.numel() == 0:
        raise ValueError(f"There must be at least one image of at least one pixel; shape {tuple(images.shape)} came.")
    _check_layout(images)
    if images.dtype == torch.uint8:
        return images
    if not images.is_floating_point():
        raise TypeError(
            f"Images are uint8 (0..255) or floating point (0..1); {images.dtype} came. Whole numbers in 0..255: write "
            "images.astype('uint8') for NumPy, images.byte() for tensors."
        )
    within, start = [], 0
    for piece in pieces(images):
        some = piece if piece.element_size() >= 4 else piece.float()
        _check_finite(some, start, len(images))
        within.append(_check_range(some))
        start += len(piece)
    if images.dtype == torch.float32 and all(within):
        return images
    kept = (piece.float().clamp(0, 1) for piece in pieces(images))
    return gathered(kept, tuple(images.shape), torch.float32)


def _check_layout(images: Tensor) -> None:
    channels, last = images.shape[1], images.shape[3]
    if last in (1, 3, 4) and channels > 4:
        raise ValueError(
            f"Images are (n, c, h, w); shape {tuple(images.shape)} looks like (n, h, w, c). "
            "Write images.transpose(0, 3, 1, 2) for NumPy, images.permute(0, 3, 1, 2) for tensors."
        )


def _check_finite(piece: Tensor, start: int, count: int) -> None:
    """Raises ValueError where images from `start` on, of so many, hold NaN or infinity."""
    lost = ~torch.isfinite(piece)
    if bool(lost.any()):
        place = start + int(lost.flatten(1).any(1).nonzero()[0])
        first = "" if count == 1 else f", the first in image {place} (from 0)"
        told = number_of(int(lost.sum()), "value that is", "values that are")
        raise ValueError(f"Images hold {told} NaN or infinite{first}: mend such images, or leave them out.")


def _check_range(piece: Tensor) -> bool:
    """Whether all lies within [0, 1], to the last bit. Raises ValueError for more than rounding errors beyond it."""
    low, high = float(piece.min()), float(piece.max())
    if low >= -_ROUNDING and high <= 1 + _ROUNDING:
        return low >= 0 and high <= 1
    found = f"Images in floating point lie in [0, 1]; values from {low:.4g} to {high:.4g} came. "
    if low >= 0 and high <= 255.5:
        raise ValueError(found + "They look like 0..255: pass them as uint8, or divide by 255.")
    if low < 0 and high < 20:
        raise ValueError(
            found + "They look normalised already: undo that, and give mean and std to Classifier(network, mean=..., "
            "std=...), which normalises by itself."
        )
    raise ValueError(found + "Scale them to [0, 1].")


def _checked_labels(labels: Tensor, count: int, classes: tuple[str, ...] | None) -> Tensor:
    if labels.ndim != 1 or len(labels) != count:
        raise ValueError(f"There must be one label for each of {count} images; shape {tuple(labels.shape)} came.")
    if labels.is_floating_point() or labels.dtype == torch.bool:
        raise TypeError(f"Labels are whole numbers (the index of the class); {labels.dtype} came.")
    low, high = int(labels.numpy().min()), int(labels.numpy().max())  # torch has no such functions of uint64
    if low < 0 or high > torch.iinfo(torch.int64).max or (classes is not None and high >= len(classes)):
        fits = "from 0 on" if classes is None else f"from 0 to {len(classes) - 1}, for {len(classes)} class names"
        raise ValueError(f"Labels run {fits}; {low} to {high} came.")
    return labels.long()


def _turn_in_class(labels: Tensor) -> Tensor:
    """For each label, its rank as a share of its class: sorting by it deals the classes out evenly."""
    turn = torch.zeros(len(labels), dtype=torch.float64)
    for one in labels.unique():
        members = labels == one
        count = int(members.sum())
        turn[members] = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return turn


def _at(images: Tensor, chosen: Tensor) -> Tensor:
    """The images at some places."""
    parts = (images[places] for places in chosen.split(256))
    return gathered(parts, (len(chosen), *images.shape[1:]), images.dtype)


def _scaled(images: Tensor) -> Tensor:
    """A new float32 tensor, always contiguous: the same samples give the same bits however they lie in memory."""
    if images.dtype == torch.uint8:
        return images.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
    return images.clone(memory_format=torch.contiguous_format)
