"""Networks of the field for small images, by name: with weights drawn by a seed, ready to be trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from fourierscope.fourier import Plane
from fourierscope.fourier.filters import apply, square_high_pass, square_low_pass

WIDTHS = (16, 32, 64, 64)  # channels of the small network after each convolution
STRIDES = (1, 2, 2, 1)  # the first one sees every frequency of the image: no stride, so no folding
Kept = Literal["low", "high"]


def network_named(name: str, channels: int = 3, classes: int = 10, seed: int = 0) -> nn.Module:
    """The network of that name for images of `channels` channels, untrained; NETWORKS lists the names.

    Takes float32 images (n, channels, h, w) of any size (VGG-11 from 32 pixels a side), gives logits (n, classes). The
    weights are drawn by `seed`; the global random state is left as it was. Raises ValueError for an unknown name.
    """
    if name not in NETWORKS:
        front = " For one behind a filter: fs.open_classifier('network:resnet20/low15', mean=..., std=...)."
        raise ValueError(f"The networks are {', '.join(NETWORKS)}; {name!r} came.{front if '/' in name else ''}")
    with torch.random.fork_rng(devices=[]), _float32():
        torch.manual_seed(seed)
        return NETWORKS[name](channels, classes)


@contextmanager
def _float32() -> Iterator[None]:
    """New weights in float32, whatever torch's default is: the same seed gives the same weights."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(default)


def small_network(channels: int = 3, classes: int = 10) -> nn.Sequential:
    """Four 3 x 3 convolutions with batch norm and ReLU, the mean over the image, and a linear layer: 61,338 weights."""
    layers: list[nn.Module] = []
    for wide, (into, stride) in zip((channels, *WIDTHS), zip(WIDTHS, STRIDES, strict=True), strict=False):
        layers += _convolution(wide, into, stride)
    return nn.Sequential(*layers, *_head(WIDTHS[-1], classes))


class Block(nn.Module):
    """Two 3 x 3 convolutions with batch norm beside a shortcut, which is a 1 x 1 convolution where the shape changes.

    Source: He et al. (2016), section 3.3, option B.
    """

    def __init__(self, wide: int, into: int, stride: int) -> None:
        super().__init__()
        second = nn.Conv2d(into, into, 3, padding=1, bias=False)
        self.path = nn.Sequential(*_convolution(wide, into, stride), second, nn.BatchNorm2d(into))
        same = stride == 1 and wide == into
        shortcut = [] if same else [nn.Conv2d(wide, into, 1, stride, bias=False), nn.BatchNorm2d(into)]
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.relu(self.path(images) + self.shortcut(images))


