"""The command line: quick where nothing is asked, read off the analyses, and clear where something is wrong."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fourierscope
from fourierscope.cli import main
from fourierscope.cli.catalogue import analyses

TRIAL = ["--classifier", "reference:natural", "--samples", "patches:test", "--limit", "20"]
HEAT_MAP = ["heat-map", *TRIAL, "--stride", "8"]


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["list"], []])
def test_help_version_and_list_import_nothing_heavy(words):
    code = f"import sys; from fourierscope.cli import main; main({words}); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip()
    for heavy in ("torch", "numpy", "xarray", "matplotlib", "jsonargparse"):
        assert f"'{heavy}'" not in done.stderr


def test_every_analysis_of_the_package_has_a_command():
    commands = {entry.name: entry.command for entry in analyses()}
    asked = [name for name, one in vars(fourierscope.analyses).items() if isinstance(one, type)]
    assert set(commands) == set(asked)
    assert commands["HeatMap"] == "heat-map"
    assert commands["HighFrequencyShare"] == "high-frequency-share"
    assert all(entry.says.endswith(".") for entry in analyses())


def test_an_unknown_command_is_answered_with_the_nearest(capsys):
    assert main(["heatmap"]) == 2
    assert "heat-map" in capsys.readouterr().err


def test_a_command_saves_what_python_gives(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*HEAT_MAP, "--norm", "2", "--store", "store", "--out", "heat.nc"]) == 0
    assert "The accuracy on clean images is" in capsys.readouterr().out
    trial = fourierscope.Trial(
        fourierscope.open_classifier("reference:natural"), fourierscope.open_samples("patches:test", limit=20)
    )
    expected = fourierscope.HeatMap(norm=2.0, stride=8)(trial)
    held = fourierscope.load("heat.nc")
    assert held.record == expected.record
    assert held.dataset.equals(expected.dataset)


def test_what_an_error_carries_along_is_a_sentence_of_its_own(monkeypatch, capsys):
    def failing(_):
        error = RuntimeError("but got 3 channels instead")
        error.add_note("So said grey.")
        error.add_note("Give others.")
        raise error

    monkeypatch.setattr("fourierscope.cli.doctor.main", failing)
    assert main(["doctor"]) == 1
    told = capsys.readouterr().err
    assert told == "fourierscope doctor: but got 3 channels instead. So said grey. Give others.\n"


def test_an_existing_file_is_refused_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("heat.nc").write_text("mine")
    assert main([*HEAT_MAP, "--classifier", "reference:nowhere", "--out", "heat.nc"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert Path("heat.nc").read_text() == "mine"


def test_a_store_of_another_question_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*HEAT_MAP, "--store", "store", "--out", "one.nc"]) == 0
    assert main([*HEAT_MAP, "--norm", "3", "--store", "store", "--out", "two.nc"]) == 1
    assert "options.norm was 4.0 and is now 3.0" in capsys.readouterr().err
    assert not Path("two.nc").exists()


def test_a_question_can_come_from_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("question.yaml").write_text("norm: 1.5\nstride: 8\nlimit: 12\n")
    words = ["heat-map", "--config", "question.yaml", "--classifier", "reference:natural", "--samples", "patches:test"]
    assert main([*words, "--out", "heat.nc"]) == 0
    record = fourierscope.load("heat.nc").record
    assert (record["options"]["norm"], record["subject"]["samples"]["count"]) == (1.5, 12)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["heat-map", "--classifier", "reference:nobody", "--samples", "patches:test"], "natural"),
        (["heat-map", "--classifier", "reference:natural", "--samples", "nothing"], "patches"),
        (["heat-map", "--classifier", "reference:natural", "--samples", "digits"], "channels"),
        (["pass-curve", "--classifier", "reference:natural", "--samples", "npz:absent.npz"], "absent.npz"),
        (["report", "absent.nc"], "absent.nc"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["list"], ["--help"]])
def test_a_reader_that_has_gone_is_no_error(words):
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [sys.executable, "-m", "fourierscope", *words], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (run.returncode, run.stderr) == (141, "")


def test_the_doctor_finds_the_package_sound(capsys):
    assert main(["doctor"]) == 0
    assert "a small heat map: done" in capsys.readouterr().out


DUMMY = '''
"""A dummy."""

from dataclasses import dataclass

import numpy as np

from fourierscope.results import Axes, count, mean
from fourierscope.runs import Analysis
from fourierscope.subjects import Samples


@dataclass(frozen=True)
class MeanColour(Analysis[Samples]):
    """Mean of each channel over the images, times a factor."""

    factor: float = 1.0
    """Multiplies it."""

    def measure(self, cell, samples, /):
        return {"colour": self.factor * samples.batch().mean((2, 3)).T.numpy()}

    def assemble(self, measured, samples, /):
        (piece,) = measured.values()
        axes = Axes({"channel": np.arange(samples.channels)})
        return mean("colour", piece["colour"], axes, "1", "Mean of the pixels.") | count(len(samples))
'''


def test_a_new_analysis_is_one_file_and_one_line(tmp_path):
    package = Path(fourierscope.__file__).parent
    shutil.copytree(package, tmp_path / "fourierscope", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "fourierscope/analyses/mean_colour.py").write_text(DUMMY)
    with (tmp_path / "fourierscope/analyses/__init__.py").open("a") as catalogue:
        catalogue.write("from fourierscope.analyses.mean_colour import MeanColour as MeanColour\n")

    def ask(*words: str) -> str:
        command = [sys.executable, "-m", "fourierscope", *words]
        done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "mean-colour" in ask("list")
    assert "--factor FACTOR" in ask("mean-colour", "--help")
    said = ask(
        "mean-colour",
        "--samples",
        "patches:test",
        "--limit",
        "20",
        "--factor",
        "2",
        "--store",
        "kept",
        "--out",
        "colour.nc",
    )
    assert "colour" in said
    assert len(list((tmp_path / "kept").glob("cell-*.npz"))) == 1
    ask("report", "colour.nc", "--out", "page.html")
    assert "Mean of the pixels." in (tmp_path / "page.html").read_text()
    found = subprocess.run(
        [sys.executable, "-c", "import fourierscope as fs; print(fs.MeanColour(factor=3.0))"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == "MeanColour(factor=3.0)"


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("a file")
    assert main([*HEAT_MAP, "--classifier", "reference:nowhere", "--out", "taken/heat.nc"]) == 1
    assert "taken" in capsys.readouterr().err
    assert main([*HEAT_MAP, "--classifier", "reference:nowhere", "--out", str(tmp_path), "--overwrite"]) == 1
    assert "is a folder" in capsys.readouterr().err


def test_numbers_may_be_listed_with_commas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["pass-curve", *TRIAL, "--sizes", "1,4", "--mean", "0.5,0.5,0.5", "--std", "0.25", "--out", "curve.nc"]
    assert main(words) == 0
    record = fourierscope.load("curve.nc").record
    assert record["options"]["sizes"] == [1, 4]
    assert record["subject"]["classifier"]["mean"] == [0.5, 0.5, 0.5]
    assert record["subject"]["classifier"]["std"] == [0.25]


def test_the_list_names_what_the_loaders_and_recipes_know(capsys):
    from fourierscope.subjects.classifier_kinds import CLASSIFIER_KINDS
    from fourierscope.subjects.reference import reference_names
    from fourierscope.subjects.sample_kinds import SAMPLE_KINDS
    from fourierscope.subjects.sample_sets import TORCHVISION_SETS
    from fourierscope.training import RECIPES

    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {kind}" in listed for kind in SAMPLE_KINDS if kind not in TORCHVISION_SETS)
    assert all(f"  {kind}:" in listed for kind in CLASSIFIER_KINDS if kind != "file")
    assert all(f"  {name} " in listed.partition("recipes")[2] for name in RECIPES)
    own = {name for name in reference_names() if not name.startswith("cifar10-resnet20-")}
    assert all(name in listed.partition("reference:NAME")[2].splitlines()[0] for name in own)
    cifar = [name.removeprefix("cifar10-resnet20-") for name in set(reference_names()) - own]
    assert all(name in listed.partition("reference:cifar10-resnet20-NAME")[2].splitlines()[0] for name in cifar)


@pytest.mark.parametrize("command", ["heat-map", "power-spectrum", "shift-spectrum"])
def test_help_names_every_kind_of_samples_and_classifiers_that_the_loaders_know(command, capsys):
    from fourierscope.subjects.classifier_kinds import CLASSIFIER_KINDS
    from fourierscope.subjects.sample_kinds import SAMPLE_KINDS
    from fourierscope.subjects.sample_sets import TORCHVISION_SETS

    with pytest.raises(SystemExit):
        main([command, "--help"])
    told = "".join(capsys.readouterr().out.split())  # lines may break within a word
    assert all(kind in told for kind in set(SAMPLE_KINDS) - set(TORCHVISION_SETS))
    kinds = {"path/to/file.py:function", *(f"{kind}:" for kind in set(CLASSIFIER_KINDS) - {"file"})}
    assert command == "power-spectrum" or all(kind in told for kind in kinds)


def test_the_list_says_of_every_treatment_what_the_treatment_says_itself(capsys):
    from fourierscope.treatments import TREATMENTS

    assert main(["list"]) == 0
    listed = capsys.readouterr().out.partition("treatments\n")[2].partition("recipes")[0].splitlines()
    told = {line.split()[0]: " ".join(line.split()[1:]) for line in listed}
    assert set(told) == {"corruption:NAME", *(word for word in TREATMENTS if not word.startswith("corruption:"))}
    for word, treatment in TREATMENTS.items():
        if word in told:
            assert told[word] == f"{treatment.says}, by {'odd ' * word.endswith('-pass')}{treatment.strength}"
