"""Samples from the user's own files: arrays in an .npz, and folders of pictures."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from fourierscope.fourier.kinds import a_path
from fourierscope.subjects.large_arrays import is_large, mapped, room
from fourierscope.subjects.samples import Samples
from fourierscope.subjects.selection import Selection, scaled_shape

_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2")
_DENSEST = 1100  # no deflated member grows by more than this when it is read
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, KeyError, SyntaxError, RuntimeError)
# RuntimeError: a member under a password, or of a compression that is not known


def npz_samples(rest: str, selection: Selection) -> Samples:
    """Samples in an .npz: `images`, (n, h, w, c) or (n, c, h, w) by the axis of length 1 or 3, and maybe `labels` (n,).

    Large images that are stored uncompressed stay on the disk. Raises FileNotFoundError, and ValueError for files that
    are no .npz, arrays of objects, no `images`, and axes that cannot be told.
    """
    file = a_path(rest)
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {rest}.")
    try:
        images, labels = _member(file, "images"), _member(file, "labels")
    except _BROKEN as error:
        raise ValueError(f"{file.name} is no readable .npz file: {error}.{_page(file)}") from error
    if images is None:
        with zipfile.ZipFile(file) as archive:
            held = ", ".join(name.removesuffix(".npy") for name in archive.namelist())
        advice = "Write np.savez(path, images=..., labels=...)."
        raise ValueError(f"{file.name} has no array `images`; it holds {held or 'nothing'}. {advice}")
    return selection.of(Samples(_channels_second(images, file.name), labels, f"npz:{file.name}"))


def folder_samples(rest: str, selection: Selection) -> Samples:
    """Pictures in class folders, decoded once to uint8 RGB: sorted folder names are the classes, files in sorted order.

    With `size` the shorter side is resized to it (bilinear with antialiasing, by Pillow) and the centre taken; without
    it all pictures must agree in size. Pictures that lie in the folder itself, without class folders, have no labels.
    Grey of 16 bits becomes the nearest of 8 bits. Links to folders are followed; names that begin with a dot are not
    looked at. Only the pictures that are wanted are read; large sets go to a temporary file that vanishes with them.

    Raises FileNotFoundError, and ValueError with the first names and the count for files that cannot be read, and for
    links that lead nowhere or round in a circle.
    """
    folder = a_path(rest)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {rest}.")
    files, labels, classes = _listed(folder)
    chosen = selection.indices(len(files), labels)
    decoded = DecodedImages(len(chosen), selection.size)
    for position, index in enumerate(chosen.tolist()):
        decoded.put(position, files[index], str(files[index].relative_to(folder)))
    name = f"folder:{folder.resolve().name}"
    return Samples(decoded.whole(name), None if labels is None else labels[chosen], name, classes, chosen)


class DecodedImages:
    """Pictures put one by one into one array (n, 3, h, w), uint8; on the disk where they are many."""

    def __init__(self, count: int, size: int | None) -> None:
        self._count, self._size = count, size
        self._array: npt.NDArray[np.uint8] | None = None
        self._unreadable: list[str] = []
        self._shapes: dict[tuple[int, int], str] = {}

    def put(self, position: int, picture: Path | Image.Image, called: str) -> None:
        """Decode the picture into its place; one that cannot be read is remembered for `whole` to tell."""
        try:
            pixels = _decoded(picture, self._size)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            self._unreadable.append(f"{called} ({_short(error)})")
            return
        self._shapes.setdefault(pixels.shape[:2], called)
        if self._array is None:
            self._array = room((self._count, 3, *pixels.shape[:2]))
        if self._array.shape[2:] == pixels.shape[:2]:
            self._array[position] = pixels.transpose(2, 0, 1)

    def whole(self, name: str) -> npt.NDArray[np.uint8]:
        """All pictures. Raises ValueError where some could not be read or sizes differ."""
        if self._unreadable:
            first = ", ".join(self._unreadable[:5])
            raise ValueError(
                f"{name}: {len(self._unreadable)} of {self._count} files are no readable pictures; the first: {first}."
            )
        if len(self._shapes) > 1:
            some = ", ".join(
                f"{called} is {height} x {width}" for (height, width), called in list(self._shapes.items())[:3]
            )
            raise ValueError(f"{name}: pictures differ in size ({some}). Give size=..., such as size=224.")
        assert self._array is not None
        return self._array


def _member(file: Path, name: str) -> npt.NDArray[Any] | None:
    """An array of an .npz; on the disk where it is large and stored as it is; None where it is not there."""
    with zipfile.ZipFile(file) as archive:
        if f"{name}.npy" not in archive.namelist():
            return None
        held = archive.getinfo(f"{name}.npy")
        with archive.open(held) as stream:
            shape, fortran, dtype = _header(stream, f"{file.name}: {name}")
            start = stream.tell()
        wanted = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if wanted != held.file_size - start or held.file_size > _DENSEST * max(1, held.compress_size):
            raise ValueError(
                f"{file.name}: {name} says that it holds {shape} of {dtype}, but the file is not of that size."
            )
        if held.compress_type != zipfile.ZIP_STORED or not is_large(wanted):
            with archive.open(held) as stream:
                found: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
                return found
    stored = file.open("rb")  # it stays open as long as the array
    return mapped(stored, dtype, "c", _offset(file, held) + start, shape, "F" if fortran else "C")


def _header(stream: Any, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and dtype of an array within an .npz."""
    try:
        version = np.lib.format.read_magic(stream)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = reader(stream)
    except ValueError as error:
        raise ValueError(f"{name} is no readable array: {error}.") from error
    if dtype.hasobject:
        raise ValueError(
            f"{name} is an array of Python objects, which would have to be unpickled: it is refused. Save numbers."
        )
    return shape, fortran, dtype


