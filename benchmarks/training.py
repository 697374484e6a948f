"""How close a training comes to a bare loop of PyTorch, and what bfloat16 gains: `python benchmarks/training.py`.

Turn by turn, `train` learns one epoch of random images by each recipe, and a bare loop (forward, cross-entropy,
backward, step, on one batch that stays in memory) makes as many steps at the same precision and layout, so that both
sides meet the same moods of the machine. Printed are images per second of both and the median of their ratios; the
limit is 1.00.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from math import ceil

import torch
from torch import nn

from fourierscope import Classifier, Samples
from fourierscope.subjects.networks import network_named
from fourierscope.training import Recipe, recipe_named, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--network", default="resnet20")
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (given.images, 3, 32, 32), dtype=torch.uint8, generator=generator)
    samples = Samples(images, torch.arange(given.images) % 10)
    fast = replace(recipe_named("cifar10-natural"), epochs=1)
    recipes = {"bfloat16": fast, "float32": replace(fast, precision="float32", channels_last=False)}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in recipes}
    for _ in range(given.pairs):
        for name, recipe in recipes.items():
            rates[name].append((learned(given.network, samples, recipe), bare(given.network, samples, recipe)))
    for name, pairs in rates.items():
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        print(f"{name}: train {ours:,.0f} images/s, bare loop {theirs:,.0f} images/s, median ratio {ratio:.3f}")


def learned(network: str, samples: Samples, recipe: Recipe) -> float:
    """Images per second of `train`."""
    classifier = Classifier(network_named(network), mean=0.5, std=0.25)
    start = time.perf_counter()
    train(classifier, samples, recipe)
    return len(samples) / (time.perf_counter() - start)


def bare(network: str, samples: Samples, recipe: Recipe) -> float:
    """Images per second of the bare loop."""
    made, layout = network_named(network), torch.channels_last if recipe.channels_last else torch.contiguous_format
    made.to(memory_format=layout).train()
    images = ((samples.batch(0, recipe.batch) - 0.5) / 0.25).contiguous(memory_format=layout)
    labels = samples.needed_labels()[: recipe.batch]
    optimiser = torch.optim.SGD(made.parameters(), 0.1, 0.9, nesterov=True, weight_decay=5e-4)
    steps = ceil(len(samples) / recipe.batch)
    start = time.perf_counter()
    for _ in range(steps):
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            logits = made(images)
        loss = nn.functional.cross_entropy(logits.float(), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return steps * recipe.batch / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
