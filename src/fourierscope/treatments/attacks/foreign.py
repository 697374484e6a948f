"""What attacks of other libraries need: a classifier as a module that keeps its weights' gradients, and own chance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fourierscope.subjects import Classifier
from fourierscope.treatments.attacks.gradients import slope_of


class Asked(nn.Module):
    """A classifier as a module for other libraries; notes whether its gradient was asked for and ever not zero."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier, self.asked, self.felt = classifier, False, False

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = _ImagesAlone.apply(images, self)  # type: ignore[no-untyped-call]
        return logits


class _ImagesAlone(torch.autograd.Function):
    """Logits that go backward to the images and nowhere else: libraries would fill the `.grad` of every weight."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, asked: Asked) -> Tensor:
        ctx.asked, wanted = asked, ctx.needs_input_grad[0]
        with torch.set_grad_enabled(wanted):
            ctx.images = images.detach().requires_grad_(wanted)
            ctx.logits = asked.classifier(ctx.images)
        return ctx.logits.detach().clone()

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[Tensor, None]:
        with torch.enable_grad():
            slope = slope_of((ctx.logits * weight).sum(1), ctx.images, again=True)
        ctx.asked.asked, ctx.asked.felt = True, ctx.asked.felt or bool(slope.any())
        return slope, None


@contextmanager
def own_chance(seed: int, place: int, device: torch.device) -> Iterator[None]:
    """The global random states that other libraries draw from, set by a seed for a while and given back."""
    kept, number = np.random.get_state(), int(np.random.SeedSequence([seed, place]).generate_state(1)[0])  # noqa: NPY002
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(number)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(number)
        np.random.seed(number)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(kept)  # noqa: NPY002
