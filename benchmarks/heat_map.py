"""How close a heat map comes to the classifier's own forward rate: `python benchmarks/heat_map.py`.

Five times over, a heat map is run cell by cell, and after each cell the bare network answers as many images in full
batches of the same size and precision, so that both sides meet the same moods of the machine, and both keep freed
memory as a run does. Printed are images per second of both (assembly of the result counted in), the ratio of each
pair, and their median. The limit is 1.00.

With --precision fast or auto the bare network is the prepared one, alone, and before all that it is timed beside the
network as it is. With --difference the map is made in both precisions, and printed is by how much they differ. With
--peak large matrices are multiplied first, which tells how many images a second the processor could answer at best.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from fourierscope import HeatMap, Samples, Trial, open_classifier, open_samples
from fourierscope.analyses.wave_set import Tile
from fourierscope.results.intervals import mean_interval
from fourierscope.runs.batching import batch_size_of
from fourierscope.runs.engines.engine import largest_batch
from fourierscope.runs.precision import in_precision
from fourierscope.subjects.heap import freed_memory_kept
from fourierscope.subjects.prepared import Asked

# on a processor that others share, one thread is timed by what it computes, not by how long it waits for its turn
clock = time.process_time if torch.get_num_threads() == 1 and not torch.cuda.is_available() else time.perf_counter


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
    rows = "What the processor could do at best, by matrices of so many rows."
    parser.add_argument("--peak", type=int, nargs="?", const=2048, help=rows)
    given = parser.parse_args()
    mean, std = (None if one is None else (one,) * 3 for one in (given.mean, given.std))
    plain = Trial(open_classifier(given.classifier, given.weights, mean, std), samples(given))
    question = HeatMap(stride=given.stride, crop=given.crop)
    if given.peak:
        peak(plain, given.peak)
    trial = prepared(plain, given.precision, question) if given.precision != "exact" else plain
    if given.difference:
        differ(plain, trial, question)
    if given.pairs:
        with batch_size_of(suiting(trial)):
            question.measure(next(iter(question.cells(trial))), trial)  # compiles what puts waves on
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


def prepared(plain: Trial, precision: Asked, question: HeatMap) -> Trial:
    """The trial in that precision; told are the choice, the time it took, and how much faster it is."""
    start = clock()
    trial = in_precision(question, plain, precision, None, "auto")
    print(f"chosen in {clock() - start:.1f} s: {json.dumps(trial.trace()['classifier']['precision'])}")
    sides, taken = [(one, suiting(one)) for one in (plain, trial)], ([], [])
    images = plain.samples.batch()
    parts = [plain.classifier.normalised(images[torch.arange(size) % len(images)]) for _, size in sides]
    for _ in range(9):
        for (one, size), part, times in zip(sides, parts, taken, strict=True):
            start = clock()
            forward(one, [part])
            times.append(size / (clock() - start))
    exact, faster = (statistics.median(times[1:]) for times in taken)
    gain, sizes = f"{faster / exact:.2f} times", " and ".join(str(size) for _, size in sides)
    print(f"forward alone: exact {exact:,.0f} images/s, {precision} {faster:,.0f}, {gain}, batches of {sizes}")
    return trial


def peak(plain: Trial, rows: int) -> None:
    """Print how fast matrices are multiplied, and how many images a second of the network are as much work."""
    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        plain.classifier(plain.samples.batch(0, 1))
    work, device = counted.get_total_flops(), plain.classifier.device
    for dtype in (torch.float32, torch.bfloat16):
        left, right = (torch.randn(rows, rows).to(device, dtype) for _ in range(2))
        times = []
        for _ in range(10):
            start = clock()
            float((left @ right)[0, 0])  # waits for an accelerator
            times.append(clock() - start)
        rate = 2 * rows**3 / statistics.median(times[1:])
        told = f"; at {work / 1e6:,.1f} MFLOP an image {rate / work:,.0f} images/s" if work else ""
        print(f"{str(dtype).removeprefix('torch.')} matrices of {rows:,} x {rows:,}: {rate / 1e9:,.0f} GFLOP/s{told}")


def differ(plain: Trial, trial: Trial, question: HeatMap) -> None:
    """Print by how much the error under each wave differs between two precisions, in points."""
    waves = plain.samples.plane.waves(question.crop, question.stride)  # a pair once: its partner tells nothing new
    maps = [one["error"] for one in (question(plain), question(trial))]
    exact, faster = (np.array([float(one.sel(row=row, column=column)) for row, column in waves]) for one in maps)
    apart = 100 * np.abs(faster - exact)
    value, low, high = (float(one) for one in mean_interval(apart))
    signed = 100 * float((faster - exact).mean())
    print(f"mean |difference| {value:.3f} [{low:.3f}, {high:.3f}] points over {apart.size} waves, mean {signed:+.3f}")


def rates(trial: Trial, question: HeatMap) -> tuple[float, float]:
    """Images per second of the bare network and of the heat map, its assembly included, in turn cell by cell."""
    size, count = suiting(trial), len(trial.samples)
    images = trial.samples.batch()[torch.arange(-(-count // size) * size) % count]
    parts = trial.classifier.normalised(images).split(size)
    cells, measured, bare, asked, forwards = list(question.cells(trial)), {}, 0.0, 0.0, 0
    for cell in cells:
        start = clock()
        with batch_size_of(size):
            measured[cell] = question.measure(cell, trial)
        middle = clock()
        rounds = -(-passes(cell) * (cell.stop - cell.start) // size)
        forward(trial, [parts[turn % len(parts)] for turn in range(rounds)])
        asked, bare, forwards = asked + middle - start, bare + clock() - middle, forwards + rounds * size
    start = clock()
    question.assemble(measured, trial)
    asked += clock() - start
    return forwards / bare, sum(passes(cell) * (cell.stop - cell.start) for cell in cells) / asked


def suiting(trial: Trial) -> int:
    """The images at a time that a heat map of the trial takes."""
    return largest_batch(trial)


def passes(cell: Tile) -> int:
    """How often a cell asks the network about each of its images: under every wave, and once without."""
    return cell.last - cell.first + (cell.first == 0)


def forward(trial: Trial, parts: Sequence[torch.Tensor]) -> None:
    """Forward passes of the bare network, or of its prepared copy."""
    classifier = trial.classifier
    with torch.no_grad(), classifier.evaluating():
        serves = classifier.prepared is not None and classifier.prepared.serves()
        network = classifier.prepared if serves else classifier.network
        for part in parts:
            network(part)


if __name__ == "__main__":
    with freed_memory_kept():
        main()
