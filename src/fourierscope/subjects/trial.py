"""What questions are asked of: a classifier on samples, or samples before and after a change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.samples import Samples

_FINGERPRINT = 16  # images whose predictions tell one plain function from another


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
        if not isinstance(self.samples, Samples):
            raise TypeError(
                f"A Trial takes Samples; {type(self.samples).__name__} came. Write fs.Samples(images, labels)."
            )

    def labels(self, logits: Tensor) -> Tensor:
        """The labels (n,) of all samples. Raises ValueError where there are none or the logits have fewer classes."""
        labels = self.samples.needed_labels()
        if int(labels.max()) >= logits.shape[1]:
            raise ValueError(
                f"Labels run up to {int(labels.max())}, but {self.classifier.name} has {logits.shape[1]} classes "
                f"(0 to {logits.shape[1] - 1}): these are labels of another task."
            )
        return labels

    def trace(self) -> dict[str, Any]:
        """What to record: both traces, and for a plain function its answers to the first images."""
        classifier = self.classifier.trace()
        if not isinstance(self.classifier.network, nn.Module):
            classifier["answers"] = self._answers()
        return {"classifier": classifier, "samples": self.samples.trace()}

    def _answers(self) -> str:
        """Digest of the outputs of the first images, to three figures: a function's code does not tell all it uses."""
        with torch.no_grad():
            outputs = self.classifier.outputs(self.samples.batch(0, _FINGERPRINT))
        while isinstance(outputs, tuple | list) and outputs:
            outputs = outputs[0]
        said = (
            [f"{float(one):.2e}" for one in outputs.flatten()]
            if isinstance(outputs, Tensor)
            else [type(outputs).__name__]
        )
        return hashlib.sha256(" ".join(said).encode()).hexdigest()


@dataclass(frozen=True)
class Pair:
    """The same samples before and after a change: a corruption, an attack, a filter. Image i belongs to image i."""

    before: Samples
    after: Samples

    def __post_init__(self) -> None:
        if not isinstance(self.before, Samples) or not isinstance(self.after, Samples):
            came = f"{type(self.before).__name__} and {type(self.after).__name__}"
            raise TypeError(f"A Pair takes Samples before and after; {came} came.")
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
