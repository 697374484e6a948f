"""The benchmark beside other tools runs, at a tiny size and without the other tool's environment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from fourierscope.fourier import Frequency, Plane, wave

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.beside import loop, page  # noqa: E402
from benchmarks.beside.peer import place  # noqa: E402

EXHIBITS = ("whole_map", "precision", "agreement", "cost", "masks")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beside")
    (folder / "speed.md").write_text("# Speed\n\nBefore.\n\n## After\n")
    options = ["--classifier", "reference:natural", "--images", "16", "--pairs", "1", "--stride", "16"]
    options += ["--no-peer", "--smoke", "--threads", "1", "--folder", str(folder), "--page", str(folder / "speed.md")]
    command = [
        sys.executable,
        "-m",
        "benchmarks.beside",
        "whole_map",
        "precision",
        "agreement",
        "cost",
        "masks",
        *options,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_each_exhibit_is_kept_and_stands_on_the_page(written):
    told = (written / "speed.md").read_text()
    for name in EXHIBITS:
        table = json.loads((written / f"{name}.json").read_text())
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
        assert page.lines(table) in told
    assert (written / "pictures" / "speed.png").stat().st_size > 0


def test_a_page_written_twice_is_the_same_page(written):
    path = written / "speed.md"
    tables = {"masks": json.loads((written / "masks.json").read_text())}
    page.write(path, tables, "Said.")
    first = path.read_text()
    page.write(path, tables, "Said.")
    assert path.read_text() == first
    assert first.startswith("# Speed\n\nBefore.")
    assert "## After" in first


def test_the_loops_waves_are_the_cosines_of_norm_four():
    plane = Plane(8, 8)
    visited = loop.half_spectrum(8)
    assert len(visited) == len(set(visited)) == 40
    for row, column in visited:
        if column < 4 and (row, column) != (-4, 0):
            expected = 4 * wave(plane, Frequency(row, column), 0.0)
            torch.testing.assert_close(loop.plain_wave(8, row, column, 4.0), expected.float(), atol=1e-5, rtol=0)


def test_the_loop_makes_our_wave_of_every_frequency_that_a_map_names():
    for frequency in Plane(8, 8).waves(7):
        expected = 4 * wave(Plane(8, 8), frequency, 0.0)
        torch.testing.assert_close(loop.plain_wave(8, *frequency, 4.0), expected.float(), atol=1e-5, rtol=0)


def test_the_other_tools_place_holds_our_wave():
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    for ours in Plane(8, 8).waves():
        theirs = [one - 4 for one in place(ours, 8)]
        made = torch.cos(2 * torch.pi * (theirs[0] * rows + theirs[1] * columns) / 8 + torch.pi / 4)  # its formula
        expected = wave(Plane(8, 8), ours, torch.pi / 4).float()
        torch.testing.assert_close(made / torch.linalg.vector_norm(made), expected, atol=1e-5, rtol=0)


def test_the_loops_error_is_counted_by_batches():
    class Reading(torch.nn.Module):
        def forward(self, images):
            return images[:, :, 0, 0].repeat(1, 2)  # the brightest channel of the first pixel

    images = torch.zeros(3, 4, 4, 3, dtype=torch.uint8)
    images[torch.arange(3), :, :, torch.arange(3)] = 255
    asked = loop.Subject(Reading(), [0.0], [1.0], images.numpy(), torch.tensor([0, 0, 0]))
    for manner in (loop.Manner(2, 0), loop.Manner(2, 0, graph=False, opened=True)):
        assert loop.error(asked, 1, 1, 1e-3, manner) == pytest.approx((0.5 + 1) / 2)
