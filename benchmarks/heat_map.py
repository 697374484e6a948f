"""How close a heat map comes to the classifier's own forward rate: `python benchmarks/heat_map.py`.

Five times over, a heat map is run cell by cell, and after each cell the bare network makes as many forward passes at
the same batch size and precision, so that both sides meet the same moods of the machine. Printed are images per second
of both (assembly of the result counted in), the ratio of each pair, and their median. The limit is 1.00.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence

import torch

from fourierscope import HeatMap, Samples, Trial, open_classifier
from fourierscope.runs import batch_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--classifier", default="reference:natural")
    parser.add_argument("--weights", default=None)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--stride", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    classifier = open_classifier(given.classifier, weights=given.weights)
    images = torch.rand(given.images, 3, given.side, given.side, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(given.images) % 2
    trial = Trial(classifier, Samples(images, labels))
    ratios = []
    for turn in range(given.pairs):
        raw, mapped = rates(trial, HeatMap(stride=given.stride))
        ratios.append(mapped / raw)
        print(f"pair {turn + 1}: forward {raw:,.0f} images/s, heat map {mapped:,.0f} images/s, ratio {ratios[-1]:.3f}")
    print(f"median ratio {statistics.median(ratios):.3f}")


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
    """As many forward passes of the bare network as a cell asks of it."""
    with torch.inference_mode(), trial.classifier.evaluating():
        for _ in range(rounds):
            for part in parts:
                trial.classifier.network(part)


if __name__ == "__main__":
    main()
