"""A fit on the command line: points and values of a file, a network of a file or a word."""

import numpy as np
import pytest

import fourierscope as fs
from fourierscope.cli import main

ANGLES = 2 * np.pi * np.arange(24) / 24


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1)
    np.savez("circle.npz", points=points, values=np.cos(2 * ANGLES))
    (tmp_path / "net.py").write_text(
        "import torch\n\ndef build():\n    return torch.nn.Linear(2, 1)\n\ndef word():\n    return 3\n"
    )


@pytest.mark.parametrize("network", ["two-layers:64", "net.py:build"])
def test_a_fit_is_asked_and_saved(data, capsys, network):
    words = ["tangent-kernel", "--data", "circle.npz", "--network", network, "--steps", "20", "--learning_rate", "1e-4"]
    assert main([*words, "--view", "circle", "--frequencies", "1,2", "--seeds", "2", "--out", "kernel.nc"]) == 0
    assert "By the tangent kernel" in capsys.readouterr().out
    assert fs.load("kernel.nc").record["options"]["view"] == "circle"


@pytest.mark.parametrize(
    ("network", "file", "says"),
    [
        ("two-layers:many", "circle.npz", "path/to/file.py:function or two-layers"),
        ("net.py:word", "circle.npz", "no torch module but int"),
        ("two-layers:64", "other.npz", "holds x; a fit takes"),
        ("two-layers:63", "circle.npz", "even number"),
    ],
)
def test_what_is_no_fit_is_told_in_a_line(data, capsys, network, file, says):
    np.savez("other.npz", x=ANGLES)
    assert main(["tangent-kernel", "--data", file, "--network", network, "--out", "kernel.nc"]) == 1
    assert says in capsys.readouterr().err
