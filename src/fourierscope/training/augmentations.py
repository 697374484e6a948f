"""Augmentations: what is done to a batch of images by chance before a network learns from it. Each a frozen value.

Called with images (n, c, h, w) in [0, 1] and a generator it returns images of the same shape, in [0, 1] but for
`OnlyComponent`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import radians
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, pad

from fourierscope.subjects.torchvision_import import torchvision_module
from fourierscope.treatments.components import KEPT, RESCALES, Kept, Rescale, check_word, components


class Augmentation(Protocol):
    """Images to images by chance, and what to record."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor: ...

    def trace(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Recorded:
    """Tells its kind and its options."""

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}


@dataclass(frozen=True)
class Flips(Recorded):
    """Every other image, by chance, is mirrored."""

    columns: bool = True
    """Left to right."""
    rows: bool = False
    """Upside down."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        for axis, wanted in ((3, self.columns), (2, self.rows)):
            if wanted:
                chosen = torch.rand(len(images), generator=generator).to(images.device) < 0.5
                images = torch.where(chosen[:, None, None, None], images.flip(axis), images)
        return images


@dataclass(frozen=True)
class Tints(Recorded):
    """Each channel of each image becomes brighter or darker as a whole, clipped to [0, 1]."""

    most: float = 0.1
    """Largest amount, on [0, 1] pixels."""

    def __post_init__(self) -> None:
        if not 0 <= self.most <= 1:
            raise ValueError(f"The largest tint lies from 0 to 1; {self.most} came.")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        offset = self.most * (2 * torch.rand(*images.shape[:2], 1, 1, generator=generator) - 1)
        return (images + offset.to(images.device)).clamp(0, 1)


@dataclass(frozen=True)
class Crops(Recorded):
    """Each image is moved by whole pixels; what comes in from outside is black."""

    padding: int = 4
    """Largest move along each axis, in pixels."""

    def __post_init__(self) -> None:
        if self.padding < 1:
            raise ValueError(f"padding is at least 1 pixel; {self.padding} came.")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count, height, width = len(images), *images.shape[2:]
        wide = pad(images, [self.padding] * 4).permute(0, 2, 3, 1)  # (n, h + 2 p, w + 2 p, c)
        moves = torch.randint(2 * self.padding + 1, (2, count, 1, 1), generator=generator).to(images.device)
        rows = moves[0] + torch.arange(height, device=images.device)[None, :, None]
        columns = moves[1] + torch.arange(width, device=images.device)[None, None, :]
        which = torch.arange(count, device=images.device)[:, None, None]
        return wide[which, rows, columns].permute(0, 3, 1, 2)  # (n, c, h, w)


@dataclass(frozen=True)
class Affine(Recorded):
    """Each image is turned, scaled and moved, with bilinear interpolation; what comes in from outside is mirrored."""

    degrees: float = 15.0
    """Largest turn to either side."""
    scale: tuple[float, float] = (0.9, 1.1)
    """Smallest and largest magnification."""
    translation: float = 0.1
    """Largest move along each axis, as a share of the side."""

    def __post_init__(self) -> None:
        if not (0 < self.scale[0] <= self.scale[1] and 0 <= self.degrees <= 180 and 0 <= self.translation <= 1):
            raise ValueError(
                f"degrees lie from 0 to 180, scales run upwards from above 0, translation from 0 to 1; {self} came."
            )

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        turn, size, across, down = torch.rand(4, len(images), generator=generator).to(images.device)
        angle = radians(self.degrees) * (2 * turn - 1)
        shrink = 1 / (self.scale[0] + (self.scale[1] - self.scale[0]) * size)
        height, width = images.shape[2:]
        cosine, sine = shrink * angle.cos(), shrink * angle.sin()
        move = 2 * self.translation * (2 * torch.stack([across, down]) - 1)  # the grid runs over [-1, 1]
        first = torch.stack([cosine, -sine * height / width, move[0]], 1)
        second = torch.stack([sine * width / height, cosine, move[1]], 1)
        grid = affine_grid(torch.stack([first, second], 1), list(images.shape), align_corners=False)
        return grid_sample(images, grid, padding_mode="reflection", align_corners=False).clamp(0, 1)


@dataclass(frozen=True)
class AutoAugment(Recorded):
    """Each image goes through one of the 25 sub-policies that were learned for CIFAR-10, less those left out.

    Source: Cubuk et al. (2019), as torchvision has it; Yin et al. (2019), section 4.4, leave out the sub-policies with
    brightness and contrast, which would be tested on what they were trained for.
    """

    without: tuple[str, ...] = ("Brightness", "Contrast")
    """Operations, by torchvision's names; a sub-policy with one of them is left out."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        transforms = torchvision_module().transforms
        policy = transforms.AutoAugment(transforms.AutoAugmentPolicy.CIFAR10)
        known = {name for one in policy.policies for name, _, _ in one}
        if unknown := set(self.without) - known:
            raise ValueError(f"Operations are {', '.join(sorted(known))}; {', '.join(sorted(unknown))} came.")
        policy.policies = [one for one in policy.policies if not {name for name, _, _ in one} & set(self.without)]
        if not policy.policies:
            raise ValueError(f"Without {', '.join(self.without)} no sub-policy is left.")
        return _each(images, policy, generator)


@dataclass(frozen=True)
class AugMix(Recorded):
    """Each image is mixed with chains of operations on itself.

    Source: Hendrycks et al. (2020), as torchvision has it; without the paper's consistency loss.
    """

    severity: int = 3
    """Strength of the operations, from 1 to 10."""
    width: int = 3
    """Number of chains."""

    def __post_init__(self) -> None:
        if not (1 <= self.severity <= 10 and self.width >= 1):
            raise ValueError(f"severity lies from 1 to 10 and width is at least 1; {self} came.")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        transforms = torchvision_module().transforms
        return _each(images, transforms.AugMix(self.severity, self.width), generator)


@dataclass(frozen=True)
class OnlyComponent(Recorded):
    """Nothing but the low or the high component of each image is learned; no chance is in it.

    Unlike other augmentations it leaves [0, 1]: half of a high component is negative. Source: Wang et al. (2020),
    Table 1, where networks that learned one component are tested on whole images.
    """

    radius: float
    """In cycles per image."""
    kept: Kept = "low"
    """low or high."""
    rescale: Rescale = "none"
    """What is done to components: none, max, std or mean-restored; see `treatments.components.components`."""

    def __post_init__(self) -> None:
        check_word("kept", self.kept, KEPT)
        check_word("rescale", self.rescale, RESCALES)
        if not self.radius > 0:
            raise ValueError(f"The radius of a component is above 0 cycles per image; {self.radius} came.")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return components(images, self.radius, self.kept, rescale=self.rescale)


def _each(images: Tensor, change: Callable[[Any], Any], generator: torch.Generator) -> Tensor:
    """Every image through a change of Pillow images that draws from torch's global state, which is put back."""
    from PIL import Image

    if images.shape[1] not in (1, 3):
        raise ValueError(f"This augmentation takes images of 1 or 3 channels; {images.shape[1]} came.")
    pixels = images.mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()  # (n, h, w, c)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        changed = [np.asarray(change(Image.fromarray(one.squeeze()))) for one in pixels]
    found = torch.from_numpy(np.stack(changed)).reshape(pixels.shape).permute(0, 3, 1, 2)
    return found.to(images.device, images.dtype).div_(255).contiguous()
