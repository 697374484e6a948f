"""Seconds that the linear frequency principle takes: the solution at many points, in ten dimensions and on a line.

5,000 points in 10 dimensions are to take less than a minute on 2 cores. Run: python benchmarks/linear_principle.py
"""

from __future__ import annotations

import sys
import time

import torch

from fourierscope.theory import lfp

SIZES = ((5000, 10), (1_000_000, 1))
MOST = 60.0  # seconds, for the first


def main(threads: int = 2) -> int:
    torch.set_num_threads(threads)
    chance = torch.Generator().manual_seed(0)
    taken = []
    for count, dimension in SIZES:
        points = torch.rand(count, dimension, generator=chance, dtype=torch.float64)
        values = torch.randn(count, generator=chance, dtype=torch.float64)
        begun = time.perf_counter()
        function = lfp.solve(points, values, 1.0, 1.0)
        taken.append(time.perf_counter() - begun)
        missed = float((function(points) - values).abs().max())
        print(f"{count:,} points, {dimension} dimensions: {taken[-1]:.1f} s; misses values by {missed:.0e} at most")
    return int(taken[0] > MOST)


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in sys.argv[1:2])))
