"""Points and values of a file, asked about on the command line."""

import numpy as np

import fourierscope as fs
from fourierscope.cli import main


def test_a_file_of_points_and_values_is_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("points.npz", points=np.linspace(-0.8, 0.8, 6), values=np.linspace(-0.8, 0.8, 6) ** 2)
    words = "linear-principle --data points.npz --neurons 400 --draws 2 --places 50 --out a.nc"
    assert main(words.split()) == 0
    assert "the linear frequency principle predicts" in capsys.readouterr().out
    assert fs.load("a.nc")["l2"]["width"].values.tolist() == [50, 100, 200, 400]


def test_a_file_of_something_else_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("others.npz", x=np.zeros(3))
    np.save("one.npy", np.zeros(3))
    for name, came in (("others.npz", "x came"), ("one.npy", "one array came")):
        assert main(["linear-principle", "--data", name]) == 1
        assert f"arrays points and values; {came}" in capsys.readouterr().err
