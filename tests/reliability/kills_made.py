"""Runs that are killed at random moments, for any engine: the scenario, and what must hold of it afterwards."""

import subprocess
import sys
from typing import NamedTuple

SCRIPT = """
import os, pathlib, random, signal, subprocess, sys, time
import torch
import fourierscope as fs
import fourierscope.analyses.wave_set as wave_set

torch.set_num_threads(1)
wave_set._WAVES = 1
folder, kills, workers, victim, engine, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:7]
log = folder + "/log"


def network(images):
    if os.environ.get("SLOWLY"):
        time.sleep(0.03)
    return torch.stack([(images[:, 0, :4] ** 2).sum((1, 2)), (images[:, 0, 4:] ** 2).sum((1, 2))], 1)


class Counted(fs.HeatMap):
    def measure(self, tile, trial, /):
        with open(log, "a") as told:
            told.write(f"{tile.first} {tile.start}\\n")
        return super().measure(tile, trial)


images = torch.rand(8, 1, 12, 12, generator=torch.Generator().manual_seed(0))
trial = fs.Trial(fs.Classifier(network), fs.Samples(images, torch.arange(8) % 2))
question = Counted(norm=2.0)


def whole_run(path):
    fs.run(question, trial, store=folder + "/store", workers=workers, engine=engine).save(path)


def kept():
    cells = pathlib.Path(folder, "store").glob("cell*")
    return {one.name: (one.stat().st_mtime_ns, one.stat().st_ino) for one in cells}


def children(parent):
    told = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in told.splitlines() if "popen_loky" in line]


def killed(child):
    if victim == "driver":
        os.killpg(child, signal.SIGKILL)
        return True
    alive = children(child)
    if alive:
        os.kill(chance.choice(alive), signal.SIGKILL)
    return bool(alive)


def size():
    return os.path.getsize(log) if os.path.exists(log) else 0


def ended(child):
    if child not in ends:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            ends[child] = status
    return ends.get(child)


ends = {}
question(trial).save(folder + "/whole.nc")
os.unlink(log)
chance, done = random.Random(int(seed)), 0
os.environ["SLOWLY"] = "1"
while done < kills:
    before = kept()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        try:
            whole_run(folder + "/early.nc")
        except BaseException as error:
            print(type(error).__name__, error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    while os.getpgid(child) != child:
        time.sleep(0.001)
    told = size()
    while workers > 1 and size() == told and ended(child) is None:
        time.sleep(0.005)  # until its workers are at work
    time.sleep(chance.uniform(0.0, 0.15))
    while ended(child) is None and not killed(child):
        time.sleep(0.005)
    while (code := ended(child)) is None:
        time.sleep(0.005)
    done += code != 0
    assert before.items() <= kept().items(), "a stored cell was lost or written again"
    if os.path.exists(folder + "/early.nc"):
        break  # it came to its end, before the kill or in spite of it
os.environ.pop("SLOWLY")
whole_run(folder + "/killed.nc")
print(len(list(question.cells(trial))), done)
"""


class Killed(NamedTuple):
    """What is left: the cells that were begun, as the log tells them, how many there are, how many kills fell."""

    begun: list
    cells: int
    kills: int
    same: bool


def killed_run(folder, kills, workers=1, victim="driver", engine="here", seed=0):
    """Kill runs of one question on one store at random moments, then let one come to its end.

    `victim` is the driver with all its processes, or one worker alone. Every kept cell is looked at after every kill.
    """
    words = [sys.executable, "-c", SCRIPT, str(folder), str(kills), str(workers), victim, engine, str(seed)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    cells, made = map(int, done.stdout.split())
    same = (folder / "killed.nc").read_bytes() == (folder / "whole.nc").read_bytes()
    return Killed((folder / "log").read_text().splitlines(), cells, made, same)
