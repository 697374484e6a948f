"""Is this classifier fed as it was trained? Asked before any question: a wrong answer here spoils all others."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from fourierscope.fourier.kinds import check_whole
from fourierscope.subjects.alternatives import SIGNIFICANT, alternatives, as_given, better, predictions
from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.trial import Trial, check_subject

_PIXELS = 2**18  # of a batch
_DARK = 0.02  # images that are nowhere brighter were divided by 255 twice
_REPEATED = 32  # images asked again
_PASS_CURVE = 25  # passes over the images in a PassCurve by default: two parts, twelve radii, and unfiltered
_FEW = 30  # images below which an accuracy says little
_ALIKE = 0.02  # accuracies that tell no two ways to feed a network apart
_CHANCE = 0.01  # p above which an accuracy is no better than chance
_TOLERANCE = {"float64": 0.01, "float32": 0.01, "bfloat16": 0.2, "float16": 0.05}  # of the logits' standard deviation


class CheckFailed(ValueError):
    """Something is wrong with a classifier, its samples, or how they fit. `check` holds all that was found."""

    def __init__(self, check: Check) -> None:
        self.check = check
        failed = [line for line in check.lines if line.state == "failed"]
        listed = "\n".join(f"  {line.name}: {line.found} {line.mend}" for line in failed)
        super().__init__(f"{len(failed)} of {len(check.lines)} checks failed for {check.subject}:\n{listed}")


@dataclass(frozen=True)
class Line:
    """One thing checked: what was found, whether that is well, and how to mend it where it is not."""

    name: str
    found: str
    state: Literal["ok", "note", "failed"] = "ok"
    mend: str = ""


@dataclass(frozen=True)
class Check:
    """What was found, line by line; images a second; and the seconds that a HeatMap and a PassCurve will take."""

    subject: str
    lines: tuple[Line, ...]
    images_per_second: float = float("nan")
    heat_map_seconds: float = float("nan")
    pass_curve_seconds: float = float("nan")

    def __str__(self) -> str:
        rows = [(str(line.state), line.name, f"{line.found} {line.mend}".strip()) for line in self.lines]
        whole, curve = _duration(self.heat_map_seconds), _duration(self.pass_curve_seconds)
        if self.images_per_second > 0:  # not NaN
            says = f"{self.images_per_second:,.0f} images a second: HeatMap {whole}, PassCurve {curve}"
            rows.append(("", "estimated time", says))
        width = max(len(name) for _, name, _ in rows)
        return "\n".join([self.subject, *(f"  {state:6}  {name:{width}}  {found}" for state, name, found in rows)])


def check(trial: Trial, limit: int = 1000) -> Check:
    """Whether a trial is as it is meant: outputs, labels, normalisation, order of channels, range, mode, repeatability.

    At most `limit` images are asked. Where labels are known, the network is also fed in the ways that are commonly
    mistaken for each other (without normalisation, with common ones, channels reversed, in 0..255), and if one of them
    is better by two points and at p < 0.001 (McNemar's exact test, same images), the check fails and says which.

    Returns what was found, with estimated times for all of the trial's samples. Raises CheckFailed, a ValueError, that
    names everything wrong with how to mend it.
    """
    check_subject(trial, Trial, "check")
    check_whole(1, limit=limit)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is in train mode")  # a line of its own says so
        found = _checked(trial, Trial(trial.classifier, trial.samples.limited(limit)))
    if any(line.state == "failed" for line in found.lines):
        raise CheckFailed(found)
    return found


def _checked(trial: Trial, few: Trial) -> Check:
    subject = f"{trial.classifier.name} on {trial.samples.name}"
    lines = [_mode(trial.classifier), _preprocessing(trial.classifier), _range(few)]
    order = torch.randperm(len(few.samples), generator=torch.Generator().manual_seed(0))
    few = Trial(few.classifier, few.samples.subset(order))  # any first part of it is a fair draw
    outputs, logits = _outputs(few)
    lines.append(outputs)
    if logits is None:
        return Check(subject, tuple(lines))
    lines += [_input(few), *_repeated(few, logits)]
    logits, seconds = _all_logits(few)
    lines.append(_bare(few, logits))
    if lines[2].state == "failed":
        lines.append(Line("accuracy", "not looked at before the range is mended", "note"))
    else:
        lines += list(_labelled(few, logits))
    rate, count = len(few.samples) / seconds, len(trial.samples)
    waves = len(trial.samples.plane.waves())
    return Check(subject, tuple(lines), rate, count * (waves + 1) / rate, count * _PASS_CURVE / rate)


def _mode(classifier: Classifier) -> Line:
    modules = dict(classifier.network.named_modules()) if isinstance(classifier.network, nn.Module) else {}
    training = [name or "the whole network" for name, module in modules.items() if module.training]
    if not training:
        return Line("mode", "the network is in eval mode" if modules else "a plain function, without modes")
    found = f"{len(training)} of {len(modules)} modules are in train mode ({', '.join(training[:3])})."
    return Line("mode", found, "failed", "Write network.eval() before Classifier(network).")


def _preprocessing(classifier: Classifier) -> Line:
    if classifier.mean is None:
        return Line("normalisation", classifier.provenance)
    return Line("normalisation", f"mean={classifier.mean}, std={classifier.std}; {classifier.provenance}")


def _range(few: Trial) -> Line:
    low, high = 1.0, 0.0
    for images in _batches(few):
        low, high = min(low, float(images.min())), max(high, float(images.max()))
    found = f"images lie in {low:.3g} to {high:.3g}"
    if high < _DARK:
        mend = "They seem to be divided by 255 twice: give uint8 as it comes, or floating point in [0, 1]."
        return Line("range", f"{found}, almost black.", "failed", mend)
    if low == high:
        return Line("range", f"all images are one colour, {low:.3g}.", "failed", "Look at how they were read.")
    if high - low < 0.25:
        return Line("range", f"{found}: of low contrast", "note")
    return Line("range", found)


def _outputs(few: Trial) -> tuple[Line, Tensor | None]:
    """The line on outputs, and logits of the first images where there are any."""
    images = few.samples.batch(0, _REPEATED)
    try:
        with torch.no_grad():
            logits = few.classifier(images).cpu()
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        mend = f"Images are {tuple(images.shape)}; does the network take that size and so many channels?"
        found = few.classifier.other_channels(images.shape[1]) or f"{type(error).__name__}: {error}"
        return Line("outputs", found, "failed", mend), None
    return Line("outputs", f"finite logits of {logits.shape[1]} classes"), logits


def _input(few: Trial) -> Line:
    images = few.samples.batch(0, _REPEATED).to(few.classifier.device)
    given = as_given(few.classifier)(images).clone().to(few.classifier.input_dtype(images))
    kept = given.clone()
    with torch.no_grad(), few.classifier.evaluating():
        few.classifier.network(given)
    if torch.equal(given, kept):
        return Line("input", "the network leaves its input as it is")
    return Line("input", "the network changes its input in place; it gets a copy, so this does no harm", "note")


def _repeated(few: Trial, logits: Tensor) -> Iterator[Line]:
    """The same images once more, and one by one."""
    images = few.samples.batch(0, len(logits))
    rounding = max(_TOLERANCE[one] for one in (few.classifier.precision, _own_precision(few)))
    allowed = rounding * float(logits.std())
    with torch.no_grad():
        again = few.classifier(images).cpu()
        if float((again - logits).abs().max()) > allowed:
            mend = "Its answers are random: take the randomness out, or fix its seed within the network."
            yield Line("asked twice", _change(logits, again), "failed", mend)
            return
        yield Line("asked twice", "the same answers")
        mend = "Its answers depend on the batch: does it normalise over the batch, or squeeze its outputs?"
        try:
            singly = torch.cat([few.classifier(image[None]) for image in images]).cpu()
        except (ValueError, TypeError, RuntimeError, IndexError) as error:
            yield Line("asked one by one", f"{type(error).__name__}: {error}", "failed", mend)
            return
    if float((singly - logits).abs().max()) > allowed:
        yield Line("asked one by one", _change(logits, singly), "failed", mend)
    else:
        yield Line("asked one by one", "the same answers")


def _own_precision(few: Trial) -> str:
    return str(few.classifier.input_dtype(few.samples.batch(0, 1))).removeprefix("torch.")


def _change(first: Tensor, second: Tensor) -> str:
    flips, most = int((first.argmax(1) != second.argmax(1)).sum()), float((first - second).abs().max())
    return f"{flips} of {len(first)} predictions change, logits by up to {most:.3g}."


def _all_logits(few: Trial) -> tuple[Tensor, float]:
    """Logits of all images, and the seconds they took."""
    with torch.no_grad():
        start = time.perf_counter()
        logits = torch.cat([few.classifier(images).cpu() for images in _batches(few)])
        return logits, time.perf_counter() - start


def _bare(few: Trial, logits: Tensor) -> Line:
    classifier = few.classifier
    found = [predictions(classifier, as_given(classifier), images) for images in _batches(few)]
    differ = int((torch.cat(found) != logits.argmax(1)).sum())
    by_hand = f"fed by hand in {_own_precision(few)}"
    says = f"{len(logits) - differ} of {len(logits)} predictions agree with the bare network's, {by_hand}"
    if differ <= 0.01 * len(logits):
        return Line("wrapper", says)
    mend = f"{classifier.precision} changes its answers: take precision='float32', or look at what the network does."
    return Line("wrapper", f"only {says}.", "failed", mend)


def _labelled(few: Trial, logits: Tensor) -> Iterator[Line]:
    if few.samples.labels is None:
        missing = (
            "could not be checked without labels: accuracy, whether the normalisation fits, order of channels, scale"
        )
        yield Line("labels", missing, "note")
        return
    try:
        labels = few.labels(logits)
    except ValueError as error:
        yield Line("labels", str(error), "failed", "Take the samples that the classifier was trained for.")
        return
    names = few.samples.classes
    if names is not None and len(names) != logits.shape[1]:
        yield Line("labels", f"{len(names)} class names for {logits.shape[1]} classes", "note")
    else:
        used = len(labels.unique())
        fit = "fit" if used == logits.shape[1] else f"use {used} of"
        yield Line("labels", f"{fit} {logits.shape[1]} classes")
    right = logits.argmax(1) == labels
    accuracy = float(right.float().mean())
    found = _fed_otherwise(few, right, logits.shape[1])
    yield found
    yield _accuracy(accuracy, right, logits.shape[1], explained=found.state == "failed")


def _fed_otherwise(few: Trial, right: Tensor, classes: int) -> Line:
    labels, tried = few.samples.needed_labels(), list(alternatives(few.classifier, few.samples.channels))
    starts = range(0, len(labels), _batch(few))
    pairs = [(images, labels[start : start + len(images)]) for start, images in zip(starts, _batches(few), strict=True)]
    found = [one for one in (better(few.classifier, pairs, right, each, classes) for each in tried) if one is not None]
    if not found:
        return Line("fed otherwise", f"none of {len(tried)} other ways to feed the network is better")
    sure = [one for one in found if one.p < SIGNIFICANT]
    if not sure:
        most = max(found, key=lambda one: one.accuracy)
        says = (
            f"accuracy is {float(right.float().mean()):.3f} as given and {most.accuracy:.3f} {most.alternative.says} "
            f"(p = {most.p:.1g}): {len(right)} images are too few to tell. Check with more."
        )
        return Line("fed otherwise", says, "note")
    found, best = sure, max(one.accuracy for one in sure)
    first, *others = [one for one in found if one.accuracy > best - _ALIKE]  # the simplest explanation comes first
    says = (
        f"Accuracy is {float(right.float().mean()):.3f} as given and {first.accuracy:.3f} {first.alternative.says} "
        f"({len(right)} images, p = {first.p:.1g})."
    )
    alike = "; ".join(f"{one.accuracy:.3f} {one.alternative.says}" for one in others)
    mend = first.alternative.mend + (f" About as good: {alike}." if others else "")
    return Line("fed otherwise", says, "failed", mend)


def _accuracy(accuracy: float, right: Tensor, classes: int, explained: bool) -> Line:
    from scipy.stats import binomtest

    found = f"{accuracy:.3f} on {len(right)} images"
    if len(right) < _FEW:
        return Line("accuracy", f"{found}: too few to say much", "note")
    if explained or binomtest(int(right.sum()), len(right), 1 / classes, "greater").pvalue < _CHANCE:
        return Line("accuracy", found)
    mend = (
        "Are these the right weights, are labels numbered in the same order as the classes, and is the normalisation "
        "one that was not tried?"
    )
    return Line("accuracy", f"{found} is no better than chance, 1 of {classes}.", "failed", mend)


def _batches(few: Trial) -> Iterator[Tensor]:
    for start in range(0, len(few.samples), _batch(few)):
        yield few.samples.batch(start, start + _batch(few))


def _batch(few: Trial) -> int:
    plane = few.samples.plane
    return max(8, min(100, _PIXELS // (plane.height * plane.width)))


def _duration(seconds: float) -> str:
    if not seconds < float("inf"):
        return "unknown"
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else "under a second"
