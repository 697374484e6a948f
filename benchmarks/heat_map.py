"""How close a heat map comes to the classifier's own forward rate: `python benchmarks/heat_map.py`.

Five times over, a heat map is run cell by cell, and after each cell the bare network makes as many forward passes at
the same batch size and precision, so that both sides meet the same moods of the machine. Printed are images per second
of both (assembly of the result counted in), the ratio of each pair, and their median. The limit is 1.00.

With --precision fast or auto the bare network is the prepared one, alone, and before all that it is timed beside the
network as it is. With --difference a part of the map is made in both precisions, and printed is by how much they differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence

import numpy as np
import torch

from fourierscope import HeatMap, Samples, Trial, open_classifier, open_samples
from fourierscope.results.intervals import mean_interval
from fourierscope.runs import batch_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--classifier", default="reference:natural")
    parser.add_argument("--weights", default=None)
    parser.add_argument("--mean", type=float, default=None, help="Of all channels, where the classifier states none.")
    parser.add_argument("--std", type=float, default=None)
    parser.add_argument("--samples", default=None, help="As on the command line; empty: noise of --side pixels.")
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--stride", type=int, default=2)
    parser.add_argument("--crop", type=int, default=None)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--precision", choices=("exact", "fast", "auto"), default="exact")
    parser.add_argument("--difference", action="store_true", help="How far the map lies from the exact one.")
    given = parser.parse_args()
    mean, std = (None if one is None else (one,) * 3 for one in (given.mean, given.std))
    plain = Trial(open_classifier(given.classifier, given.weights, mean, std), samples(given))
    size, question = batch_size(plain.samples.plane, plain.classifier.device), HeatMap(stride=given.stride, crop=given.crop)
    trial = prepared(plain, given.precision, size) if given.precision != "exact" else plain
    if given.difference:
        differ(plain, trial, question)
    ratios = []
    for turn in range(given.pairs):
        raw, mapped = rates(trial, question)
        ratios.append(mapped / raw)
        print(f"pair {turn + 1}: forward {raw:,.0f} images/s, heat map {mapped:,.0f} images/s, ratio {ratios[-1]:.3f}")
    if ratios:
        print(f"median ratio {statistics.median(ratios):.3f}")


def samples(given: argparse.Namespace) -> Samples:
    """The samples named, or noise."""
    if given.samples:
        return open_samples(given.samples, given.images)
    images = torch.rand(given.images, 3, given.side, given.side, generator=torch.Generator().manual_seed(0))
    return Samples(images, torch.arange(given.images) % 2)


def prepared(plain: Trial, precision: str, size: int) -> Trial:
    """The trial in that precision; told are the choice, the time it took, and how much faster it is."""
    start = time.perf_counter()
    trial = plain.at(precision, size)
    print(f"chosen in {time.perf_counter() - start:.1f} s: {json.dumps(trial.trace()['classifier']['precision'])}")
    part, taken = plain.classifier.normalised(plain.samples.batch(0, size)), ([], [])
    for _ in range(9):
        for one, times in zip((plain, trial), taken, strict=True):
            start = time.perf_counter()
            forward(one, [part], 1)
            times.append(time.perf_counter() - start)
    exact, faster = (statistics.median(times[1:]) for times in taken)
    print(f"forward alone: exact {size / exact:,.0f} images/s, {precision} {size / faster:,.0f}, {exact / faster:.2f} times")
    return trial


def differ(plain: Trial, trial: Trial, question: HeatMap) -> None:
    """Print by how much the error under each wave differs between two precisions, in points."""
    exact, faster = (one["error"].values for one in (question(plain), question(trial)))
    apart = 100 * np.abs(faster - exact).ravel()
    value, low, high = (float(one) for one in mean_interval(apart))
    signed = 100 * float((faster - exact).mean())
    print(f"mean |difference| {value:.3f} [{low:.3f}, {high:.3f}] points over {apart.size} waves, mean {signed:+.3f}")


def rates(trial: Trial, question: HeatMap) -> tuple[float, float]:
    """Images per second of the bare network and of the heat map, its assembly included, in turn cell by cell."""
    size = batch_size(trial.samples.plane, trial.classifier.device)
    parts = trial.samples.images.split(size)
    cells, measured, bare, asked = list(question.cells(trial)), {}, 0.0, 0.0
    for cell in cells:
        start = time.perf_counter()
        measured[cell] = question.measure(cell, trial)
        middle = time.perf_counter()
        forward(trial, parts[cell.start // size : -(-cell.stop // size)], cell.last - cell.first)
        asked, bare = asked + middle - start, bare + time.perf_counter() - middle
    start = time.perf_counter()
    question.assemble(measured, trial)
    asked += time.perf_counter() - start
    images = sum((cell.last - cell.first) * (cell.stop - cell.start) for cell in cells)
    return images / bare, images / asked


def forward(trial: Trial, parts: Sequence[torch.Tensor], rounds: int) -> None:
    """As many forward passes of the bare network, or of its prepared copy, as a cell asks of it."""
    classifier = trial.classifier
    network = classifier.network if classifier.prepared is None else classifier.prepared
    with torch.no_grad(), classifier.evaluating():
        for _ in range(rounds):
            for part in parts:
                network(part)


if __name__ == "__main__":
    main()