def _offset(file: Path, held: zipfile.ZipInfo) -> int:
    """Where a member's own bytes begin: after its local header, which ends in the lengths of its name and extra."""
    with file.open("rb") as stream:
        stream.seek(held.header_offset)
        local = stream.read(30)
    return held.header_offset + 30 + int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")


def _channels_second(images: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if images.ndim != 4:
        raise ValueError(f"{name}: images have four axes, (n, h, w, c) or (n, c, h, w); shape {images.shape} came.")
    second, last = images.shape[1] in (1, 3), images.shape[3] in (1, 3)
    if second == last:
        why = "both the second and the last axis" if second else "neither the second nor the last axis"
        raise ValueError(
            f"{name}: channels are told by the axis of length 1 or 3, but {why} fit in {images.shape}. "
            "Read the file yourself and write fs.Samples(images, labels) with images (n, c, h, w)."
        )
    return images if second else images.transpose(0, 3, 1, 2)


def _page(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(64).lstrip()
    return " It is a web page: the download gave a page instead of the file." if head[:1] == b"<" else ""


def _listed(folder: Path) -> tuple[list[Path], torch.Tensor | None, tuple[str, ...] | None]:
    """The picture files in sorted order, their labels, and the class names."""
    held = _seen(folder)
    classes = [one.name for one in held if one.is_dir()]
    loose = [one for one in held if _is_picture(one)]
    if loose and classes:
        both = f"class folders ({', '.join(classes[:3])}) and loose pictures ({loose[0].name})"
        raise ValueError(f"{folder.name} holds {both}: one or the other is understood.")
    if loose:
        return loose, None, None
    files, labels = [], []
    for label, name in enumerate(classes):
        found = _pictures(folder / name, (folder.resolve(),))
        files += sorted(found, key=lambda one: one.relative_to(folder).as_posix())
        labels += [label] * len(found)
    if not files:
        raise ValueError(
            f"{folder.name} holds no pictures ({', '.join(_SUFFIXES)}), neither in class folders nor by themselves."
        )
    return files, torch.tensor(labels), tuple(classes)


def _pictures(folder: Path, above: tuple[Path, ...]) -> list[Path]:
    """The picture files in a folder and in those below it; `above` are the true paths of the folders it lies in."""
    true = folder.resolve()
    if true in above:
        raise ValueError(f"{folder} is a link to a folder that it lies in: following it has no end. Remove it.")
    held = _seen(folder)
    found = [one for one in held if _is_picture(one)]
    for inner in (one for one in held if one.is_dir()):
        found += _pictures(inner, (*above, true))
    return found


def _seen(folder: Path) -> list[Path]:
    """What a folder holds, sorted, without names that begin with a dot."""
    held = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    lost = [one for one in held if one.is_symlink() and not one.exists()]
    if lost:
        raise ValueError(f"{lost[0]} is a link that leads nowhere ({len(lost)} such there). Mend it or remove it.")
    return held


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in _SUFFIXES and file.is_file()


def _decoded(picture: Path | Image.Image, size: int | None) -> npt.NDArray[np.uint8]:
    """Pixels (h, w, 3), uint8."""
    if isinstance(picture, Path):
        with Image.open(picture) as opened:
            return _decoded(opened, size)
    image = eight_bits(picture).convert("RGB")
    if size is not None:
        height, width = scaled_shape(image.height, image.width, size)
        left, top = (width - size) // 2, (height - size) // 2
        image = image.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + size, top + size))
    return np.asarray(image)


def eight_bits(picture: Image.Image) -> Image.Image:
    """The picture, grey of 16 bits brought to 8; Pillow by itself would clip all that is above 255 to white."""
    if picture.mode in ("I", "F"):
        raise ValueError(
            f"grey of 32 bits (mode {picture.mode}), of unknown range: save 8 or 16 bits, or give arrays to fs.Samples"
        )
    if not picture.mode.startswith("I;16"):
        return picture
    levels = np.asarray(picture).astype(np.uint32)
    return Image.fromarray(((levels + 128) // 257).astype(np.uint8))  # 65535 is 255 * 257


def _short(error: Exception) -> str:
    return "cannot be identified" if isinstance(error, OSError) and "identify" in str(error) else str(error)[:120]
