"""The tracker in the loops of others."""

import pytest
import torch
from test_tracker import POINTS, SINES, VIEWS, network, same

import fourierscope as fs
from fourierscope.subjects.torchvision_import import torchvision_module
from fourierscope.training import for_lightning, for_transformers


def test_lightning_trains_the_same_with_it():
    torchvision_module()
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = network()

        def training_step(self, batch, _):
            return (self.network(batch[0]) - batch[1]).square().mean()

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), 1e-2)

    def run(callbacks):
        module = callbacks.pop("module")
        torch.manual_seed(3)
        data = torch.utils.data.TensorDataset(POINTS[:, None], SINES)
        trainer = lightning.Trainer(
            max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False, **callbacks,
        )  # fmt: skip
        trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=8))
        return module

    watched = Module()
    tracker = fs.SpectralTracker(watched.network, POINTS, SINES, VIEWS)
    run({"module": watched, "callbacks": [for_lightning(tracker)]})
    assert tracker.steps == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    assert same(watched, run({"module": Module()}))


def test_the_trainer_of_transformers_calls_it():
    callback = pytest.importorskip("transformers").TrainerCallback
    tracker = fs.SpectralTracker(network(), POINTS, SINES, VIEWS[:1])
    made = for_transformers(tracker)
    assert isinstance(made, callback)

    class State:
        global_step = 0

    made.on_train_begin(None, State, None)
    State.global_step = 1
    made.on_step_end(None, State, None)
    assert tracker.steps == [0, 1]
