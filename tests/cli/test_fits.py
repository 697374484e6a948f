"""A fit on the command line: points and values of a file, a network of a file or a word."""

import numpy as np
import pytest

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.cli.fits import fit

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
        ("two-layers:many", "circle.npz", "path/to/file.py:function, two-layers"),
        ("net.py:word", "circle.npz", "no torch module but int"),
        ("two-layers:64", "other.npz", "holds x; a fit takes"),
        ("two-layers:63", "circle.npz", "even number"),
    ],
)
def test_what_is_no_fit_is_told_in_a_line(data, capsys, network, file, says):
    np.savez("other.npz", x=ANGLES)
    assert main(["tangent-kernel", "--data", file, "--network", network, "--out", "kernel.nc"]) == 1
    assert says in capsys.readouterr().err


def test_two_linear_layers_are_held_against_the_linear_principle(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("points.npz", points=np.linspace(-0.8, 0.8, 6), values=np.linspace(-0.8, 0.8, 6) ** 2)
    words = "linear-principle --data points.npz --network relu:400 --draws 2 --places 50 --out a.nc"
    assert main(words.split()) == 0
    assert "the linear frequency principle predicts" in capsys.readouterr().out
    assert fs.load("a.nc")["l2"]["width"].values.tolist() == [50, 100, 200, 400]


def test_a_single_array_is_told(data, capsys):
    np.save("one.npy", ANGLES)
    assert main(["linear-principle", "--data", "one.npy", "--network", "relu:10"]) == 1
    assert "one.npy holds one array" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_told_in_a_line(data, tmp_path, capsys):
    held = {"text": b"points and values", "empty": b"", "broken": b"PK\x03\x04 no zip"}
    for name, content in held.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
        assert main(["tangent-kernel", "--data", f"{name}.npz", "--network", "relu:4", "--out", "x.nc"]) == 1
        assert f"{name}.npz is no .npz file that NumPy reads" in capsys.readouterr().err


def test_numbers_of_any_kind_are_read_and_words_are_not(data):
    for kind in (">f8", "f2", "f4"):
        np.savez("kind.npz", points=np.arange(4).astype(kind), values=np.arange(4).astype(kind))
        assert fit("kind.npz", "relu:4").points.flatten().tolist() == [0, 1, 2, 3]
    np.savez("kind.npz", points=np.zeros(3), values=np.arange(3, dtype="u2"))
    assert fit("kind.npz", "relu:4").values.tolist() == [0, 1, 2]
    np.savez("kind.npz", points=np.array(["a", "b"]), values=np.zeros(2))
    with pytest.raises(ValueError, match="points are numbers; <U1 came"):
        fit("kind.npz", "relu:4")


def test_images_and_absent_devices_are_told_in_words(data):
    np.savez("images.npz", points=np.zeros((2, 1, 4, 4)), values=np.zeros(2))
    with pytest.raises(ValueError, match=r"relu:4 takes points \(n, d\); \(2, 1, 4, 4\) came"):
        fit("images.npz", "relu:4")
    with pytest.raises(ValueError, match="no device 'cuda:99' here"):
        fit("circle.npz", "relu:4", device="cuda:99")
    with pytest.raises(ValueError, match="A network is"):
        fit("circle.npz", "relu:\u00b2")
