"""Which steps make a classifier faster on this machine and leave its predictions as they are: checked, then timed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from math import sqrt
from statistics import median
from time import perf_counter

import torch
from scipy import stats
from torch import Tensor, nn

from fourierscope.fourier import wave
from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.heap import freed_memory_kept
from fourierscope.subjects.prepared.compiling import compiled_function, compiler
from fourierscope.subjects.prepared.folding import fold
from fourierscope.subjects.prepared.network import Prepared, looked_at_once
from fourierscope.subjects.prepared.plan import BFLOAT16, COMPILATION, FOLDING, LAYOUT, STEPS, Asked, Plan
from fourierscope.subjects.prepared.watching import has_hooks
from fourierscope.subjects.samples import Samples

MOST_FLIPS = 0.01
"""Share of predictions that may change, by the point estimate."""
_CHECKED = 512  # predictions compared, of small images
_PIXELS = 2**23  # of all images compared: fewer of large ones
_RMS = 0.1  # of the waves added: in the range of heat maps, where predictions are close to turning
_TURNS = 4  # timed, after one that warms up
_GAIN = {"fast": 0.98, "auto": 0.95}  # the share of the time without a step that its time must stay below
_ROUNDING = 1e-3  # of the largest logit: what float32 may change by another order of sums


def plan_for(classifier: Classifier, samples: Samples, kind: Asked, size: int) -> Plan:
    """The steps worth taking for batches of `size` images, each with its check.

    A step that does not apply, changes more than 1 % of the predictions under waves, or gains nothing by timing, is
    left out, with the reason. "fast" also compiles; "auto" does not, for compiling takes up to a minute, and it stays
    with the network as it is where the gain is below 5 %.
    """
    if reason := _unfit(classifier):
        return Plan(kind, (), dict.fromkeys(STEPS, reason))
    accelerators = [] if classifier.device.type == "cpu" else [classifier.device]
    with torch.random.fork_rng(accelerators), freed_memory_kept():  # a network may draw, and so may its compilation
        try:
            probe = Probe.of(classifier, samples, size)
        except (ValueError, TypeError):
            return Plan(kind, (), dict.fromkeys(STEPS, "the network's outputs are no logits, which could be compared"))
        return _Choice(classifier, probe, kind).plan()


@dataclass
class Probe:
    """Perturbed images, what the network as it is says of them, and a full batch to be timed with."""

    images: Tensor
    logits: Tensor
    batch: Tensor
    on: str

    @classmethod
    def of(cls, classifier: Classifier, samples: Samples, size: int) -> Probe:
        plane = samples.plane
        count = max(64, min(_CHECKED, _PIXELS // (plane.height * plane.width)))
        places = torch.arange(count) * len(samples) // count
        images = samples.subset(places).batch()
        images = torch.stack(list(map(_perturbed, images, islice(cycle(_waves(samples, count)), count), range(count))))
        batch = images[torch.arange(size) % count].to(classifier.device)
        distinct = min(count, len(samples))
        on = f"{count} predictions: {distinct} of the images, each under a Fourier wave of RMS {_RMS}, clipped"
        return cls(images, _answers(classifier, images, size), batch, on)


def _waves(samples: Samples, count: int) -> Iterator[Tensor]:
    """Waves (h, w) of the probe's RMS, their frequencies spread over the plane; frequency zero among them."""
    plane = samples.plane
    frequencies = plane.waves()
    turn = int(len(frequencies) * (sqrt(5) - 1) / 2) or 1  # the golden section spreads any number of them evenly
    for index in range(min(count, len(frequencies))):
        chosen = frequencies[index * turn % len(frequencies)]
        yield (_RMS * sqrt(plane.height * plane.width) * wave(plane, chosen)).float()


def _perturbed(image: Tensor, added: Tensor, index: int) -> Tensor:
    """The image (c, h, w) under a wave whose sign differs from channel to channel as the digits of `index` do."""
    signs = image.new_tensor([1 - 2 * (index >> channel & 1) for channel in range(len(image))])
    return (image + signs[:, None, None] * added).clamp(0, 1)