class WideBlock(nn.Module):
    """Batch norm and ReLU before each of two 3 x 3 convolutions, with dropout between, beside a shortcut.

    Source: Zagoruyko and Komodakis (2016), section 2, B(3, 3).
    """

    def __init__(self, wide: int, into: int, stride: int) -> None:
        super().__init__()
        self.norm = nn.Sequential(nn.BatchNorm2d(wide), nn.ReLU())
        self.path = nn.Sequential(
            nn.Conv2d(wide, into, 3, stride, 1, bias=False), nn.BatchNorm2d(into), nn.ReLU(),
            nn.Conv2d(into, into, 3, padding=1, bias=False),
        )  # fmt: skip
        self.shortcut = None if stride == 1 and wide == into else nn.Conv2d(wide, into, 1, stride, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        ready: Tensor = self.norm(images)
        kept = images if self.shortcut is None else self.shortcut(ready)
        return kept + self.path(ready)


class FilteredInput(nn.Module):
    """A network behind a square filter: it sees, and learns from, low or high frequencies alone.

    The filter works on images of any size above its bandwidth (others raise ValueError), after normalisation; high pass
    removes frequency zero with the rest of its cross. Source: Yin et al. (2019), section 4.2,
    low-pass and high-pass front ends.
    """

    def __init__(self, network: nn.Module, kept: Kept, bandwidth: int) -> None:
        super().__init__()
        if kept not in ("low", "high"):
            raise ValueError(f"A front end keeps low or high frequencies; {kept!r} came.")
        self.network = network
        self.kept, self.bandwidth = kept, bandwidth

    def forward(self, images: Tensor) -> Tensor:
        plane = Plane(*images.shape[-2:])
        if self.bandwidth >= max(plane.shape):
            raise ValueError(
                f"A front end of bandwidth {self.bandwidth} filters nothing on images of {plane}: take an odd "
                f"bandwidth below {max(plane.shape)}."
            )
        gain = (square_low_pass if self.kept == "low" else square_high_pass)(plane, self.bandwidth)
        with torch.autocast(images.device.type, enabled=False):
            filtered = apply(images, gain)
        return self.network(filtered.contiguous(memory_format=_layout(images)))


def residual_network(depth: int, channels: int, classes: int) -> nn.Sequential:
    """The ResNet for 32 x 32 images of that depth (6 n + 2 layers), 16 to 64 channels: He et al. (2016), 4.2."""
    blocks: list[nn.Module] = []
    wide = 16
    for into, stride in ((16, 1), (32, 2), (64, 2)):
        for turn in range((depth - 2) // 6):
            blocks.append(Block(wide, into, stride if turn == 0 else 1))
            wide = into
    return nn.Sequential(*_convolution(channels, 16, 1), *blocks, *_head(wide, classes))


def resnet18(channels: int, classes: int) -> nn.Sequential:
    """ResNet-18 with a 3 x 3 stem without stride or pooling, as is usual for 32 x 32 images."""
    blocks: list[nn.Module] = []
    wide = 64
    for into, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [Block(wide, into, stride), Block(into, into, 1)]
        wide = into
    return nn.Sequential(*_convolution(channels, 64, 1), *blocks, *_head(wide, classes))


def wide_resnet(depth: int, factor: int, channels: int, classes: int) -> nn.Sequential:
    """The wide ResNet of that depth (6 n + 4) and width factor; Zagoruyko and Komodakis (2016), Table 1."""
    blocks: list[nn.Module] = []
    wide = 16
    for into, stride in ((16 * factor, 1), (32 * factor, 2), (64 * factor, 2)):
        for turn in range((depth - 4) // 6):
            blocks.append(WideBlock(wide, into, stride if turn == 0 else 1))
            wide = into
    stem = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
    return nn.Sequential(stem, *blocks, nn.BatchNorm2d(wide), nn.ReLU(), *_head(wide, classes))


def vgg11(channels: int, classes: int) -> nn.Sequential:
    """VGG-11 with batch norm and one linear layer, as is usual for 32 x 32 images; Simonyan and Zisserman (2015), A."""
    layers: list[nn.Module] = []
    wide = channels
    for into, times in ((64, 1), (128, 1), (256, 2), (512, 2), (512, 2)):
        for _ in range(times):
            layers += _convolution(wide, into, 1)
            wide = into
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *_head(wide, classes))


def _convolution(wide: int, into: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(wide, into, 3, stride, 1, bias=False), nn.BatchNorm2d(into), nn.ReLU()]


def _head(wide: int, classes: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(wide, classes)]


def _layout(images: Tensor) -> torch.memory_format:
    last = images.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


NETWORKS: dict[str, Callable[[int, int], nn.Module]] = {
    "small": small_network,
    "resnet20": lambda channels, classes: residual_network(20, channels, classes),
    "resnet32": lambda channels, classes: residual_network(32, channels, classes),
    "resnet44": lambda channels, classes: residual_network(44, channels, classes),
    "resnet56": lambda channels, classes: residual_network(56, channels, classes),
    "resnet18": resnet18,
    "wrn-28-10": lambda channels, classes: wide_resnet(28, 10, channels, classes),
    "vgg11": vgg11,
}
"""Networks by name, as functions of channels and classes."""
