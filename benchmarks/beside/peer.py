"""rai-toolbox in a virtual environment of its own, and a process in it that answers questions.

The environment is made once, in the user's cache folder, with the versions of `constraints.txt`: both sides have the
same torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import cloudpickle
import torch
from torch import Tensor, nn

import fourierscope as fs
from fourierscope.subjects import networks

RELEASE = "rai-toolbox==0.2.1"
ROOT = Path(__file__).parents[2]
SIDE = Path(__file__).with_name("peer_side.py")


class Normalised(nn.Module):
    """A classifier's network behind its normalisation: it takes images in [0, 1]."""

    def __init__(self, classifier: fs.Classifier) -> None:
        super().__init__()
        assert isinstance(classifier.network, nn.Module)
        mean, std = classifier.mean or (0.0,), classifier.std or (1.0,)
        self.network = classifier.network.eval()
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.network((images - self.mean) / self.std)


class Peer:
    """A process of rai-toolbox that holds a trial's network and images; it computes only while it is asked."""

    def __init__(self, trial: fs.Trial, threads: int) -> None:
        self._folder = TemporaryDirectory()
        held = Path(self._folder.name) / "trial.pickle"
        images = trial.samples.batch(0, len(trial.samples))
        given = {
            "network": Normalised(trial.classifier),
            "images": images,
            "labels": trial.samples.needed_labels(),
            "classes": trial.classifier(images[:1]).shape[1],
            "threads": threads,
        }
        for module in (sys.modules[__name__], networks):  # the other side has none of our modules
            cloudpickle.register_pickle_by_value(module)
        held.write_bytes(cloudpickle.dumps(given))
        command = [str(environment() / "bin" / "python"), str(SIDE), str(held)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process: Any = subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload]

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()

    def ask(self, waves: Sequence[fs.Frequency], side: int, batch: int, norm: float) -> tuple[float, list[float]]:
        """Seconds taken by some waves, and the error under each."""
        asked = {"places": [place(wave, side) for wave in waves], "batch": batch, "norm": norm}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{RELEASE} gave no answer: run `{self._process.args[0]} {SIDE} FILE` to see why.")
        answer = json.loads(line)
        return answer["seconds"], answer["errors"]


def place(wave: fs.Frequency, side: int) -> list[int]:
    """Where rai-toolbox has our wave on an even side: its phase is -pi/4, so that ours of k is its of -k."""
    return [(side // 2 - wave.row) % side, (side // 2 - wave.column) % side]


def environment() -> Path:
    """The folder of the virtual environment, made where it is not there yet."""
    constraints = ROOT / "constraints.txt"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fourierscope"
    digest = hashlib.sha256(RELEASE.encode() + constraints.read_bytes()).hexdigest()[:12]
    folder = cache / f"beside-{digest}"
    if not (folder / "made").exists():
        print(f"Makes a virtual environment for {RELEASE} in {folder}.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--constraint", str(constraints), RELEASE, "cloudpickle"]
        subprocess.run([str(folder / "bin" / "python"), *install], check=True)
        (folder / "made").touch()
    return folder
