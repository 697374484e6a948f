"""The benchmark of a heat map's rate runs on samples as they are kept, in bytes and in floating point."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("samples", [("--samples", "patches:test"), ()], ids=["bytes", "noise"])
def test_it_prints_the_ratio_of_each_pair_and_their_median(samples):
    options = ["--images", "8", "--stride", "16", "--pairs", "1", "--precision", "auto", *samples]
    command = [sys.executable, str(ROOT / "benchmarks" / "heat_map.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pair 1: forward" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("median ratio ")
