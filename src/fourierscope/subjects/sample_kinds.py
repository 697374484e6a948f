"""Samples by a word: the catalogue of kinds, and the one door to them."""

from __future__ import annotations

import difflib

from fourierscope.fourier.kinds import a_path
from fourierscope.subjects.published_corruptions import cifar10_c_samples, imagenet_c_samples
from fourierscope.subjects.sample_files import folder_samples, npz_samples
from fourierscope.subjects.sample_sets import TORCHVISION_SETS, hub_samples, torchvision_samples
from fourierscope.subjects.samples import Samples
from fourierscope.subjects.selection import Selection
from fourierscope.subjects.specification import remembering

SAMPLE_KINDS = {
    "patches": "patches:train, patches:test or patches (test): small patches of real photographs, within the package",
    "digits": "digits: handwritten digits, within the package",
    "npz": "npz:PATH: an .npz with `images` (n, h, w, c) or (n, c, h, w) and maybe `labels`",
    "folder": "folder:PATH: pictures in class folders",
    **{
        name: f"{name}:train or {name}:test, with @ROOT for the folder that holds it: from torchvision"
        for name in TORCHVISION_SETS
    },
    "cifar10-c": "cifar10-c:FOLDER:NAME:SEVERITY: a corruption of CIFAR-10-C, from its published files",
    "imagenet-c": "imagenet-c:FOLDER:NAME:SEVERITY: a corruption of ImageNet-C, from its published folders",
    "hf": "hf:NAME or hf:NAME:SPLIT: from the Hugging Face hub (extra hf)",
}

_LOADERS = {
    "npz": npz_samples,
    "folder": folder_samples,
    "cifar10-c": cifar10_c_samples,
    "imagenet-c": imagenet_c_samples,
    "hf": hub_samples,
}


@remembering
def open_samples(spec: str, limit: int | None = None, seed: int = 0, size: int | None = None) -> Samples:
    """Samples by a word, such as "patches", "npz:val.npz", "folder:val" or "cifar10:test"; SAMPLE_KINDS lists them.

    `limit` keeps at most so many, drawn by `seed` with each class keeping its share (`Samples.limited`). `size` resizes
    the shorter side to so many pixels, bilinear with antialiasing, and takes the centre size x size.

    Raises ValueError for an unknown word, with all kinds, and what each kind raises for files that do not fit.
    """
    if not isinstance(spec, str):
        raise TypeError(f'Samples are opened by a word such as "folder:PATH" or "npz:PATH"; {spec!r} came.')
    kind, _, rest = spec.partition(":")
    selection = Selection(limit, seed, size)
    if kind in _LOADERS and not rest:
        raise ValueError(f"{spec!r} says no place. Write {SAMPLE_KINDS[kind]}.")
    if kind in ("patches", "digits"):
        return selection.of(_embedded(kind, rest))
    if kind in TORCHVISION_SETS:
        return torchvision_samples(kind, rest, selection)
    if kind not in _LOADERS:
        listed = "\n  ".join(SAMPLE_KINDS.values())
        raise ValueError(f"There are no samples {spec!r}.{_meant(spec, kind, rest)} Samples are:\n  {listed}")
    return _LOADERS[kind](rest, selection)


def _meant(spec: str, kind: str, rest: str) -> str:
    """The word that was probably meant, as a question; nothing where there is none."""
    try:
        place = a_path(spec)
        if place.suffix.lower() == ".npz" and place.is_file():
            return f" Did you mean npz:{spec}?"
        if place.is_dir():
            return f" Did you mean folder:{spec}?"
    except (OSError, ValueError):  # no name of a file, for its length or its characters
        return ""
    near = difflib.get_close_matches(kind, SAMPLE_KINDS, 1)
    return f" Did you mean {near[0]}{':' if rest else ''}{rest}?" if near else ""


def _embedded(kind: str, rest: str) -> Samples:
    from fourierscope.subjects import embedded

    if kind == "patches" and rest in ("", "train", "test"):
        return embedded.patches(rest or "test")
    if kind == "digits" and not rest:
        return embedded.digits()
    raise ValueError(f"{kind}:{rest} is not known. Write {SAMPLE_KINDS[kind]}.")
