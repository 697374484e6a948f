"""How much faster masks come than one at a time by Adam: `python benchmarks/masks.py`.

Two ratios, both of this package over a plain loop that makes the mask of one image after the other, as the article's
code does: a full plane of gains, Adam with clamping at the learning rate that its schedule really reaches (0.0085), the
fidelity exp(D^2), a second forward pass at every step to see whether the prediction is kept, and its stopping rule.

1. Steps per second: gradient steps of masks, whatever they achieve.
2. Masks per second to the same objective: the loop runs until its own rule stops it; the solver gets the fewest steps
   at which its masks are at least as good in the mean.

Both sides have the same network, precision, images and threads, and take turns.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

import fourierscope as fs
from fourierscope.analyses.masks.adam import FIDELITY_REST, MOMENTS, QUIET, RATE, SIZE_REST
from fourierscope.analyses.masks.fidelity import loss_named
from fourierscope.analyses.masks.objective import Asked, ImageObjective, predictions
from fourierscope.analyses.masks.search import Shakes, searched
from fourierscope.analyses.masks.solver import Masks, Penalty, Stop
from fourierscope.treatments.infills import Infills

SPARSITY = 0.07
BUDGETS = (25, 50, 75, 100, 150, 200, 300, 400)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--classifier", default="reference:cifar10-resnet20-natural")
    parser.add_argument("--samples", default="patches:test", help="Images of 32 x 32, such as npz:cifar10_test.npz.")
    parser.add_argument("--masks", type=int, default=256, help="Masks that the solver makes at a time.")
    parser.add_argument("--one-by-one", type=int, default=8, help="Masks that the loop makes.")
    parser.add_argument("--steps", type=int, default=100, help="Steps of a mask when steps are timed.")
    parser.add_argument("--most", type=int, default=20_000, help="Most steps of the loop for a mask.")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    given = parser.parse_args()
    for precision in given.precisions:
        classifier = fs.open_classifier(given.classifier)
        classifier.precision = precision
        assert isinstance(classifier.network, torch.nn.Module)
        classifier.network.requires_grad_(False)  # as the loop's authors do; the solver asks for no more either way
        trial = fs.Trial(classifier, fs.open_samples(given.samples, limit=given.masks))
        timed_steps(trial, given, precision)
        timed_masks(trial, given, precision)


def timed_steps(trial: fs.Trial, given: argparse.Namespace, precision: str) -> None:
    """Steps of masks per second, turn by turn."""
    rates = step_rates(trial, given.masks, given.one_by_one, given.steps, given.pairs)
    ours, theirs = (statistics.median(side) for side in zip(*rates, strict=True))
    ratio = statistics.median(one / other for one, other in rates)
    print(f"{precision}: {ours:,.0f} steps/s, the loop {theirs:,.1f} steps/s, median ratio {ratio:.1f}")


def step_rates(trial: fs.Trial, masks: int, one_by_one: int, steps: int, pairs: int) -> list[tuple[float, float]]:
    """Steps per second of the solver and of the loop in each turn."""
    rates = []
    for _ in range(pairs):
        start = time.perf_counter()
        made = solved(trial, masks, steps)
        ours = int(made.steps.sum()) / (time.perf_counter() - start)
        start = time.perf_counter()
        taken = sum(adam(trial, place, steps)[1] for place in range(one_by_one))
        rates.append((ours, taken / (time.perf_counter() - start)))
    return rates


def timed_masks(trial: fs.Trial, given: argparse.Namespace, precision: str) -> None:
    """Masks per second to the objective that the loop reaches."""
    start = time.perf_counter()
    loop = [adam(trial, place, given.most) for place in range(given.one_by_one)]
    theirs = given.one_by_one / (time.perf_counter() - start)
    wanted = statistics.mean(objective for objective, _ in loop)
    for budget in BUDGETS:
        start = time.perf_counter()
        made = solved(trial, given.masks, budget)
        ours = given.masks / (time.perf_counter() - start)
        reached = float(made.objective[: given.one_by_one].mean())
        if reached <= wanted or budget == BUDGETS[-1]:
            break
    steps = statistics.mean(taken for _, taken in loop)
    print(
        f"{precision}: the loop reaches {wanted:.5f} in {steps:,.0f} steps a mask, {theirs:.4f} masks/s; the solver "
        f"{reached:.5f} in at most {budget} steps, {ours:.2f} masks/s: ratio {ours / theirs:.0f}"
    )


def solved(trial: fs.Trial, masks: int, steps: int) -> Masks:
    """The masks of the first images, in one batch; none stops before its steps are used up."""
    infills = Infills.of(trial.samples, origin="black")
    asked = Asked(trial, loss_named("squared-difference"), predictions(trial), infills)
    objective = ImageObjective(asked, torch.arange(masks))
    stop = Stop(certificate=-1, rest=-torch.inf, steps=steps)
    start, shakes = torch.full((masks, *asked.gains), 0.5), Shakes.of(asked.gains, steps, torch.Generator())
    return searched(objective, Penalty(SPARSITY), start, masks, stop, shakes)


def adam(trial: fs.Trial, place: int, most: int) -> tuple[float, int]:
    """The objective of one image's mask by the plain loop, and the steps taken."""
    classifier, image = trial.classifier, trial.samples.batch(place, place + 1)
    with torch.no_grad():
        logits = classifier(image)
        target = logits.argmax(1)
        before = cross_entropy(logits, target)
    spectrum = torch.fft.fft2(image)
    gains = torch.ones(1, 1, *image.shape[-2:], requires_grad=True)
    optimiser = torch.optim.Adam([gains], lr=RATE, betas=MOMENTS)
    quiet, steps, last = 0, 0, (torch.inf, torch.inf)
    while quiet < QUIET and steps < most:
        change = (cross_entropy(classifier(masked(spectrum, gains)), target) - before).square()
        (change.exp() + SPARSITY * gains.abs().mean()).backward()
        optimiser.step()
        optimiser.zero_grad()
        with torch.no_grad():
            gains.clamp_(0, 1)
            logits = classifier(masked(spectrum, gains))
            now = float((cross_entropy(logits, target) - before).square()), float(gains.mean())
            rests = abs(now[0] - last[0]) <= FIDELITY_REST and abs(now[1] - last[1]) <= SIZE_REST
            quiet, last, steps = quiet + bool(rests and logits.argmax(1) == target), now, steps + 1
    return float(torch.expm1(torch.tensor(last[0]))) + SPARSITY * last[1], steps


def masked(spectrum: Tensor, gains: Tensor) -> Tensor:
    """The image of a spectrum under gains on the full plane."""
    return torch.fft.ifft2(spectrum * gains).real


if __name__ == "__main__":
    main()
