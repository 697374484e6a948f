"""Chance of treatments: for each image its own stream, that its neighbours, its place and the batch do not touch."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor


def streams(images: Tensor, purpose: str, seed: int) -> list[np.random.Generator]:
    """One stream for each of the images (n, c, h, w), float32 as `Samples.batch` gives them.

    The stream follows from the seed, the purpose and the image alone: SHA-256 of the three is the key of a
    counter-based generator (Philox). So the same image has the same chance wherever it stands, whether its samples are
    kept as uint8 or float32; images that agree in every pixel share it. It does not know the strength of a treatment:
    draw the same numbers at every strength, and strengths can be compared.

    Raises TypeError for images that are not float32 and for a seed that is no whole number.
    """
    if images.dtype != torch.float32:
        raise TypeError(f"Chance is drawn for float32 images, as Samples.batch gives them; {images.dtype} came.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"A seed is a whole number; {seed!r} came.")
    head = f"{int(seed)} {purpose} {tuple(images.shape[1:])} ".encode()
    contents = (images.detach().cpu() + 0.0).numpy().astype("<f4")  # + 0.0: minus zero is the same pixel as zero
    return [_stream(head, np.ascontiguousarray(content)) for content in contents]


def uniform(images: Tensor, purpose: str, seed: int) -> Tensor:
    """Numbers evenly in [0, 1), float32, of the images' shape and on their device: one for each value of each image."""
    drawn = [one.random(images.shape[1:], dtype=np.float32) for one in streams(images, purpose, seed)]
    return _stacked(drawn, images)


def normal(images: Tensor, purpose: str, seed: int) -> Tensor:
    """Numbers of mean 0 and deviation 1, normally distributed, float32, of the images' shape and on their device."""
    drawn = [one.standard_normal(images.shape[1:], dtype=np.float32) for one in streams(images, purpose, seed)]
    return _stacked(drawn, images)


def _stream(head: bytes, content: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> np.random.Generator:
    digest = hashlib.sha256(head)
    digest.update(content.data)
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest.digest()[:16], "little")))


def _stacked(drawn: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]], images: Tensor) -> Tensor:
    if not drawn:
        return torch.empty_like(images)
    return torch.from_numpy(np.stack(drawn)).to(images.device)
