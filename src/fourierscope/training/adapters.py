"""A tracker in the loops of others: callbacks for Lightning and for the trainer of transformers."""

from __future__ import annotations

from typing import Any

from fourierscope.subjects.torchvision_import import torchvision_module
from fourierscope.training.tracker import SpectralTracker


def for_lightning(tracker: SpectralTracker) -> Any:
    """A callback for `lightning.Trainer(callbacks=[...])` that calls the tracker before the first and after each step.

    Raises ImportError where Lightning is not installed.
    """
    torchvision_module()  # Lightning's metrics import it
    from lightning.pytorch.callbacks import Callback

    class Watching(Callback):
        def on_train_start(self, trainer: Any, module: Any) -> None:
            tracker.step(trainer.global_step)

        def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
            tracker.step(trainer.global_step)

    return Watching()


def for_transformers(tracker: SpectralTracker) -> Any:
    """A callback for the `Trainer` of transformers. Raises ImportError where transformers is not installed."""
    from transformers import TrainerCallback

    class Watching(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            tracker.step(state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            tracker.step(state.global_step)

    return Watching()
