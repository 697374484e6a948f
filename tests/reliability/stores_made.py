"""A small question with some cells, and its store, for faults to fall upon."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

import fourierscope as fs
from fourierscope.runs import Analysis, batch_size, batches

BEGUN = []


class Part(NamedTuple):
    turns: int


@dataclass(frozen=True)
class Loudness(Analysis[fs.Trial]):
    """Fading sums of outputs under rolled images, which depend on the batch size. It tells each cell that it begins.

    Memory runs out where more than 40 images go together.
    """

    count: int = 6

    def cells(self, trial, /):
        return [Part(one) for one in range(self.count)]

    def measure(self, cell, trial, /):
        BEGUN.append(cell.turns)
        size = batch_size(trial.samples.plane, trial.classifier.device)
        if size > 40:
            raise RuntimeError("can't allocate memory")
        images, total = trial.samples.images.roll(cell.turns, -1), torch.zeros(2)
        for part in batches(len(images), size):
            total = 0.9 * total + trial.classifier(images[part]).detach().sum(0)
        return {"total": total.numpy()}

    def assemble(self, measured, trial, /):
        values = np.stack([one["total"] for one in measured.values()])
        return {"total": xr.DataArray(values, dims=("turn", "output"), attrs={"units": "1", "says": "Sums."})}


def network(images):
    return torch.stack([images[:, 0, :3].std((1, 2)), images[:, 0, 3:].std((1, 2))], 1)


IMAGES = torch.rand(97, 1, 6, 6, generator=torch.Generator().manual_seed(0))
TRIAL = fs.Trial(fs.Classifier(network, "bands"), fs.Samples(IMAGES, torch.arange(97) % 2, "noise"))
QUESTION = Loudness()
CELLS = {f"cell-{one:06d}.npz" for one in range(QUESTION.count)}


def ask(store=None, **options):
    return fs.run(QUESTION, TRIAL, store=store, **options)


def same(result, other):
    return result.dataset.identical(other.dataset) and result.record == other.record
