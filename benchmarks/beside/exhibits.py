"""The exhibits: each measures, turn by turn, and gives a table as columns, rows and notes."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

import fourierscope as fs
from benchmarks import masks as mask_race
from benchmarks.beside import loop
from benchmarks.beside.peer import RELEASE, Peer
from benchmarks.beside.sides import CROP, NORM, OURS_BATCH, Precision, Side, asked_of, of_loop, of_ours, of_peer
from fourierscope.runs.batching import batch_size_of
from fourierscope.runs.engines.engine import largest_batch
from fourierscope.runs.precision import in_precision
from fourierscope.subjects.networks import network_named
from fourierscope.subjects.selection import Selection

Table = dict[str, Any]
AS_PUBLISHED = loop.Manner()
MENDED = {
    "the loop without autograd graph": loop.Manner(graph=False),
    "and without DataLoaders, images opened once": loop.Manner(graph=False, opened=True),
    "and in batches of 64": loop.Manner(OURS_BATCH, graph=False, opened=True),
}
PRECISIONS: tuple[Precision, ...] = ("exact", "fast")


def whole_map(trial: fs.Trial, given: argparse.Namespace) -> Table:
    """The whole map, side by side: seconds scaled up from parts by the images that go through the network."""
    with ExitStack() as kept:
        sides = [of_loop("plain loop, as published", trial, AS_PUBLISHED)]
        sides += [of_loop(name, trial, manner) for name, manner in MENDED.items()]
        if given.peer:
            peer = kept.enter_context(Peer(trial, given.threads))
            sides += [of_peer(f"{RELEASE}, batches of {size}", trial, peer, size) for size in (512, OURS_BATCH)]
        sides += [of_ours(f"fourierscope, {precision}", trial, precision) for precision in PRECISIONS]
        rates = in_turn(sides, given.pairs)
    seconds = {side.name: [side.whole / rate for rate in rates[side.name]] for side in sides}
    first = seconds[sides[0].name]
    rows = [
        [
            side.name,
            f"{side.whole:,}",
            spread(rates[side.name]),
            spread(seconds[side.name]),
            spread([theirs / ours for theirs, ours in zip(first, seconds[side.name], strict=True)], ".2f"),
        ]
        for side in sides
    ]
    columns = ["side", "forwards of the map", "forwards a second", "seconds of the map", "times the loop"]
    medians = {side.name: statistics.median(seconds[side.name]) for side in sides}
    return table("map", columns, rows, medians, given.pairs)


def precision(trial: fs.Trial, given: argparse.Namespace) -> Table:
    """The map at "fast" beside the map at "exact": mean absolute difference over waves, with its bootstrap interval."""
    question = fs.HeatMap(stride=given.stride)
    wrong, seconds = {}, {}
    for word in PRECISIONS:
        made = in_precision(question, trial, word, None, "auto")
        with batch_size_of(largest_batch(made)):
            outcomes(fs.HeatMap(crop=1), made)  # compiles
            start = time.perf_counter()
            wrong[word] = outcomes(question, made)
        seconds[word] = time.perf_counter() - start
    change = (wrong["fast"] - wrong["exact"]).astype(np.float32)  # (waves, n)
    n = change.shape[1]
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), 1000)
    redrawn = np.abs(change @ draws.T / n).mean(0)
    found = np.abs(change.mean(1)).mean()
    low, high = 100 * (np.quantile(redrawn, (0.025, 0.975)) - redrawn.mean() + found)  # redrawn means are larger
    row = [
        str(len(change)),
        f"{100 * found:.3f} ({low:.3f} to {high:.3f})",
        f"{100 * change.mean():+.3f}",
        f"{100 * np.abs(change).mean():.3f}",
        *(f"{seconds[word]:.1f}" for word in PRECISIONS),
    ]
    columns = [
        "waves",
        "mean absolute difference, points",
        "mean difference",
        "outcomes that change, %",
        "seconds, `exact`",
        "seconds, `fast`",
    ]
    return table("precision", columns, [row], {})


def agreement(trial: fs.Trial, given: argparse.Namespace) -> Table:
    """Whether the sides measure the same: error under the same waves, beside what other signs change."""
    plane = trial.samples.plane
    waves = plane.waves(3)
    ours = [100 * outcomes(fs.HeatMap(crop=3, seed=seed), trial).mean(1) for seed in (0, 1)]
    subject = asked_of(trial)
    theirs = [100 * loop.error(subject, *wave, NORM, loop.Manner(OURS_BATCH, 0, False, True)) for wave in waves]
    cosines = 100 * outcomes(fs.HeatMap(crop=3, phases=4), trial, phase=3).mean(1)  # its phase is half a turn
    rows = [["fourierscope, other signs", *apart(ours[0], ours[1])], ["plain loop", *apart(cosines, theirs)]]
    if given.peer:
        with Peer(trial, given.threads) as peer:
            errors = peer.ask(waves, plane.height, OURS_BATCH, NORM)[1]
        rows.append([RELEASE, *apart(ours[0], [100 * one for one in errors])])
    return table("agreement", ["beside our map", "mean difference, points", "root mean square, points"], rows, {})


def cost(trial: fs.Trial, given: argparse.Namespace) -> Table:
    """What our map costs by number of images, image size, network and workers."""
    sides: list[tuple[str, str, Side]] = []
    for what, of, one, workers in settings(trial, given):
        sides += [(what, of, of_ours(word, one, word, workers, crop=3 if given.smoke else CROP)) for word in PRECISIONS]
    rows = []
    for place in range(0, len(sides), 2):
        pair = [side for _, _, side in sides[place : place + 2]]
        rates = in_turn(pair, given.pairs)
        told = []
        for side in pair:
            told += [spread(rates[side.name]), spread([side.whole / rate for rate in rates[side.name]])]
        rows.append([*sides[place][:2], *told])
    columns = [
        "by",
        "of",
        "exact: forwards a second",
        "seconds of the map",
        "fast: forwards a second",
        "seconds of the map",
    ]
    return table("cost", columns, rows, {}, given.pairs)


def settings(trial: fs.Trial, given: argparse.Namespace) -> Iterable[tuple[str, str, fs.Trial, int]]:
    """What varies, its value, the trial and the number of workers."""
    most = len(trial.samples)
    if given.smoke:
        yield "workers", "1", trial, 1
        return
    for count in (most // 8, most // 2, most):
        yield "images", f"{count:,}", fs.Trial(trial.classifier, trial.samples.limited(count)), 1
    for side in (16, 32, 64):
        some = Selection(limit=max(8, min(most, most * 256 // side**2)), size=side).of(trial.samples)
        yield "image size", f"{side} x {side}, {len(some):,} images", fs.Trial(trial.classifier, some), 1
    for name in ("small", "resnet20", "resnet56"):
        classifier = fs.Classifier(network_named(name).eval(), name, mean=0.5, std=0.25)
        some = trial.samples.limited(max(8, most // 8))
        yield "network", f"{name}, {len(some):,} images", fs.Trial(classifier, some), 1
    for workers in (1, 2):
        some = trial.samples.limited(most // 2)
        yield "workers", f"{workers}, {len(some):,} images", fs.Trial(trial.classifier, some), workers


def masks(trial: fs.Trial, given: argparse.Namespace) -> Table:
    """Gradient steps of masks a second, the solver beside one image at a time by Adam (`benchmarks/masks.py`)."""
    many, steps = (4, 2) if given.smoke else (64, 50)
    rates = mask_race.step_rates(
        trial, masks=min(many, len(trial.samples)), one_by_one=2, steps=steps, pairs=given.pairs
    )
    ours, theirs = zip(*rates, strict=True)
    ratios = [one / other for one, other in rates]
    row = [str(many), spread(ours), spread(theirs), spread(ratios, ".2f")]
    return table("masks", ["masks at a time", "steps a second", "one at a time", "ratio"], [row], {}, given.pairs)


EXHIBITS = {one.__name__: one for one in (whole_map, precision, agreement, cost, masks)}


def in_turn(sides: Sequence[Side], pairs: int) -> dict[str, list[float]]:
    """Forwards a second of every side, one after the other, as often as `pairs` says; a first turn is not counted."""
    rates: dict[str, list[float]] = {side.name: [] for side in sides}
    for turn in range(pairs + 1):
        for side in sides:
            seconds, forwards = side.part()
            print(f"turn {turn}, {side.name}: {forwards / seconds:,.0f} forwards/s", file=sys.stderr, flush=True)
            rates[side.name] += [forwards / seconds] if turn else []
    return rates


def outcomes(question: fs.HeatMap, trial: fs.Trial, phase: int = 0) -> Any:
    """Whether each image is wrong under each wave (waves, n)."""
    cells = list(question.cells(trial))
    whole = np.empty((max(cell.last for cell in cells), len(trial.samples)), np.float32)
    for cell in cells:
        whole[cell.first : cell.last, cell.start : cell.stop] = question.measure(cell, trial)["scores"][:, phase]
    return whole


def apart(ours: Any, theirs: Any) -> list[str]:
    """Mean and root mean square of a difference."""
    change = np.asarray(theirs) - np.asarray(ours)
    return [f"{change.mean():+.2f}", f"{np.sqrt((change**2).mean()):.2f}"]


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """The median, with the least and the largest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def table(
    name: str, columns: list[str], rows: list[list[str]], seconds: dict[str, float], turns: int | None = None
) -> Table:
    return {"name": name, "columns": columns, "rows": rows, "seconds": seconds, "turns": turns}
