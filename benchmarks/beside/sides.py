"""The sides of the benchmark: each makes a part of a heat map, and says how many forwards it took in how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

import fourierscope as fs
from benchmarks.beside import loop
from benchmarks.beside.peer import Peer
from fourierscope.runs.precision import in_precision

NORM = 4.0
CROP = 7  # of our part of the map: 25 waves, so that what a run costs once tells little
OURS_BATCH = 64  # what this package takes by itself at 32 x 32, twice that where a faster copy answers
Precision = Literal["exact", "fast"]


@dataclass(frozen=True)
class Side:
    """One way to a heat map. `part` makes a part of it: seconds, and images that went through the network."""

    name: str
    whole: int
    """Images that go through the network in the whole map."""
    part: Callable[[], tuple[float, int]]


def asked_of(trial: fs.Trial) -> loop.Subject:
    """What the loop is asked of: the same network, images and labels."""
    classifier, samples = trial.classifier, trial.samples
    assert isinstance(classifier.network, torch.nn.Module)
    pixels = samples.batch(0, len(samples)).mul(255).round().byte().permute(0, 2, 3, 1).contiguous()
    mean, std = (list(one or (default,)) for one, default in ((classifier.mean, 0.0), (classifier.std, 1.0)))
    return loop.Subject(classifier.network.eval(), mean, std, pixels.numpy(), samples.needed_labels())


def of_loop(name: str, trial: fs.Trial, manner: loop.Manner) -> Side:
    """The plain loop at one frequency at a time, drawn anew."""
    subject, side = asked_of(trial), trial.samples.plane.height
    visited, images = loop.half_spectrum(side), len(trial.samples)

    def part() -> tuple[float, int]:
        row, column = random.choice(visited)
        start = time.perf_counter()
        loop.error(subject, row, column, NORM, manner)
        return time.perf_counter() - start, images

    return Side(name, len(visited) * images, part)


def of_peer(name: str, trial: fs.Trial, peer: Peer, batch: int, waves: int = 4) -> Side:
    """rai-toolbox at some waves, drawn anew."""
    plane, images = trial.samples.plane, len(trial.samples)

    def part() -> tuple[float, int]:
        drawn = random.sample(plane.waves(), waves)
        return peer.ask(drawn, plane.height, batch, NORM)[0], waves * images

    return Side(name, len(plane.waves()) * images, part)


def of_ours(name: str, trial: fs.Trial, precision: Precision, workers: int = 1, crop: int = CROP) -> Side:
    """This package: the centre of the map and the images without a wave. The network is made fast before.

    Of several workers, who take seconds to start, it is what a larger centre takes more than this one.
    """
    images, waves = len(trial.samples), trial.samples.plane.waves
    made = in_precision(fs.HeatMap(), trial, precision, None, "auto")

    def part() -> tuple[float, int]:
        seconds, forwards = centre(crop)
        if workers == 1:
            return seconds, forwards
        more, larger = centre(2 * crop - 1)
        return more - seconds, larger - forwards

    def centre(side: int) -> tuple[float, int]:
        start = time.perf_counter()
        fs.run(fs.HeatMap(crop=side), made, workers=workers)
        return time.perf_counter() - start, (len(waves(side)) + 1) * images

    return Side(name, (len(waves()) + 1) * images, part)
