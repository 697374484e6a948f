"""A script: runs of one question on one store, killed at random moments; then one that comes to its end.

The log has a line for each cell that is begun. What is found is printed: cells, kills, and whether kept cells stayed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import torch

import fourierscope as fs
import fourierscope.analyses.wave_set as wave_set

PAUSE = 0.15  # seconds that a kill waits at most


def network(images):
    if os.environ.get("SLOWLY"):
        time.sleep(0.03)
    return torch.stack([(images[:, 0, :4] ** 2).sum((1, 2)), (images[:, 0, 4:] ** 2).sum((1, 2))], 1)


class Told(fs.HeatMap):
    """A heat map that tells each cell that it begins."""

    def measure(self, tile, trial, /):
        with Path(os.environ["LOG"]).open("a") as told:
            told.write(f"{tile!r}\n")
        return super().measure(tile, trial)


class Scene:
    """The question, its store, its log, and what was seen of them at each kill."""

    def __init__(self, folder, side, seed):
        images = torch.rand(8, 1, side, side, generator=torch.Generator().manual_seed(0))
        self.question = Told(norm=2.0)
        self.trial = fs.Trial(fs.Classifier(network), fs.Samples(images, torch.arange(8) % 2))
        self.folder, self.log, self.store = folder, folder / "log", folder / "store"
        self.chance, self.seen, self.kills = random.Random(seed), [], 0
        self.names = [repr(cell) for cell in self.question.cells(self.trial)]

    def run(self, name, workers=1):
        fs.run(self.question, self.trial, store=self.store, workers=workers).save(self.folder / name)

    def kept(self):
        """The cells that are kept, each with what tells whether its file was touched."""
        held = self.store.glob("cell-*.npz")
        return {self.names[int(one.stem[5:])]: (one.stat().st_mtime_ns, one.stat().st_ino) for one in held}

    def begun(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def look(self):
        self.seen.append((self.kept(), len(self.begun())))

    def whether_kept_cells_stayed(self):
        """No cell that was kept at a kill was written, lost or begun again later."""
        last, begun = self.kept(), self.begun()
        return all(held.items() <= last.items() and not held.keys() & begun[since:] for held, since in self.seen)


class Child:
    """A run in a process of its own, the head of its group."""

    def __init__(self, scene, workers):
        self.status = None
        self.number = os.fork()
        if self.number == 0:
            os.setpgid(0, 0)
            try:
                scene.run("early.nc", workers)
            except BaseException as error:
                sys.stderr.write(f"{type(error).__name__} {error}\n")
                os._exit(1)
            os._exit(0)
        while os.getpgid(self.number) != self.number:
            time.sleep(0.001)

    def ended(self):
        if self.status is None:
            gone, status = os.waitpid(self.number, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if gone else None
        return self.status is not None

    def waits(self, until):
        """Whether something came to be before the run ended."""
        while not self.ended():
            if until():
                return True
            time.sleep(0.005)
        return False

    def workers(self):
        words = ["ps", "-o", "pid=,args=", "--ppid", str(self.number)]
        told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        return [int(line.split()[0]) for line in told.splitlines() if "popen_loky" in line]


def drivers_killed(scene, kills, workers):
    """Kill the driver with all its processes; the next run goes on."""
    while scene.kills < kills:
        child, before = Child(scene, workers), len(scene.begun())
        if workers > 1:  # which take seconds to start: only then the moment is one among cells
            child.waits(lambda before=before: len(scene.begun()) > before)
        time.sleep(scene.chance.uniform(0, PAUSE))
        if child.ended():
            return
        os.killpg(child.number, signal.SIGKILL)
        child.waits(lambda: False)
        scene.kills += child.status == -signal.SIGKILL
        scene.look()


def workers_killed(scene, kills, workers):
    """Kill one worker after the other of one run, which must come to its end all the same.

    Between two kills the cells that a kill cost are begun again, and another one is.
    """
    child, enough = Child(scene, workers), workers
    while scene.kills < kills and child.waits(lambda: len(scene.begun()) >= enough):  # noqa: B023
        time.sleep(scene.chance.uniform(0, PAUSE))
        alive = child.workers()
        scene.look()
        begun = len(scene.begun())
        with suppress(IndexError, ProcessLookupError):  # between two pools there is none
            os.kill(scene.chance.choice(alive), signal.SIGKILL)
            scene.kills, enough = scene.kills + 1, begun + workers + 1
    child.waits(lambda: False)
    assert child.status == 0, child.status


def main(folder, side, kills, workers, victim, seed):
    torch.set_num_threads(1)
    wave_set._WAVES = 1
    os.environ["LOG"] = f"{folder}/log"
    scene = Scene(Path(folder), int(side), int(seed))
    scene.question(scene.trial).save(scene.folder / "whole.nc")
    scene.log.unlink()
    os.environ["SLOWLY"] = "1"
    {"driver": drivers_killed, "worker": workers_killed}[victim](scene, int(kills), int(workers))
    os.environ.pop("SLOWLY")
    scene.run("killed.nc")  # here, whoever began it
    sys.stdout.write(f"{len(scene.names)} {scene.kills} {int(scene.whether_kept_cells_stayed())}")


if __name__ == "__main__":
    main(*sys.argv[1:])
