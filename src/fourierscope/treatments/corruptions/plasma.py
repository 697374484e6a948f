"""Plasma: random heights like those of clouds, from the diamond-square construction."""

from __future__ import annotations

import numpy as np

from fourierscope.treatments.corruptions.levels import Images, Streams, uniforms


def plasma(streams: Streams, side: int, decay: float) -> Images:
    """Heights (n, s, s) from 0 to 1, s the power of two from `side` on: periodic, rougher where `decay` is small.

    The middles of squares, then of diamonds, are the means of their corners and a random part, which shrinks by the
    square of `decay` from each size to the next. Source: Fournier, Fussell & Carpenter (1982), section 4; the shrinking
    as in the program that made the published sets.
    """
    size = 1 << max(1, (side - 1).bit_length())
    random = 2 * uniforms(streams, (size, size)) - 1
    heights = np.zeros_like(random)
    step, roughness = size, 1.0
    while step > 1:
        half = step // 2
        corners = heights[:, ::step, ::step]
        beside = corners + np.roll(corners, -1, 2)
        centres = (beside + np.roll(beside, -1, 1)) / 4 + roughness * random[:, half::step, half::step]
        heights[:, half::step, half::step] = centres
        above = centres + np.roll(centres, 1, 1) + beside
        heights[:, ::step, half::step] = above / 4 + roughness * random[:, ::step, half::step]
        left = centres + np.roll(centres, 1, 2) + corners + np.roll(corners, -1, 1)
        heights[:, half::step, ::step] = left / 4 + roughness * random[:, half::step, ::step]
        step, roughness = half, roughness / decay**2
    heights -= heights.min((1, 2), keepdims=True)
    return heights / heights.max((1, 2), keepdims=True)