class _Choice:
    """One choice at work: what was left out so far, and why."""

    def __init__(self, classifier: Classifier, probe: Probe, kind: Asked) -> None:
        self.classifier, self.probe, self.kind = classifier, probe, kind
        self.left_out: dict[str, str] = {}

    def plan(self) -> Plan:
        best, answering = self._quickest(self._candidates())
        if self.kind == "fast":
            best, answering = self._with_compilation(best, answering)
        else:
            self.left_out[COMPILATION] = "auto does not compile, which takes long: ask for fast"
        for step in STEPS:
            if step not in best:
                self.left_out.setdefault(step, "no faster here")
        left_out = {step: reason for step, reason in self.left_out.items() if step not in best}
        return Plan(self.kind, best, left_out, self._compared(answering) if best else {})

    def _candidates(self) -> dict[tuple[str, ...], Classifier]:
        """Sets of steps, with the classifier that answers so, as far as they apply; none of them first."""
        found: dict[tuple[str, ...], Classifier] = {(): self.classifier}
        first: tuple[str, ...] = ()
        if reason := self._unfolded(self.classifier.network):
            self.left_out[FOLDING] = reason
        elif made := self._sound((FOLDING,)):
            first, found[(FOLDING,)] = (FOLDING,), made
        for added in ((LAYOUT,), (BFLOAT16,), (LAYOUT, BFLOAT16)):
            # what is unsound alone stays out of every set, for bfloat16 would hide it among its rounding
            if not self.left_out.keys() & set(added) and (made := self._sound((*first, *added))):
                found[(*first, *added)] = made
        return found

    def _unfolded(self, network: nn.Module) -> str:
        """Why batch norm is not folded; nothing where it is."""
        if not any(isinstance(one, nn.modules.batchnorm._BatchNorm) for one in network.modules()):
            return "the network has no batch norm"
        try:
            folded, count = fold(copy.deepcopy(network).eval().requires_grad_(False))
        except Exception as error:
            return f"the network cannot be taken apart ({_said(error)})"
        del folded
        return "" if count else "no batch norm follows a convolution or linear layer that a trace of the network shows"

    def _sound(self, steps: tuple[str, ...]) -> Classifier | None:
        """The classifier behind these steps, if it answers, with logits that are those of the network but for rounding.

        bfloat16 rounds more: its predictions are compared when it has proved faster.
        """
        try:
            made = prepared(self.classifier, Plan(self.kind, steps), tuple(self.probe.batch.shape))
            assert made.prepared is not None
            made.prepared.make()
            first = self.probe.images[: len(self.probe.batch)]
            logits = _answers(made, first, len(self.probe.batch))
        except Exception as error:  # of any layer that does not know this layout, dtype or graph
            self.left_out.setdefault(steps[-1], f"it fails ({_said(error)})")
            return None
        known = self.probe.logits[: len(first)]
        if BFLOAT16 not in steps and float((logits - known).abs().max()) > _ROUNDING * float(known.abs().max()):
            self.left_out.setdefault(steps[-1], "answers would differ by more than rounding")
            return None
        return made

    def _quickest(self, candidates: dict[tuple[str, ...], Classifier]) -> tuple[tuple[str, ...], Classifier]:
        """The steps of the shortest time whose flips stay within the bound; fewer of them where times tie."""
        times = _timed({steps: _asking(one, self.probe.batch) for steps, one in candidates.items()})
        while True:
            limit = min(times.values()) / _GAIN[self.kind]
            best = next(steps for steps, time in times.items() if time <= limit)
            if not best or self._flips(candidates[best]) <= MOST_FLIPS:
                return best, candidates[best]
            spoilt = [steps for steps in times if BFLOAT16 in steps] if BFLOAT16 in best else [best]
            times = {steps: time for steps, time in times.items() if steps not in spoilt}

    def _with_compilation(self, best: tuple[str, ...], plain: Classifier) -> tuple[tuple[str, ...], Classifier]:
        steps = (*best, COMPILATION)
        if compiler() is None:
            self.left_out[COMPILATION] = "no C++ compiler was found"
            return best, plain
        if not self._each_alone():
            self.left_out[COMPILATION] = "an answer depends on the other images of its batch"
            return best, plain
        made = self._sound(steps)
        if made is None:
            return best, plain
        times = _timed({one: _asking(who, self.probe.batch) for one, who in ((best, plain), (steps, made))})
        if times[steps] > _GAIN["fast"] * times[best] or self._flips(made) > MOST_FLIPS:
            return best, plain
        return steps, made

    def _each_alone(self) -> bool:
        """Whether fewer images get the same answers but for rounding: compiled code gets such batches filled up."""
        size = len(self.probe.batch)
        few = min(size // 2 + 1, len(self.probe.images))
        logits, known = _answers(self.classifier, self.probe.images[:few], size), self.probe.logits[:few]
        return float((logits - known).abs().max()) <= _ROUNDING * float(known.abs().max())

    def _flips(self, answering: Classifier) -> float:
        """The share of predictions that change; where it is too much, the step that rounds most is told so."""
        logits = _answers(answering, self.probe.images, len(self.probe.batch))
        rate = float((logits.argmax(1) != self.probe.logits.argmax(1)).double().mean())
        if rate > MOST_FLIPS and answering.prepared is not None:
            steps = answering.prepared.plan.steps
            rounds = BFLOAT16 if BFLOAT16 in steps and COMPILATION not in steps else steps[-1]
            self.left_out[rounds] = f"{rate:.2%} of the predictions flip, and at most {MOST_FLIPS:.0%} may"
        return rate

    def _compared(self, answering: Classifier) -> dict[str, object]:
        """The share of predictions that change, with its Wilson interval at 95 %."""
        rate, n = self._flips(answering), len(self.probe.images)
        interval = stats.binomtest(round(rate * n), n).proportion_ci(method="wilson")
        low, high = (round(float(one), 6) for one in interval)
        return {"flip_rate": round(rate, 6), "low": low, "high": high, "n": n, "on": self.probe.on}


def prepared(classifier: Classifier, plan: Plan, shape: tuple[int, ...]) -> Classifier:
    """The classifier with a copy of its network behind the steps of a plan, for batches (b, c, h, w)."""
    made = copy.copy(classifier)
    normalises = classifier.normalises_itself and classifier.mean is not None
    made.prepared, made.origin = Prepared(classifier.network, plan, shape, normalises), classifier
    return made


def compiled_beside(
    classifier: Classifier, function: Callable[..., Tensor], shape: tuple[int, ...]
) -> Callable[..., Tensor]:
    """A function that makes images of this shape for a classifier: compiled where the classifier's copy is."""
    faster = classifier.prepared
    if faster is None or faster.network is not classifier.network or not faster.runs_compiled():
        return function
    return compiled_function(function, shape)


def _unfit(classifier: Classifier) -> str:
    """Why no step applies; nothing where some may."""
    network = classifier.network
    if not isinstance(network, nn.Module):
        return "the network is a function, whose layers nobody knows"
    if has_hooks(network):
        return "the network has hooks, which a changed copy might not feel"
    if any("forward" in vars(one) for one in network.modules()):
        return "a forward pass was put upon an object, and a copy of it might ask that object"
    others = sorted({str(one.dtype).removeprefix("torch.") for one in network.parameters()} - {"float32"})
    return f"the network holds weights in {', '.join(others)}" if others else ""


def _answers(classifier: Classifier, images: Tensor, size: int) -> Tensor:
    """Logits (n, classes), on the CPU, of images (n, c, h, w)."""
    with torch.no_grad():
        return torch.cat([classifier(part.to(classifier.device)).float().cpu() for part in images.split(size)])


def _asking(classifier: Classifier, batch: Tensor) -> Callable[[], object]:
    return lambda: classifier(batch)


def _timed(several: dict[tuple[str, ...], Callable[[], object]]) -> dict[tuple[str, ...], float]:
    """Seconds that each takes, the median of some turns; all take their turn before any takes another."""
    times: dict[tuple[str, ...], list[float]] = {name: [] for name in several}
    with torch.no_grad(), looked_at_once():
        for _ in range(_TURNS + 1):
            for name, work in several.items():
                start = perf_counter()
                work()
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                times[name].append(perf_counter() - start)
    return {name: median(taken[1:]) for name, taken in times.items()}


def _said(error: Exception) -> str:
    """The first line of an error, short, without what differs from run to run."""
    return f"{type(error).__name__}: {str(error).strip().split(chr(10), 1)[0][:80]}"
