"""The one door to the common corruptions: samples corrupted by a name and a severity."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from fourierscope.subjects import Samples, check_subject
from fourierscope.treatments import chance
from fourierscope.treatments.corruptions import blur, digital, noise, weather
from fourierscope.treatments.corruptions.frost import FrostTextures, frost
from fourierscope.treatments.corruptions.levels import Images, Streams, cut
from fourierscope.treatments.corruptions.severities import Row, Table, weighted_rows
from fourierscope.treatments.corruptions.spatter import spatter

_BATCH = 1 << 20  # values corrupted at a time
_SMALL = 64  # pixels a side up to which "auto" means the table of CIFAR

Change = Callable[[Images, Row, Streams], Images]


@dataclass(frozen=True)
class Corruption:
    """A common corruption: its family (noise, blur, weather or digital), and whether it is one of the 15 of the test.

    The other four are for validation: whoever tunes a method may look at these only.
    """

    family: Literal["noise", "blur", "weather", "digital"]
    test: bool


CORRUPTIONS: dict[str, Corruption] = {
    "gaussian_noise": Corruption("noise", True),
    "shot_noise": Corruption("noise", True),
    "impulse_noise": Corruption("noise", True),
    "defocus_blur": Corruption("blur", True),
    "glass_blur": Corruption("blur", True),
    "motion_blur": Corruption("blur", True),
    "zoom_blur": Corruption("blur", True),
    "snow": Corruption("weather", True),
    "frost": Corruption("weather", True),
    "fog": Corruption("weather", True),
    "brightness": Corruption("weather", True),
    "contrast": Corruption("digital", True),
    "elastic_transform": Corruption("digital", True),
    "pixelate": Corruption("digital", True),
    "jpeg_compression": Corruption("digital", True),
    "speckle_noise": Corruption("noise", False),
    "gaussian_blur": Corruption("blur", False),
    "spatter": Corruption("weather", False),
    "saturate": Corruption("digital", False),
}
"""The 19 common corruptions in their usual order: the 15 of the test, then the four for validation."""

_CHANGES: dict[str, Change] = {
    "gaussian_noise": noise.gaussian_noise,
    "shot_noise": noise.shot_noise,
    "impulse_noise": noise.impulse_noise,
    "speckle_noise": noise.speckle_noise,
    "defocus_blur": blur.defocus_blur,
    "glass_blur": blur.glass_blur,
    "motion_blur": blur.motion_blur,
    "zoom_blur": blur.zoom_blur,
    "gaussian_blur": blur.gaussian_blur,
    "snow": weather.snow,
    "fog": weather.fog,
    "brightness": weather.brightness,
    "spatter": spatter,
    "contrast": digital.contrast,
    "elastic_transform": digital.elastic_transform,
    "pixelate": digital.pixelate,
    "jpeg_compression": digital.jpeg_compression,
    "saturate": digital.saturate,
}


def corrupt(
    samples: Samples,
    name: str,
    severity: float,
    table: Literal["auto", "cifar", "imagenet"] = "auto",
    seed: int = 0,
    frost: str | None = None,
) -> Samples:
    """The samples with one of the 19 common corruptions (CORRUPTIONS lists them), at a severity from 0 to 5.

    Severity 0 leaves the images exactly as they are, 1 to 5 have the published parameters, and between two of these
    parameters are interpolated linearly, or, where they count or choose, pictures are mixed (`weighted_rows`). `table`
    says whose parameters: those of CIFAR-10-C, of ImageNet-C, or "auto": the first up to 64 pixels a side. `frost` is a
    folder of pictures of frost; without it the texture is synthetic, with a warning and in the name of the samples.

    uint8 stays uint8, the part after the point cut off as in the published sets; float32 stays float32 and is not cut,
    but what works on 8-bit levels by itself (glass, motion, snow's flakes, pixelate, JPEG) does so for both. Compare
    with numbers of the published sets, such as shares of high frequencies, with uint8. What is corrupted here is never
    the published set itself, which was drawn with another chance: the name of the samples tells corruption, severity,
    table and seed. An image's corruption follows from the seed and the image alone, so that the severities of an image
    share their chance.

    Raises TypeError for what is no Samples; ValueError for an unknown name or table, a severity outside 0..5, 2 or 4
    channels, a folder for another corruption than frost, and what a folder of frost raises.

    Source: Hendrycks & Dietterich (2019), section 4.1; see `severities` for the parameters.
    """
    _check(samples, name, severity, table, frost)
    used = table_used(samples, table)
    made_up = " (synthetic frost)" if name == "frost" and frost is None else ""
    called = f"{samples.name} corrupted by {name}{made_up}, severity {severity:g}, table {used}, seed {seed}"
    corrupted = samples.images.clone()
    if severity > 0:
        change = _frosting(samples, used, frost) if name == "frost" else _CHANGES[name]
        rows = weighted_rows(name, float(severity), used)
        size = max(1, _BATCH // samples.images[0].numel())
        for start in range(0, len(samples), size):
            images = samples.batch(start, start + size)
            changed = _mixed(images, change, rows, partial(chance.streams, images, name, seed))
            corrupted[start : start + size] = _kept(changed, samples.images.dtype)
    return samples.changed(corrupted, called)


def _mixed(
    images: Tensor, change: Change, rows: list[tuple[float, Row | None]], streams: Callable[[], Streams]
) -> Images:
    """The weighted sum of the images changed by each of the rows, all with the same chance."""
    whole = np.asarray(images, dtype=np.float64)
    mixed = np.zeros_like(whole)
    for weight, row in rows:
        mixed += weight * (whole if row is None else np.clip(change(whole, row, streams()), 0, 1))
    return mixed


def _check(samples: Samples, name: str, severity: float, table: str, frost: str | None) -> None:
    """Raises for everything that `corrupt` says it refuses."""
    check_subject(samples, Samples, "corrupt")
    if name not in CORRUPTIONS:
        near = difflib.get_close_matches(str(name), CORRUPTIONS, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"There is no corruption {name!r}.{meant} There are: {', '.join(CORRUPTIONS)}.")
    number = isinstance(severity, int | float | np.number) and not isinstance(severity, bool)
    if not number or not isfinite(severity) or not 0 <= severity <= 5:
        raise ValueError(f"A severity is a number from 0 (unchanged) to 5; {severity!r} came.")
    if table not in ("auto", "cifar", "imagenet"):
        raise ValueError(f'The tables of severities are "cifar", "imagenet" and "auto"; {table!r} came.')
    if samples.channels not in (1, 3):
        raise ValueError(f"Grey (1 channel) and RGB (3) can be corrupted; {samples!r} came.")
    if frost is not None and name != "frost":
        raise ValueError(f"A folder of pictures of frost has no effect on {name}: leave frost={frost!r} out.")


def table_used(samples: Samples, table: Literal["auto", "cifar", "imagenet"]) -> Table:
    """Whose severities `corrupt` uses for these samples."""
    if table == "auto":
        return "cifar" if max(samples.plane.shape) <= _SMALL else "imagenet"
    return table


def _frosting(samples: Samples, table: Table, folder: str | None) -> Change:
    """The corruption `frost` with its textures, which it alone needs."""
    textures = FrostTextures(folder, table, (samples.channels, *samples.plane.shape))
    return lambda images, row, streams: frost(images, row, textures(streams))


def _kept(images: Images, dtype: torch.dtype) -> Tensor:
    """The images in the dtype that the samples came in."""
    return torch.from_numpy(cut(images) if dtype == torch.uint8 else images.astype(np.float32))
