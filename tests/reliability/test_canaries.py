"""No file that is opened runs anything: hostile files of every kind, at every door that opens a file."""

import contextlib
import io
import json
import sys

import numpy as np
import pytest
import torch
from doors import SOAK, digests, ending
from hostile_files import FILES, Canary, trusted
from stores_made import TRIAL, ask

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.results import Result
from fourierscope.subjects.weights import CHECKPOINTS
from fourierscope.training import Recipe, train

NAMED = ["--classifier", "reference:natural", "--samples", "patches:test"]
LEARNING = fs.Trial(
    fs.Classifier(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 2))), TRIAL.samples.subset(range(8))
)


def at_the_command_line(*words):
    """Refuses in the package's own words where the command ends with a code and one line."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        try:
            code = main(list(words))
        except SystemExit as error:
            code = error.code
    assert code in (1, 2), told.getvalue()
    assert "Traceback" not in told.getvalue()
    assert len(told.getvalue().strip().splitlines()) == 1, told.getvalue()


def in_store(name):
    """A door: a file of a store that was whole."""

    def opened(path):
        store = path.parent / "store"
        ask(store)
        assert (store / name).exists()
        (store / name).write_bytes(path.read_bytes())
        ask(store)

    return opened


def published(path):
    """A door: one of the arrays of CIFAR-10-C."""
    folder = path.parent / "c"
    folder.mkdir()
    np.save(folder / "labels.npy", np.zeros(50000, np.uint8))
    path.rename(folder / "fog.npy")
    try:
        fs.open_samples(f"cifar10-c:{folder}:fog:1")
    finally:
        (folder / "fog.npy").rename(path)


def weights(path):
    fs.open_classifier("torchvision:squeezenet1_1", weights=str(path), mean=0.5, std=0.5)


DOORS = {
    **{f"weights w{suffix}": weights for suffix in (*CHECKPOINTS, ".safetensors")},
    "trained t.safetensors": lambda path: fs.open_classifier(f"trained:{path}"),
    "samples s.npz": lambda path: fs.open_samples(f"npz:{path}"),
    "picture p.png": lambda path: fs.open_samples(f"folder:{path.parent}"),
    "published fog.npy": published,
    "result r.nc": fs.load,
    "cell of a store c.npz": in_store("cell-000002.npz"),
    "question of a store q.json": in_store("question.json"),
    "batch size of a store b.json": in_store("batch.json"),
    "checkpoint c.ckpt": lambda path: train(
        LEARNING.classifier, LEARNING.samples, Recipe(epochs=1, batch=4), checkpoint=path
    ),
    "report r.nc": lambda path: at_the_command_line("report", str(path)),
    "masks m.nc": lambda path: at_the_command_line("mask-transfer", *NAMED, "--masks", str(path)),
    "options o.yaml": lambda path: at_the_command_line("pass-curve", *NAMED, "--config", str(path)),
    "points d.npz": lambda path: at_the_command_line(
        "tangent-kernel", "--data", str(path), "--network", "two-layers:64"
    ),
}
if not SOAK:  # the reader of "result", and five seconds of imports
    del DOORS["masks m.nc"]
TOLD_BY_THE_COMMAND = ("report", "masks", "options", "points")


@pytest.mark.parametrize("kind", FILES)
def test_the_canary_of_these_files_would_run_if_they_were_trusted(tmp_path, kind):
    trusted(kind, FILES[kind](Canary(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("door", DOORS)
def test_a_hostile_file_is_refused_and_runs_nothing(tmp_path, monkeypatch, door):
    for number, (kind, made) in enumerate(FILES.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        path = folder / door.split()[-1]
        path.write_bytes(made(Canary(tmp_path / "ran")))
        before = digests(folder)
        found = ending(lambda path=path: DOORS[door](path))
        assert found == ("answered" if door.split()[0] in TOLD_BY_THE_COMMAND else "refused"), kind
        assert not (tmp_path / "ran").exists(), kind
        assert before.items() <= digests(folder).items(), kind


CODE = """
import os
import torch
os.makedirs({place!r}, exist_ok=True)
def build():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 2))
"""


def naming(held, spec):
    """A record whose texts all name code, and that names some wherever else a reader might look for it."""
    if isinstance(held, dict):
        return {key: naming(one, spec) for key, one in held.items()} | {"class_path": spec, "word": spec}
    return spec if isinstance(held, str) else held


@pytest.mark.parametrize("spec", ["evil.py:build", "evil:build", "evil"])
def test_what_reads_results_and_stores_never_imports_what_they_name(tmp_path, monkeypatch, spec):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "evil.py").write_text(CODE.format(place=str(tmp_path / "ran")))
    plain = fs.PassCurve(sizes=(1, 2))(TRIAL)
    record = naming(plain.record, spec) | {"versions": plain.record["versions"]}
    Result(plain.dataset, record).save("evil.nc")
    result = fs.load("evil.nc")
    assert result.record["analysis"] == spec
    fs.draw(result["accuracy"])
    assert main(["report", "evil.nc", "--out", "page.html"]) == 0
    ask("store")
    (tmp_path / "store" / "question.json").write_text(json.dumps(record))
    with pytest.raises(fs.StoreError, match="belongs to another question"):
        ask("store")
    assert "evil" not in sys.modules
    assert not (tmp_path / "ran").exists()
    fs.open_classifier("evil.py:build", mean=0.0, std=1.0)
    assert (tmp_path / "ran").exists()  # code that the user names is the user's
