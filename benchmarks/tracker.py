"""What a SpectralTracker costs: seconds of a training with it over those without, side by side, medians of pairs.

2,000 probes, 200 frequencies along the first principal component, log schedule. Run: python benchmarks/tracker.py
"""

from __future__ import annotations

import statistics
import sys
import time

import torch
from torch import nn

import fourierscope as fs
from fourierscope.subjects.networks import network_named

PROBES, FREQUENCIES = 2000, 200
PAIRS = 5


def seconds(tracked: bool, steps: int, batch: int = 128) -> float:
    """Of a training of the small network on random 32 x 32 images."""
    chance = torch.Generator().manual_seed(0)
    images, labels = torch.rand(PROBES, 3, 32, 32, generator=chance), torch.randint(10, (PROBES,), generator=chance)
    network = network_named("small").train()
    optimiser = torch.optim.SGD(network.parameters(), 0.01)
    views = [fs.views.Projection(frequencies=tuple(range(1, FREQUENCIES + 1)))]
    tracker = fs.SpectralTracker(network, images, labels, views) if tracked else None
    begun = time.perf_counter()
    for step in range(steps):
        if tracker is not None:
            tracker.step(step)
        part = torch.randint(PROBES, (batch,), generator=chance)
        loss = nn.functional.cross_entropy(network(images[part]), labels[part])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return time.perf_counter() - begun


def main(steps: int) -> None:
    seconds(True, 3)
    pairs = [(seconds(True, steps), seconds(False, steps)) for _ in range(PAIRS)]
    ratio = statistics.median(with_it / without for with_it, without in pairs)
    without = statistics.median(one for _, one in pairs)
    print(f"{steps} steps, {PROBES} probes, {FREQUENCIES} frequencies: {without:.1f} s without, ratio {ratio:.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
