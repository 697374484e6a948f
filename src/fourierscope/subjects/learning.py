"""What learns: a network to be fitted to values at points, or a classifier to be trained on samples by a recipe."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from fourierscope.fourier.kinds import came, check_numbers, check_texts, check_whole, real_numbers
from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.fingerprint import fingerprint, seed_of
from fourierscope.subjects.samples import Samples
from fourierscope.subjects.trial import check_subject


class Recorded(Protocol):
    """A way to train that says what it is: `fourierscope.training.Recipe`."""

    def trace(self) -> dict[str, Any]: ...


def drawn_by_layers(network: nn.Module) -> None:
    """Draw the weights of every layer anew, as torch does when a layer is made.

    Raises ValueError for a module that holds weights of its own and has no `reset_parameters`.
    """
    for name, module in network.named_modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
        elif list(module.parameters(recurse=False)):
            raise ValueError(
                f"{name or type(network).__name__} ({type(module).__name__}) holds weights and no reset_parameters, so "
                "that nobody knows how to draw them: give Fit(..., draw=a function that draws all weights in place)."
            )


@dataclass(frozen=True, eq=False)
class Fit:
    """A network that is fitted to values at points, from weights drawn anew for each seed.

    `points` (n, ...) are what the network takes; `values` are numbers (n, outputs), one column for (n,), or class
    labels (n,) of whole numbers. The network given is never changed: copies of it learn. Raises ValueError where
    points and values do not belong together, hold numbers that are not finite, or the options describe no descent.
    """

    points: Tensor
    values: Tensor
    network: nn.Module
    steps: int = 3000
    """Steps of the optimiser."""
    learning_rate: float = 2e-4
    """Of the optimiser, the same in all steps."""
    optimiser: Literal["adam", "sgd"] = "adam"
    """adam, or plain gradient descent."""
    loss: Literal["auto", "squared", "cross-entropy"] = "auto"
    """Mean squared error, or cross-entropy of labels; auto: cross-entropy where values are labels."""
    batch: int = 0
    """Points in a step, drawn in an order of the seed; 0: all of them."""
    draw: Callable[[nn.Module], None] = drawn_by_layers
    """Draws all weights of a network in place, from torch's random state."""
    name: str = "fit"

    def __post_init__(self) -> None:
        if not isinstance(self.network, nn.Module):
            raise TypeError(f"A Fit takes a torch module; {type(self.network).__name__} came.")
        points, values = (
            real_numbers(one, name).detach() for name, one in (("points", self.points), ("values", self.values))
        )
        if points.ndim < 1 or values.ndim < 1 or not len(points) or len(points) != len(values):
            raise ValueError(f"Each point has one value; shapes {tuple(points.shape)} and {tuple(values.shape)} came.")
        if not points.is_floating_point() or values.ndim > 2 or values.is_complex():
            raise ValueError(
                f"Points are floating-point numbers (n, ...), values (n,) or (n, outputs); points of {points.dtype}, "
                f"values {tuple(values.shape)} of {values.dtype} came."
            )
        if not bool(torch.isfinite(points).all()) or not bool(torch.isfinite(values).all()):
            raise ValueError("Points and values are finite numbers; NaN or infinity came.")
        labels = not values.is_floating_point()
        if labels and (values.ndim != 1 or int(values.min()) < 0):
            raise ValueError(f"Class labels are whole numbers (n,) from 0 on; {tuple(values.shape)} came.")
        object.__setattr__(self, "points", points[:, None] if points.ndim == 1 else points)
        object.__setattr__(self, "values", values[:, None] if values.ndim == 1 and not labels else values)
        self._check_descent(labels)

    def _check_descent(self, labels: bool) -> None:
        check_whole(steps=self.steps, batch=self.batch)
        check_numbers(learning_rate=self.learning_rate)
        check_texts(optimiser=self.optimiser, loss=self.loss, name=self.name)
        if not callable(self.draw):
            raise TypeError(f"draw is a function that draws all weights of a network; {came(self.draw)} came.")
        fits = {
            "steps": ("is at least 1", self.steps >= 1),
            "learning_rate": ("is finite and above 0", isfinite(self.learning_rate) and self.learning_rate > 0),
            "optimiser": ("is adam or sgd", self.optimiser in ("adam", "sgd")),
            "loss": ("is auto, squared or cross-entropy", self.loss in ("auto", "squared", "cross-entropy")),
            "batch": (f"lies from 0 to the {len(self.points)} points", 0 <= self.batch <= len(self.points)),
        }
        broken = [f"{name} {rule}; {getattr(self, name)!r} came" for name, (rule, good) in fits.items() if not good]
        if self.loss == "cross-entropy" and not labels:
            broken.append("cross-entropy is of class labels (n,) of whole numbers; other values came")
        if broken:
            raise ValueError(f"{'. '.join(broken)}.")

    @property
    def classifies(self) -> bool:
        """Whether it learns by cross-entropy."""
        return self.loss == "cross-entropy" or (self.loss == "auto" and not self.values.is_floating_point())

    def fresh_network(self, seed: int) -> nn.Module:
        """A copy of the network with weights drawn by a seed; the global random state is left as it was."""
        network = copy.deepcopy(self.network)
        places = {one.device for one in network.parameters() if one.device.type != "cpu"}
        with torch.random.fork_rng(devices=list(places)):
            torch.manual_seed(seed_of(f"weights {seed}"))
            self.draw(network)
        return network

    def trace(self) -> dict[str, Any]:
        """What to record: every option, digests of points and values, the network and how its weights are drawn."""
        plain = ("steps", "learning_rate", "optimiser", "loss", "batch", "name")
        return {
            **{name: getattr(self, name) for name in plain},
            "network": fingerprint(self.fresh_network(0)),  # not by the weights it came with, which nobody learns from
            "draw": f"{getattr(self.draw, '__name__', type(self.draw).__name__)} {fingerprint(self.draw)[:16]}",
            "points": _digest(self.points),
            "values": _digest(self.values),
        }


@dataclass(frozen=True)
class Training:
    """A classifier that is trained on samples by a recipe, from its present weights on.

    `tested` are images of the same kind with labels that it never learns, for questions that watch these too.
    """

    classifier: Classifier
    samples: Samples
    recipe: Recorded
    tested: Samples | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.classifier, Classifier):
            raise TypeError(
                f"A Training takes a Classifier; {type(self.classifier).__name__} came. "
                "Write fs.Classifier(network, mean=..., std=...)."
            )
        check_subject(self.samples, Samples, "A Training")
        self.samples.needed_labels()
        if self.tested is not None:
            check_subject(self.tested, Samples, "A Training")
            self.tested.needed_labels()
            learned, asked = (one.images.shape[1:] for one in (self.samples, self.tested))
            if learned != asked:
                raise ValueError(f"Test images have the shape of those learned, {tuple(learned)}; {tuple(asked)} came.")

    def trace(self) -> dict[str, Any]:
        """What to record: the traces of all that was given."""
        told = {"classifier": self.classifier.trace(), "samples": self.samples.trace()}
        told |= {} if self.tested is None else {"tested": self.tested.trace()}
        return told | {"recipe": self.recipe.trace()}


def _digest(values: Tensor) -> str:
    digest = hashlib.sha256(f"{tuple(values.shape)} {values.dtype}".encode())
    digest.update(values.cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
