"""The published sets of corrupted images, as their authors' files hold them: CIFAR-10-C and ImageNet-C."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from fourierscope.fourier.kinds import a_path
from fourierscope.subjects.sample_files import folder_samples
from fourierscope.subjects.samples import Samples
from fourierscope.subjects.selection import Selection

_IMAGES = (50_000, 32, 32, 3)  # five severities of the 10,000 test images, one after the other
_EACH = 10_000
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def cifar10_c_samples(rest: str, selection: Selection) -> Samples:
    """One severity of CIFAR-10-C: `rest` is FOLDER:NAME:SEVERITY, for NAME.npy and labels.npy in FOLDER.

    The images stay on the disk. Raises FileNotFoundError and ValueError where the place is not said in this form, a
    file is missing, or one is not what was published: (50000, 32, 32, 3) and (50000,), uint8, nothing to unpickle.

    Source: Hendrycks & Dietterich (2019); the files CIFAR-10-C of its authors.
    """
    folder, name, severity = _place("cifar10-c", rest)
    held = sorted(file.stem for file in folder.glob("*.npy") if file.stem != "labels")
    _among(name, held, f"{folder.name} holds no {name}.npy")
    images = _array(folder / f"{name}.npy", _IMAGES)
    labels = _array(folder / "labels.npy", _IMAGES[:1])
    rows = slice((severity - 1) * _EACH, severity * _EACH)
    called = f"cifar10-c:{name}:{severity}"
    return selection.of(Samples(images[rows].transpose(0, 3, 1, 2), np.array(labels[rows]), called, _CLASSES))


def published_corruption(folder: str, samples: Samples, name: str, severity: int) -> Samples:
    """The published corruption of samples of CIFAR-10's test images, from the files of CIFAR-10-C in a folder.

    Which test image a sample is, its `places` tell, and its label must agree. Raises ValueError where samples are of
    another shape, from further places, or of other labels, and what `cifar10_c_samples` raises.
    """
    whole = cifar10_c_samples(f"{folder}:{name}:{severity}", Selection())
    if samples.images.shape[1:] != whole.images.shape[1:] or int(samples.places.max()) >= len(whole):
        raise ValueError(
            f"CIFAR-10-C holds corruptions of the {len(whole)} test images of CIFAR-10, 3 x 32 x 32, and {samples!r}, "
            f"at places up to {int(samples.places.max())}, are others: open cifar10:test, or an npz of all test images."
        )
    found = whole.subset(samples.places)
    wrong = int((found.needed_labels() != samples.needed_labels()).sum())
    if wrong:
        raise ValueError(
            f"The labels of {wrong} of {len(samples)} images of {samples.name} are not those of CIFAR-10-C: these are "
            "other images than CIFAR-10's test images, or they stand in another order. Open cifar10:test."
        )
    return found


def imagenet_c_samples(rest: str, selection: Selection) -> Samples:
    """One severity of ImageNet-C: `rest` is FOLDER:NAME:SEVERITY, for FOLDER/NAME/SEVERITY with its class folders.

    Raises FileNotFoundError and ValueError where the place is not said in this form or there are no such folders, and
    what `folder_samples` raises.

    Source: Hendrycks & Dietterich (2019); the files ImageNet-C of its authors.
    """
    folder, name, severity = _place("imagenet-c", rest)
    held = sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    _among(name, held, f"{folder.name} holds no folder {name}")
    within = folder / name / str(severity)
    if not within.is_dir():
        raise FileNotFoundError(
            f"There is no folder {name}/{severity} in {folder.name}: severity {severity} is missing."
        )
    found = folder_samples(str(within), selection)
    if found.labels is None:
        raise ValueError(f"{name}/{severity} holds pictures but no class folders: it is not of ImageNet-C.")
    return found.changed(found.images, f"imagenet-c:{name}:{severity}")


def _place(kind: str, rest: str) -> tuple[Path, str, int]:
    """Folder, corruption and severity."""
    parts = rest.rsplit(":", 2)
    if len(parts) < 3 or not parts[0] or parts[2] not in ("1", "2", "3", "4", "5"):
        raise ValueError(
            f"{kind} is opened by a folder, a corruption and a severity from 1 to 5: {kind}:FOLDER:fog:3, for example; "
            f"{kind}:{rest} came."
        )
    folder = a_path(parts[0])
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {parts[0]}.")
    return folder, parts[1], int(parts[2])


def _among(name: str, held: list[str], missing: str) -> None:
    if name not in held:
        near = difflib.get_close_matches(name, held, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise FileNotFoundError(f"{missing}.{meant} It holds: {', '.join(held) or 'nothing of that kind'}.")


def _array(file: Path, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """An array of uint8 in a .npy, left on the disk. Raises where it is none of this shape."""
    if not file.is_file():
        raise FileNotFoundError(f"There is no {file.name} in {file.parent.name}.")
    try:
        found: Any = np.load(file, mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, BadZipFile) as error:
        raise ValueError(f"{file.name} is no readable .npy of numbers: {error}") from error
    if not isinstance(found, np.ndarray):
        found.close()
        raise ValueError(f"{file.name} is an .npz under another name; CIFAR-10-C has .npy files.")
    if found.shape != shape or found.dtype != np.uint8:
        raise ValueError(
            f"{file.name} holds {found.shape} of {found.dtype}; in CIFAR-10-C it is {shape} of uint8. Other arrays are "
            "opened by npz:PATH, or given to fs.Samples."
        )
    return found
