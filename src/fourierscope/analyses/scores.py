"""Scores: one number per image that says how a classifier answered. A heat map shows their mean under each wave."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fourierscope.subjects import Classifier, Trial

WORDS = "error, topK (such as top5), loss, flips, margin, linear, layer:NAME (layer:output for the outputs)"


@dataclass(frozen=True)
class Score:
    """A score by its `word`, or by a function of outputs and labels that returns one number an image.

    `name` is the result's variable, `binary` whether outcomes are false or true, `compares` whether the clean answer is
    needed, `labelled` whether labels are, `worse` +1 where a larger value means a larger effect and -1 else.
    """

    name: str
    unit: str
    says: str
    binary: bool
    compares: bool
    labelled: bool
    worse: int
    of: Callable[[Tensor, Tensor | None, Tensor | None], Tensor]
    layer: str | None = None
    raw: bool = False

    @contextmanager
    def listening(self, classifier: Classifier) -> Iterator[Callable[[Tensor], Any]]:
        """From images to what this score looks at: logits, raw outputs, or a layer's activations (n, ...).

        The images may be written into.
        """
        if self.layer is None:
            asked = classifier.outputs if self.raw else classifier
            yield (lambda images: asked(images, spare=True)) if classifier.takes_spare else asked
            return
        with activations_of(classifier, (self.layer,)) as heard:
            yield lambda images: heard(images)[0]

    def values(self, answers: Any, count: int, labels: Tensor | None, clean: Tensor | None) -> Tensor:
        """The score (n,) of each of `count` images. Raises ValueError where it is not one finite number an image."""
        found = self.of(answers, labels, clean)
        if not isinstance(found, Tensor) or found.shape != (count,) or found.is_complex():
            came = f"{found.dtype} {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
            raise ValueError(
                f"A score is a tensor of real numbers, one number an image; {came} came for {count} images."
            )
        if found.is_floating_point() and not bool(torch.isfinite(found).all()):
            raise ValueError(f"The score {self.name} is NaN or infinite for some images.")
        return found


@contextmanager
def activations_of(classifier: Classifier, layers: Sequence[str]) -> Iterator[Callable[[Tensor], list[Tensor]]]:
    """From images to the activations (n, ...) of each layer, by its dotted name; "output" is what the network returns.

    The network itself answers, in its own precision: activations are compared by their small differences.
    Raises ValueError for an unknown layer, one that the forward pass does not use, or one without a row an image.
    """
    heard: dict[str, Any] = {}

    def listener(layer: str) -> Callable[[Any, Any, Any], None]:
        return lambda _module, _given, outputs: heard.__setitem__(layer, _copied(outputs))

    def activations(images: Tensor) -> list[Tensor]:
        heard.clear()
        heard["output"] = classifier.exact.outputs(images)
        for layer in layers:
            if layer not in heard:
                raise ValueError(f"The layer {layer!r} of {classifier.name} is not used in its forward pass.")
        return [_one_row_each(heard[layer], len(images), layer) for layer in layers]

    hooks = [classifier.module(layer).register_forward_hook(listener(layer)) for layer in layers if layer != "output"]
    try:
        yield activations
    finally:
        for hook in hooks:
            hook.remove()


def score_named(score: str | Callable[..., Any]) -> Score:
    """The score that a word or a function names. Raises ValueError for an unknown word."""
    if not isinstance(score, str) and not callable(score):
        raise TypeError(f"score is one of {WORDS}, or a function of outputs and labels; {score!r} came.")
    if callable(score):
        given = score
        says = f"Mean of the score {getattr(score, '__name__', 'given')} of outputs and labels"
        return Score(
            "score", "1", says, False, False, False, 1, lambda outputs, labels, _: given(outputs, labels), raw=True
        )
    if top := re.fullmatch(r"top([1-9]\d*)", score):
        return _top(int(top.group(1)))
    if score.startswith("layer:") and len(score) > len("layer:"):
        layer = score.removeprefix("layer:")
        says = f"Mean L2 change of the activations of {layer}"
        return Score("layer", "activation", says, False, True, False, 1, _change, layer=layer)
    if score in _SCORES:
        return _SCORES[score]
    raise ValueError(f"score is one of {WORDS}, or a function of outputs and labels; {score!r} came.")


def check_labels(score: Score, trial: Trial) -> None:
    """Raises ValueError, before any work, where the score needs labels and they are missing or of another task."""
    if score.labelled:
        trial.samples.needed_labels()
        with torch.no_grad():
            trial.labels(trial.classifier(trial.samples.batch(0, 1)))


def _copied(outputs: Any) -> Any:
    """A copy, for a later layer may write into these activations; of a sequence its first member."""
    first = outputs[0] if isinstance(outputs, tuple | list) and outputs else outputs
    return first.clone() if isinstance(first, Tensor) else first


def _one_row_each(outputs: Any, count: int, layer: str) -> Tensor:
    if isinstance(outputs, tuple | list) and outputs:
        outputs = outputs[0]
    if not isinstance(outputs, Tensor) or outputs.ndim < 1 or len(outputs) != count:
        came = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(
            f"The layer {layer!r} must give a tensor with one row an image; {came} came for {count} images."
        )
    return outputs.flatten(1).float() if outputs.dtype in (torch.float16, torch.bfloat16) else outputs.flatten(1)


def _error(logits: Tensor, labels: Tensor | None, _: Tensor | None) -> Tensor:
    assert labels is not None
    return logits.argmax(1) != labels


def _flips(logits: Tensor, _: Tensor | None, clean: Tensor | None) -> Tensor:
    assert clean is not None
    return logits.argmax(1) != clean.argmax(1)


def _loss(logits: Tensor, labels: Tensor | None, _: Tensor | None) -> Tensor:
    assert labels is not None
    return cross_entropy(logits, labels, reduction="none")


def _margin(logits: Tensor, labels: Tensor | None, _: Tensor | None) -> Tensor:
    assert labels is not None
    own = logits.gather(1, labels[:, None])[:, 0]
    return own - logits.scatter(1, labels[:, None], -torch.inf).amax(1)


def _change(activations: Tensor, _: Tensor | None, clean: Tensor | None) -> Tensor:
    assert clean is not None
    return torch.linalg.vector_norm(activations - clean, dim=1)


def _top(k: int) -> Score:
    def missed(logits: Tensor, labels: Tensor | None, _: Tensor | None) -> Tensor:
        assert labels is not None
        if k >= logits.shape[1]:
            raise ValueError(f"top{k} is never missed with {logits.shape[1]} classes: take a smaller number.")
        return ~(logits.topk(k, 1).indices == labels[:, None]).any(1)

    return Score(f"top{k}", "1", f"Share of images whose label is not among the top {k}", True, False, True, 1, missed)


_PREDICTED = "Share of images whose margin falls below 0 by the gradient at the clean image"
_SCORES = {
    "error": Score("error", "1", "Share of images classified wrongly", True, False, True, 1, _error),
    "flips": Score("flips", "1", "Share of images whose prediction changes", True, True, False, 1, _flips),
    "loss": Score("loss", "nat", "Mean cross-entropy", False, False, True, 1, _loss),
    "linear": Score("predicted_error", "1", _PREDICTED, True, False, True, 1, _error),
    "margin": Score(
        "margin", "logit", "Mean margin of the label's logit over the next", False, False, True, -1, _margin
    ),
}
