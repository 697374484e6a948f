"""What questions are asked of: a classifier on samples, or samples before and after a change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.prepared import PRECISIONS, Asked, plan_for, prepared, remembered_plan
from fourierscope.subjects.samples import Samples

_FINGERPRINT = 16  # images whose answers tell one network from another
_READ = 4096  # values read of each of their outputs, which may be maps and boxes


@dataclass(frozen=True)
class Trial:
    """A classifier on samples."""

    classifier: Classifier
    samples: Samples

    def __post_init__(self) -> None:
        if not isinstance(self.classifier, Classifier):
            raise TypeError(
                f"A Trial takes a Classifier; {type(self.classifier).__name__} came. "
                "Write fs.Classifier(network, mean=..., std=...)."
            )
        check_subject(self.samples, Samples, "A Trial")

    def labels(self, logits: Tensor) -> Tensor:
        """The labels (n,) of all samples. Raises ValueError where there are none or the logits have fewer classes."""
        labels = self.samples.needed_labels()
        if int(labels.max()) >= logits.shape[1]:
            raise ValueError(
                f"Labels run up to {int(labels.max())}, but {self.classifier.name} has {logits.shape[1]} classes "
                f"(0 to {logits.shape[1] - 1}): these are labels of another task."
            )
        return labels

    def at(self, precision: Asked, size: int = 64, remembered: object = None) -> Trial:
        """This trial, its classifier answering in a precision: `exact` is the network as it is, and this trial itself.

        `fast` and `auto` take the steps that make it faster on this machine in batches of `size` images: batch norm
        folded, channels_last, bfloat16 and, for `fast`, compiled code. Each is taken only if at most 1 % of predictions
        on images under waves change, and if it is faster when timed; a step left out is told in the trace with the
        reason. `remembered` is what an earlier trace holds under "precision": its plan is taken again, without timing.

        Nothing of the network is changed: a copy answers, under `torch.no_grad`. Gradients, activations of layers, and
        answers while the network is altered come from the network itself.

        Raises ValueError for another word, and for a classifier that is not in float32.
        """
        if precision not in PRECISIONS:
            raise ValueError(f"precision is exact, fast or auto; {precision!r} came.")
        if precision == "exact":
            return self if self.classifier.prepared is None else Trial(self.classifier.exact, self.samples)
        classifier = self.classifier.exact
        if classifier.precision != "float32":
            raise ValueError(
                f"{classifier.name} is asked in {classifier.precision} already: open it in float32, and {precision} "
                "finds by itself what is faster."
            )
        plan = remembered_plan(remembered, precision) or plan_for(classifier, self.samples, precision, size)
        return Trial(prepared(classifier, plan, (size, *self.samples.images.shape[1:])), self.samples)

    def trace(self) -> dict[str, Any]:
        """What to record: both traces, and a digest of the answers to the first images.

        Weights do not tell all that a network does (hooks, the code of its layers, what a function closes over).
        """
        classifier = self.classifier.trace() | {"answers": self._answers()}
        return {"classifier": classifier, "samples": self.samples.trace()}

    def _answers(self) -> str:
        """Digest of the outputs of the first images, to three figures, which other processors give too."""
        with torch.no_grad():
            outputs = self.classifier.exact.outputs(self.samples.batch(0, _FINGERPRINT))
        digest = hashlib.sha256()
        for values in _tensors_within(outputs):
            scale = float(values.abs().max()) or 1.0
            digest.update(f"{len(values)} {scale:.2e}".encode())
            digest.update((values / scale * 500).round().to(torch.int16).cpu().numpy().tobytes())
        return digest.hexdigest()


def _tensors_within(outputs: Any) -> Iterator[Tensor]:
    """The real tensors in outputs of any nesting: their values (m,), evenly thinned where they are many."""
    outputs = getattr(outputs, "logits", outputs)
    if isinstance(outputs, Tensor) and outputs.numel() and not outputs.is_complex():
        values = outputs.detach().flatten()
        yield values[:: max(1, len(values) // _READ)].double().nan_to_num()
    elif isinstance(outputs, Mapping):
        outputs = tuple(outputs.values())
    if isinstance(outputs, tuple | list):
        for one in outputs:
            yield from _tensors_within(one)


def check_subject(given: object, kind: type, asker: str) -> None:
    """Raises TypeError where a subject is of another kind than `asker` takes: what came, and what to write."""
    if isinstance(given, kind):
        return
    ways = {
        "Trial": "fs.Trial(fs.open_classifier(...), samples)",
        "Samples": "fs.Samples(images, labels), or fs.open_samples(...)",
        "Pair": "fs.Pair(before, after)",
        "Masked": "fs.masked(trial, result), with a result of Mask",
        "Training": "fs.Training(classifier, samples, recipe), or fs.Fit(points, values, network)",
        "Fit": "fs.Fit(points, values, network)",
        "Circle": "fs.Circle(width, frequencies, amplitudes)",
    }
    held = getattr(given, "samples", None)
    near = "its .samples" if kind is Samples and isinstance(held, Samples) else ways[kind.__name__]
    came = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
    article = "" if kind is Samples else "a "
    raise TypeError(f"{asker} takes {article}{kind.__name__}; {came} came. Write {near}.")


@dataclass(frozen=True)
class Pair:
    """The same samples before and after a change: a corruption, an attack, a filter. Image i belongs to image i."""

    before: Samples
    after: Samples

    def __post_init__(self) -> None:
        for one, place in ((self.before, "before"), (self.after, "after")):
            check_subject(one, Samples, f"A Pair ({place})")
        if self.before.images.shape != self.after.images.shape:
            raise ValueError(
                f"A Pair holds the same images before and after; shapes {tuple(self.before.images.shape)} and "
                f"{tuple(self.after.images.shape)} came."
            )
        first, second = self.before.labels, self.after.labels
        if first is not None and second is not None and not torch.equal(first, second):
            raise ValueError(
                f"A Pair holds the same images before and after, but {int((first != second).sum())} of {len(first)} "
                "labels differ: is one of them in another order?"
            )

    def trace(self) -> dict[str, Any]:
        """What to record: both traces."""
        return {"before": self.before.trace(), "after": self.after.trace()}
