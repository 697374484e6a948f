"""What a network returns, and the logits in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def logits_of(outputs: Any, count: int) -> Tensor:
    """The logits (count, classes) within a network's outputs; see `Classifier` for the kinds understood."""
    logits = tensor_within(outputs)
    if logits.is_complex():
        raise TypeError(f"Logits are real numbers; {logits.dtype} came.")
    if logits.ndim != 2 or len(logits) != count:
        raise ValueError(
            f"A classifier returns logits (n, classes), one row an image; shape {tuple(logits.shape)} came for "
            f"{count} images. "
            "For other outputs (embeddings, detectors, segmenters) give HeatMap a score function of outputs and labels."
        )
    if logits.shape[1] < 2:
        raise ValueError(
            "A classifier returns a logit for each of two classes or more; one column came. For a single logit z "
            "return torch.cat([torch.zeros_like(z), z], dim=1)."
        )
    logits = logits if logits.dtype in (torch.float32, torch.float64) else logits.float()
    if not bool(torch.isfinite(logits).all()):
        bad = int((~torch.isfinite(logits)).any(1).sum())
        raise ValueError(
            f"The logits of {bad} of {count} images are NaN or infinite: no prediction can be read from them."
        )
    return logits


def tensor_within(outputs: Any) -> Tensor:
    """The tensor in a network's outputs: itself, .logits, an entry, the first of several. Raises TypeError without."""
    if isinstance(outputs, Tensor):
        return outputs
    if hasattr(outputs, "logits"):
        return tensor_within(outputs.logits)
    if isinstance(outputs, Mapping):
        for key in ("logits", "out"):
            if key in outputs:
                return tensor_within(outputs[key])
        raise TypeError(
            f"The network returned a mapping without 'logits' or 'out'; its keys: {', '.join(map(str, outputs))}."
        )
    if isinstance(outputs, tuple | list) and outputs:
        return tensor_within(outputs[0])
    raise TypeError(
        f"The network returned {type(outputs).__name__}; logits are a tensor, an object with .logits, a mapping with "
        "'logits' or 'out', or a sequence whose first member is the tensor."
    )
