"""How close a heat map comes to the classifier's own forward rate: `python benchmarks/heat_map.py`.

Measures, five times in turn, the images per second of a heat map (waves, clipping, counting and all) and of bare
forward passes at the same batch size and precision, and prints the ratio of each pair and their median. The limit
is 1.00.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from fourierscope import Classifier, HeatMap, Samples, Trial, open_classifier
from fourierscope.runs import batch_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--classifier", default="reference:natural")
    parser.add_argument("--weights", default=None)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--stride", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    classifier = open_classifier(given.classifier, weights=given.weights)
    images = torch.rand(given.images, 3, given.side, given.side, generator=torch.Generator().manual_seed(0))
    trial = Trial(classifier, Samples(images))
    ratios = []
    for turn in range(given.pairs):
        raw, mapped = forward_rate(classifier, images), heat_map_rate(trial, given.stride)
        ratios.append(mapped / raw)
        print(f"pair {turn + 1}: forward {raw:,.0f} images/s, heat map {mapped:,.0f} images/s, ratio {ratios[-1]:.3f}")
    print(f"median ratio {statistics.median(ratios):.3f}")


def forward_rate(classifier: Classifier, images: torch.Tensor) -> float:
    """Images per second of the bare network on ready, normalised batches."""
    parts = [part.clone() for part in images.split(batch_size(Samples(images).plane, classifier.device))]
    rounds = 8
    with torch.inference_mode(), classifier.evaluating():
        classifier.network(parts[0])
        start = time.perf_counter()
        for _ in range(rounds):
            for part in parts:
                classifier.network(part)
    return rounds * len(images) / (time.perf_counter() - start)


def heat_map_rate(trial: Trial, stride: int) -> float:
    """Perturbed images per second of a whole heat map, clean pass and assembly included."""
    question = HeatMap(score="flips", stride=stride)
    waves = len(trial.samples.plane.waves(stride=stride))
    start = time.perf_counter()
    question(trial)
    return (waves + 1) * len(trial.samples) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
