"""The command line: whatever words come, it ends with a code and one line, and never with a traceback."""

import contextlib
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from doors import MALFORMED, SOAK, digests, time_limit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junk import NUMBERS, TEXTS

from fourierscope.cli import main
from fourierscope.cli.catalogue import analyses

COMMANDS = [
    *(one.command for one in analyses() if one.name != "CircleFlow"),
    "check",
    "report",
    "paper",
    "train",
    "nope",
]
TOLD = (
    "norm samples classifier limit out store workers batch sizes weights mean std size seed stride config "
    "treatment strengths steps radii layers recipe epochs data network before after masks title overwrite "
    "device precision classes budget nope"
)
OPTIONS = [*(f"--{name}" for name in TOLD.split()), "-x", "--"]
SAID = [
    "patches:test",
    "reference:natural",
    "1,2",
    "[",
    "{",
    "- a",
    "!!python/object:os.system",
    "8/0",
    "null",
    "a.py:f",
]
VALUES = TEXTS.filter(lambda one: "\0" not in one) | NUMBERS.map(str) | st.sampled_from(SAID)
LINES = st.tuples(st.sampled_from(COMMANDS), st.lists(st.sampled_from(OPTIONS) | VALUES, max_size=6))


def ended(words):
    """The code of a command, and its lines on the error stream."""
    told = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(told), time_limit(60):
        try:
            code = main(words)
        except SystemExit as error:
            code = error.code
    return code, told.getvalue().strip().splitlines()


def test_malformed_words_end_with_a_code_and_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    before, refused = digests(tmp_path), []

    @settings(
        max_examples=5 * MALFORMED,
        deadline=None,
        derandomize=not SOAK,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(LINES)
    def each(line):
        words = [line[0], *line[1]]
        code, told = ended(words)
        assert code in (0, 1, 2), (words, code)
        assert code == 0 or len(told) == 1, (words, code, told)
        assert not any("Traceback" in one for one in told), (words, told)
        refused.extend([words] * (code != 0))

    each()
    assert len(refused) >= MALFORMED
    assert digests(tmp_path) == before


LONGER = [
    ["pass-curve", "--config", "bad.yaml"],
    ["heat-map"],
    ["heat-map", "--samples", "npz:mine.npz", "--classifier", "a.py:f"],
    ["report", "mine.npz"],
    ["frequency-gradient", ""],
]  # each imports torch


@pytest.mark.parametrize("words", [["list", "all"], ["\udcff"], *(LONGER if SOAK else [])])
def test_a_command_of_its_own_process_ends_with_one_line_too(tmp_path, words):
    np.savez(tmp_path / "mine.npz", images=np.zeros((2, 3, 8, 8), np.uint8))
    (tmp_path / "bad.yaml").write_text("norm: !!python/object/apply:os.mkdir [ran]\n: [")
    before = digests(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "fourierscope", *map(os.fsencode, words)],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (1, 2)
    assert len(done.stderr.strip().splitlines()) == 1
    assert b"Traceback" not in done.stderr
    assert digests(tmp_path) == before
    assert not (tmp_path / "ran").exists()
