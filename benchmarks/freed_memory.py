"""What keeping freed memory gives: `python benchmarks/freed_memory.py`.

Each network answers, or learns, some batches in a process where the C library manages memory by itself, then in one
that keeps it as a run does, and so on in turn. A process serves one side once, for what was kept stays in reach of what
comes after it. Printed as a table are images per second of both sides and the largest size of their processes: medians
with the least and the largest.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext

import torch
from torch import nn

from fourierscope.subjects.heap import freed_memory_kept
from fourierscope.subjects.networks import network_named
from fourierscope.subjects.torchvision_import import torchvision_module

ROWS = {
    "MobileNetV2, 224 x 224, batches of 8": ("mobilenet", 224, 8, False),
    "ResNet-20, 32 x 32, batches of 64": ("resnet20", 32, 64, False),
    "the same, batches of 128": ("resnet20", 32, 128, False),
    "the same, batches of 512": ("resnet20", 32, 512, False),
    "ResNet-20 learning, batches of 128": ("resnet20", 32, 128, True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--images", type=int, default=1024, help="Of 32 x 32 in a process; an eighth of 224 x 224.")
    parser.add_argument("--only", default="", help="Rows whose name holds this.")
    given = parser.parse_args()
    print(
        f"| {torch.get_num_threads()} threads | left alone, images/s | kept | ratio | peak left alone, GB | peak kept |"
    )
    print("|---|--:|--:|--:|--:|--:|", flush=True)
    for name in (one for one in ROWS if given.only in one):
        pairs = [(alone(name, False, given.images), alone(name, True, given.images)) for _ in range(given.turns)]
        (left, left_peaks), (kept, kept_peaks) = (zip(*side, strict=True) for side in zip(*pairs, strict=True))
        ratios = [one / other for one, other in zip(kept, left, strict=True)]
        rates = [spread(left, ",.0f"), spread(kept, ",.0f"), spread(ratios, ".2f")]
        print(f"| {name} | {' | '.join([*rates, spread(left_peaks, '.2f'), spread(kept_peaks, '.2f')])} |", flush=True)


def alone(name: str, keeping: bool, images: int) -> tuple[float, float]:
    """Images per second, and the largest size in GB, of a new process that serves a row."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measured, name, keeping, images).result()


def measured(name: str, keeping: bool, images: int) -> tuple[float, float]:
    """The same, of this process."""
    what, side, size, learns = ROWS[name]
    work = step(what, side, size, learns)
    rounds = max(1, images // (size if side == 32 else 8 * size))
    with freed_memory_kept() if keeping else nullcontext():
        for _ in range(2):
            work()
        start = time.perf_counter()
        for _ in range(rounds):
            work()
        seconds = time.perf_counter() - start
    return rounds * size / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def step(what: str, side: int, size: int, learns: bool) -> Callable[[], object]:
    """One forward pass, or one step of learning."""
    torch.manual_seed(0)
    network = torchvision_module().models.mobilenet_v2() if what == "mobilenet" else network_named(what)
    images, labels = torch.rand(size, 3, side, side), torch.arange(size) % 10
    if not learns:
        return torch.no_grad()(lambda: network.eval()(images))
    optimiser = torch.optim.SGD(network.train().parameters(), 0.01)

    def learn() -> None:
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()
        optimiser.step()

    return learn


def spread(values: Sequence[float], form: str) -> str:
    """The median, with the least and the largest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


if __name__ == "__main__":
    main()
