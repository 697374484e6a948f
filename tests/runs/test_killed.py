"""A store survives a kill at any moment: the result is bit for bit that of a run that was never killed."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import os, random, signal, sys, time
import torch
import fourierscope as fs
import fourierscope.analyses.wave_set as wave_set

torch.set_num_threads(1)
wave_set._WAVES = 1
folder, pause = sys.argv[1], [0.0]
log = os.open(folder + "/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def network(images):
    time.sleep(pause[0])
    return torch.stack([(images[:, 0, :4] ** 2).sum((1, 2)), (images[:, 0, 4:] ** 2).sum((1, 2))], 1)


class Counted(fs.HeatMap):
    def measure(self, tile, trial, /):
        measured = super().measure(tile, trial)
        os.write(log, f"{tile.first} {tile.start}\\n".encode())
        return measured


images = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(0))
trial = fs.Trial(fs.Classifier(network), fs.Samples(images, torch.arange(8) % 2))
question = Counted(norm=2.0)
question(trial).save(folder + "/whole.nc")
os.ftruncate(log, 0)
chance, pause[0] = random.Random(0), 0.05
for _ in range(10):
    child = os.fork()
    if child == 0:
        fs.run(question, trial, store=folder + "/store").save(folder + "/killed.nc")
        os._exit(0)
    time.sleep(chance.uniform(0.0, 0.12))
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
assert not os.path.exists(folder + "/killed.nc")
fs.run(question, trial, store=folder + "/store").save(folder + "/killed.nc")
sys.stdout.write(str(len(list(question.cells(trial)))))
"""


def test_a_store_survives_ten_kills_at_random_moments(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "killed.nc").read_bytes() == (tmp_path / "whole.nc").read_bytes()
    measured = (tmp_path / "log").read_text().splitlines()
    cells = int(done.stdout)
    assert cells > 20
    assert len(set(measured)) == cells
    # Only a cell that was killed between its measurement and its being kept is measured again.
    assert len(measured) <= cells + 10


@pytest.mark.parametrize("moment", ["write", "replace"])
def test_a_kill_while_a_cell_is_written_leaves_no_half_cell(tmp_path, moment):
    stop = {
        "write": "pathlib.Path.write_bytes = lambda path, content: (open(path, 'wb', 0).write(content[:500]), dies())",
        "replace": "pathlib.Path.replace = lambda path, target: dies()",
    }[moment]
    script = f"""
import os, pathlib, signal
import numpy as np
from fourierscope.runs.analysis import Whole
from fourierscope.runs.store import Store
store = Store({str(tmp_path / "store")!r})
dies = lambda: os.kill(os.getpid(), signal.SIGKILL)
with store.opened({{"analysis": "x"}}):
    store.keep(0, Whole(), {{"a": np.arange(1000)}})
    {stop}
    store.keep(1, Whole(), {{"a": np.arange(1000)}})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (tmp_path / "store" / "cell-000000.npz").exists()
    assert not (tmp_path / "store" / "cell-000001.npz").exists()
