"""Where the words of marks stand, so that they cover neither each other nor the marks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_WIDTH, _HEIGHT = 0.56, 1.25  # of a letter, in sizes of the font
_NEAR, _STEP, _STEPS = 7.0, 8.0, 8  # how far words stand from their mark
_SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))

Array = npt.NDArray[np.float64]


class Frame(NamedTuple):
    """The width and height of a frame, and the size of its letters, in one unit (points or pixels)."""

    width: float
    height: float
    letter: float


def lettered(words: tuple[str, ...], places: Array, frame: Frame, others: Array) -> list[tuple[float, float]]:
    """Offsets (right, up) from each mark to the middle of its word: the nearest place that covers no word and no mark.

    `places` (k, 2) are those of the marks within the frame, across and up, from 0 to 1; `others` (m, 2) those of marks
    without a word.
    """
    marks = np.concatenate([places, others]) * np.array(frame[:2])
    marks = np.where(np.isfinite(marks), marks, -1e6)
    points = marks[: len(words)]
    boxes: dict[int, Array] = {}
    for place in np.argsort(points[:, 0], kind="stable").tolist():
        half = np.array([_WIDTH * frame.letter * len(words[place]), _HEIGHT * frame.letter]) / 2
        tried = [np.concatenate([points[place] + away, half]) for away in _places(half)]
        placed = np.array([*boxes.values()]).reshape(-1, 4)
        costs = [_cost(one, placed, marks, frame) + 0.01 * turn for turn, one in enumerate(tried)]
        boxes[place] = tried[int(np.argmin(costs))]
    return [tuple((boxes[place][:2] - points[place]).tolist()) for place in range(len(words))]


def _places(half: Array) -> list[Array]:
    """Offsets at which a box of this half size may stand, the nearest first."""
    reaches = [_NEAR + _STEP * step for step in range(_STEPS)]
    return [np.array(side) * (half * np.abs(side) + reach) for reach in reaches for side in _SIDES]


def _cost(box: Array, boxes: Array, points: Array, frame: Frame) -> float:
    """How many words and marks a box (middle, half size) covers, and by how much it leaves the frame."""
    middle, half = box[:2], box[2:]
    covered = (np.abs(boxes[:, :2] - middle) < boxes[:, 2:] + half + 1).all(-1).sum()
    hit = (np.abs(points - middle) < half + 4).all(-1).sum()
    outside = ((middle - half < 0) | (middle + half > np.array(frame[:2]))).sum()
    return float(3 * covered + 2 * hit + 4 * outside)
