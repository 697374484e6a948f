"""Chance of treatments: one stream for each image, from the seed, the purpose and the image's own content."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def uniform(images: Tensor, purpose: str, seed: int) -> Tensor:
    """Numbers even in [0, 1), float32, in the shape of images (n, c, h, w); those of an image depend on it alone."""
    return torch.stack([torch.rand(one.shape, generator=_stream(one, purpose, seed)) for one in images])


def normal(images: Tensor, purpose: str, seed: int) -> Tensor:
    """Standard normal numbers, float32, in the shape of images (n, c, h, w); those of an image depend on it alone."""
    return torch.stack([torch.randn(one.shape, generator=_stream(one, purpose, seed)) for one in images])


def _stream(image: Tensor, purpose: str, seed: int) -> torch.Generator:
    digest = hashlib.sha256(f"{seed} {purpose} ".encode())
    digest.update(image.contiguous().numpy().tobytes())
    return torch.Generator().manual_seed(int.from_bytes(digest.digest()[:8], "big") >> 1)
