"""Weather: what lies between the lens and the world."""

from __future__ import annotations

import numpy as np

from fourierscope.treatments.corruptions.blur import moved
from fourierscope.treatments.corruptions.levels import Images, Streams, cut, grey, normals, uniforms, unit
from fourierscope.treatments.corruptions.plasma import plasma
from fourierscope.treatments.corruptions.sampling import zoomed
from fourierscope.treatments.corruptions.severities import Row


def snow(images: Images, row: Row, streams: Streams) -> Images:
    """Flakes: the highest of random numbers, enlarged, driven down a slant, over a picture made paler."""
    mean, deviation, zoom, threshold, radius, driven, kept = row
    angles = uniforms(streams, ()) * 90 - 135
    flakes = zoomed(mean + deviation * normals(streams, (1, *images.shape[2:])), zoom)
    flakes = moved(unit(cut(np.where(flakes < threshold, 0, flakes))), radius, driven, angles)
    paler = kept * images + (1 - kept) * np.maximum(images, grey(images) * 1.5 + 0.5)
    return paler + flakes + flakes[:, :, ::-1, ::-1]


def fog(images: Images, row: Row, streams: Streams) -> Images:
    """Plasma over the picture, and both scaled so that its brightest value stays."""
    weight, decay = row
    height, width = images.shape[2:]
    haze = plasma(streams, max(height, width), decay)[:, None, :height, :width]
    brightest = images.max((1, 2, 3), keepdims=True)
    return (images + weight * haze) * brightest / (brightest + weight)


def brightness(images: Images, row: Row, streams: Streams) -> Images:
    """The value (of hue, saturation, value: the largest channel) raised, hue and saturation kept.

    In pictures of one channel the value is the grey itself.
    """
    (added,) = row
    value = images.max(1, keepdims=True)
    higher = np.minimum(value + added, 1)
    return np.where(value > 0, images * np.divide(higher, value, out=np.ones_like(value), where=value > 0), higher)
