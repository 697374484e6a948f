"""Samples of well-known data sets: those of torchvision and of the Hugging Face hub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fourierscope.subjects.sample_files import DecodedImages
from fourierscope.subjects.samples import Samples
from fourierscope.subjects.selection import Selection
from fourierscope.subjects.torchvision_import import torchvision_module

TORCHVISION_SETS = {
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
    "mnist": "MNIST",
    "fashionmnist": "FashionMNIST",
    "svhn": "SVHN",
    "stl10": "STL10",
}


def torchvision_samples(kind: str, rest: str, selection: Selection) -> Samples:
    """A set of torchvision, uint8: `kind` is one of TORCHVISION_SETS, `rest` is SPLIT or SPLIT@ROOT (train or test).

    ROOT is the folder that holds the set; without it, a per-user cache. What is not there is downloaded, and checked
    against torchvision's checksums before it is opened.
    """
    split, _, root = rest.partition("@")
    if split not in ("train", "test"):
        raise ValueError(f"{kind} has the splits train and test: {kind}:train or {kind}:test; {kind}:{rest} came.")
    folder = Path(root).expanduser() if root else cache_folder()
    made = getattr(torchvision_module().datasets, TORCHVISION_SETS[kind])
    which: Any = {"split": split} if kind in ("svhn", "stl10") else {"train": split == "train"}
    try:
        found = made(root=str(folder), download=True, **which)
    except (OSError, RuntimeError) as error:
        where = "ROOT" if root else "its cache"
        raise ValueError(
            f"{kind}:{split} is not whole in {where}, and cannot be downloaded: {error}. Write {kind}:{split}@FOLDER "
            "for a folder that holds torchvision's files of it."
        ) from error
    labels = np.asarray(found.targets if hasattr(found, "targets") else found.labels).astype(np.int64)
    classes = getattr(found, "classes", None)
    return selection.of(Samples(_channels_second(found.data), labels, f"{kind}:{split}", classes))


def hub_samples(rest: str, selection: Selection) -> Samples:
    """A set of the Hugging Face hub, decoded to uint8 RGB: NAME or NAME:SPLIT (test where no split is said).

    Its one column of images is taken, and its one column of class labels where there is one. Needs the extra `hf`.
    """
    try:
        import datasets
    except ImportError as error:
        raise ImportError('hf: needs the library datasets: pip install "fourierscope[hf]".') from error
    name, _, split = rest.partition(":")
    split = split or "test"
    found = datasets.load_dataset(name, split=split)
    image = _only_column(found.features, datasets.Image, name)
    label = _only_column(found.features, datasets.ClassLabel, name)
    if image is None:
        raise ValueError(f"hf:{name} has no column of images; its columns: {', '.join(found.features)}.")
    labels = None if label is None else torch.tensor(found[label][:], dtype=torch.int64)
    chosen = selection.indices(len(found), labels)
    decoded = DecodedImages(len(chosen), selection.size)
    for position, index in enumerate(chosen.tolist()):
        decoded.put(position, found[index][image], f"image {index}")
    classes = None if label is None else found.features[label].names
    called = f"hf:{Path(name).name if Path(name).is_dir() else name}:{split}"  # a record holds no folder
    return Samples(decoded.whole(called), None if labels is None else labels[chosen], called, classes, chosen)


def cache_folder() -> Path:
    """Where downloaded sets are kept: `fourierscope` in the user's cache folder (XDG_CACHE_HOME, or ~/.cache)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fourierscope"


def _channels_second(images: Any) -> Any:
    array = np.asarray(images)
    if array.ndim == 3:
        return array[:, None]
    return array if array.shape[1] == 3 else array.transpose(0, 3, 1, 2)


def _only_column(features: Any, kind: type, name: str) -> str | None:
    columns = [column for column, feature in features.items() if isinstance(feature, kind)]
    if len(columns) > 1:
        raise ValueError(f"hf:{name} has several columns of {kind.__name__}: {', '.join(columns)}. One is understood.")
    return columns[0] if columns else None
