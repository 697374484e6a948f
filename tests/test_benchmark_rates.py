"""The benchmark of a heat map's rate runs on samples as they are kept, in bytes and in floating point."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("samples", [("--samples", "patches:test"), ()], ids=["bytes", "noise"])
def test_it_prints_the_ratio_of_each_pair_and_their_median(samples):
    options = ["--images", "8", "--stride", "16", "--pairs", "1", "--precision", "auto", "--peak", "64", *samples]
    command = [sys.executable, str(ROOT / "benchmarks" / "heat_map.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pair 1: forward" in done.stdout
    assert done.stdout.startswith("float32 matrices of 64 x 64: ")
    assert done.stdout.splitlines()[-1].startswith("median ratio ")


def test_what_keeping_freed_memory_gives_is_told_in_a_row_of_both_sides():
    options = ["--turns", "1", "--images", "64", "--only", "32, batches of 64"]
    command = [sys.executable, str(ROOT / "benchmarks" / "freed_memory.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    cells = done.stdout.splitlines()[-1].strip("| ").split(" | ")
    left, kept, ratio = (float(one.split()[0].replace(",", "")) for one in cells[1:4])
    assert ratio == pytest.approx(kept / left, abs=0.01 + 1 / left)
