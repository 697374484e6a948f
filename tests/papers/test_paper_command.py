"""`fourierscope paper`: lists, makes a figure, goes on where it was, and says in one line what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest

from fourierscope.cli import main
from fourierscope.papers import PAPERS
from fourierscope.papers.tables import UNSURE
from fourierscope.runs.store import Store

FIGURE = ["paper", "yin2019", "5", "--limit", "8", "--folder", "out"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_papers_are_listed_by_themselves_and_in_the_list(capsys):
    assert main(["paper"]) == 0
    alone = capsys.readouterr().out
    assert main(["list"]) == 0
    listed = capsys.readouterr().out.partition("\npapers\n")[2]
    for name, says in PAPERS.items():
        assert f"  {name} " in alone
        assert f"  {name} " in listed
        assert says in listed


def test_a_figure_is_made_told_and_kept(capsys):
    assert main(FIGURE) == 0
    told = capsys.readouterr().out
    assert "Figure 5" in told
    assert "3 checks not tried here, because that takes the budget small or full." in told
    assert "Of 12 checks:" in told
    assert told.count(UNSURE) == 1
    assert {one.name for one in Path("out/figure-5").iterdir()} >= {"natural.nc", "figure-5.png", "checks.json"}
    held = json.loads(Path("out/checks-5.json").read_text())
    assert [one["exhibit"] for one in held] == ["Figure 5"]
    assert all(one["n"] == 8 for one in held[0]["checks"] if one["verdict"] != "not tried here")
    page = Path("out/report-5.html").read_text()
    assert "<td>above 0</td>" in page
    assert UNSURE in page
    assert "Used again" not in told
    assert main(FIGURE) == 0
    again = capsys.readouterr().out.splitlines(keepends=True)
    (reused,) = [line for line in again if line.startswith("Used again")]
    cells = len(list(Path("out/cells").rglob("cell-*.npz")))
    assert reused == f"Used again: {cells} finished cells that this folder kept.\n"
    assert "".join(line for line in again if line != reused) == told


def test_classifiers_of_ones_own_take_the_roles(capsys):
    own = ["--classifier", "gaussian=reference:adversarial", "--classifier", "adversarial=reference:gaussian"]
    assert main([*FIGURE, *own]) == 0
    held = json.loads(Path("out/checks-5.json").read_text())
    assert len([one for one in held[0]["checks"] if one["verdict"] != "not tried here"]) == 9
    assert main(FIGURE) == 1
    assert "belongs to another question" in capsys.readouterr().err


def test_an_interrupted_figure_says_how_to_go_on(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "keep", interrupted)
    assert main(FIGURE) == 130
    assert "Figure 5 was not finished; the same command goes on where it was." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["yin2018"], "The papers are yin2019"),
        (["lin2020"], "'lin2020' came. Did you mean lin2019?"),
        (["lin2019", "defense"], "lin2019 has transfer, regions, defence; 'defense' came. Did you mean defence?\n"),
        (["jia2019", "leader", "table"], 'mean leader table? Write leadertable, leader-table or "leader table" in quo'),
        (["yin2019", "12"], "'12' came"),
        (["yin2019", "figure12"], 'came. Write 1, figure1, figure-1 or "figure 1"; table1, table-1 or "table 1" in'),
        (["yin2019", "3", "--budget", "tiny"], "smoke, small, full"),
        (["yin2019", "3", "--budget", "small"], "--samples npz:PATH"),
        (["yin2019", "3", "--budget", "small", "--samples", "npz:absent.npz"], "absent.npz"),
        (["yin2019", "3", "--budget", "full", "--samples", "folder:absent"], "absent"),
        (["yin2019", "3", "--samples", "nothing"], "There are no samples 'nothing'"),
        (["yin2019", "3", "--training", "npz:absent.npz"], "absent.npz"),
        (["yin2019", "3", "--limit", "0"], "--limit is a whole number from 1 on"),
        (["yin2019", "3", "--classifier", "natural"], "takes ROLE="),
        (["yin2019", "3", "--classifier", "nobody=reference:natural"], "the roles are natural"),
        (["yin2019", "3", "--classifier", "natural=reference:nobody"], "nobody"),
        (["yin2019", "3", "--weights", "natural=w.safetensors"], "natural has none"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(words, said, capsys):
    assert main(["paper", *words]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert list(Path.cwd().iterdir()) == []


def test_a_folder_of_ones_own_is_left_alone(capsys):
    Path("out").mkdir()
    Path("out/thesis.tex").write_text("mine")
    assert main(FIGURE) == 1
    assert "holds something else" in capsys.readouterr().err
    assert [one.name for one in Path("out").iterdir()] == ["thesis.tex"]


def test_what_a_budget_has_not_is_said_for_every_exhibit(capsys):
    images = np.zeros((4, 32, 32, 3), dtype=np.uint8)
    images[:, :, ::2] = 200
    np.savez("images.npz", images=images, labels=np.arange(4))
    assert main(["paper", "yin2019", "3", "4", "5", "--budget", "full", "--samples", "npz:images.npz"]) == 0
    told = capsys.readouterr().out
    assert told.count("Not in this budget, because") == 3
    assert "--classifier natural=" in told
    assert "fourierscope paper yin2019 4 --budget full --samples folder:PATH" in told
    assert "0 hold, 0 fail" in told
    assert "Table 2" not in told
