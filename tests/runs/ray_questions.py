"""A question that workers of a cluster can import, and that goes wrong on demand."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import xarray as xr

import fourierscope as fs
from fourierscope.runs import Analysis


class Turn(NamedTuple):
    chain: int
    number: int


@dataclass(frozen=True)
class Turns(Analysis[fs.Samples]):
    """Chains of cells, each of which adds its number times the images' sum to the one before."""

    holes: ClassVar[bool] = True
    chains: int = 4
    length: int = 2
    pause: float = 0.0
    once: str = ""
    deadly: int = -1
    wrong: int = -1

    def cells(self, samples, /):
        return [Turn(chain, number) for number in range(self.length) for chain in range(self.chains)]

    def follows(self, cell, /):
        return Turn(cell.chain, cell.number - 1) if cell.number else None

    def measure(self, cell, samples, /):
        return self.go_on(cell, samples, ())

    def go_on(self, cell, samples, before, /):
        time.sleep(self.pause)
        if cell.chain == self.wrong:
            raise ArithmeticError("one too many")
        if cell.chain == self.deadly or (self.once and not Path(self.once).exists()):
            Path(self.once or os.devnull).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        values = samples.batch().sum((1, 2, 3)).numpy() * (cell.chain + 1)
        return {"sum": values + sum(one["sum"] for one in before)}

    def assemble(self, measured, samples, /):
        values = xr.DataArray(
            np.stack([piece["sum"] for piece in measured.values()]),
            dims=("cell", "image"),
            coords={"cell": [f"{cell.chain} {cell.number}" for cell in measured]},
            attrs={"units": "1", "says": "Sums."},
        )
        return {"sum": values}
