"""The wheel carries all that the demo needs."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The package as its wheel holds it, in a folder far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_types_weights_and_template(unpacked):
    package = unpacked / "fourierscope"
    assert (package / "py.typed").exists()
    here = {one.name for one in (ROOT / "src" / "fourierscope" / "reference").glob("*.safetensors")}
    assert {"natural.safetensors", "gaussian.safetensors", "adversarial.safetensors"} < here
    assert {one.name for one in (package / "reference").glob("*.safetensors")} == here
    assert sum(one.stat().st_size for one in (package / "reference").iterdir()) <= 9_000_000
    assert list((package / "reports").glob("*.jinja"))
    for paper in ("yin2019", "karantzas2022"):
        assert (package / "papers" / paper / "printed.json").exists()


def test_the_demo_runs_from_the_wheel(unpacked, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(unpacked), "PYTHONSAFEPATH": "1"}
    where = "import fourierscope; print(fourierscope.__file__)"
    found = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert found.stdout.startswith(str(unpacked))
    command = [sys.executable, "-m", "fourierscope", "demo", "--smoke"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text()
    assert 1_000_000 < len(page) < 10_000_000
    for name in ("natural", "gaussian", "adversarial"):
        assert name in page
