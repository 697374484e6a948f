"""A cluster gives the bits of this process, and outlives workers, nodes, poisoned cells and the driver itself."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from ray_questions import Turn, Turns
from safetensors.torch import save_file

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.runs.engines import Job, ray_session
from fourierscope.runs.engines import cluster as engine
from fourierscope.runs.engines.ray_worker import Answer

pytest.importorskip("ray")

SAMPLES = fs.Samples(torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0)))
LABELLED = fs.Samples(SAMPLES.images, [0, 1, 0])


@pytest.fixture(scope="module")
def nodes():
    """A simulated cluster for each process of tests: a head without cores, and two nodes of one core each."""
    ray_session._check_guarded()
    ray_session._imported()
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 10**8})
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=10**8)
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()


@pytest.fixture
def joined(nodes):
    return fs.runs.Cluster(workers=2, address=nodes.address)


@pytest.fixture
def one(nodes):
    return fs.runs.Cluster(address=nodes.address)


def cells_in(store):
    return len(list(Path(store).glob("cell-*.npz")))


def wait_for(cells, store):
    end = time.monotonic() + 60
    while cells_in(store) < cells:
        assert time.monotonic() < end, "no cells came"
        time.sleep(0.02)


def test_two_nodes_give_the_bits_of_this_process(joined):
    trial = fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=12))
    question = fs.PassCurve(sizes=(1, 2, 4))
    assert fs.run(question, trial, engine=joined).dataset.identical(question(trial).dataset)


def test_chains_a_worker_killed_once_and_a_cell_that_fails_go_as_here(joined, tmp_path):
    flag = tmp_path / "killed"
    question = Turns(once=str(flag), wrong=2)
    found = fs.run(question, SAMPLES, engine=joined, batch=2, keep_going=True)
    assert flag.exists()
    assert "2 0" not in found["sum"]["cell"].values
    assert found.dataset.identical(fs.run(question, SAMPLES, keep_going=True).dataset)


def test_a_poisoned_cell_is_listed_an_error_is_the_run_s_and_the_user_stays_connected(nodes, tmp_path):
    import ray

    ray.init(address=nodes.address, log_to_driver=False, logging_level=40)
    try:
        store = tmp_path / "store"
        question = Turns(deadly=1, length=1)
        with pytest.raises(
            fs.CellsFailed, match=r"1 of 4 cells failed \(Turn\(chain=1, number=0\).*died 3 times"
        ) as caught:
            fs.run(question, SAMPLES, store, workers=2, engine="ray")
        assert list(caught.value.failed) == [Turn(1, 0)]
        assert (store / "failed-000001.json").exists()
        assert cells_in(store) == 3
        with pytest.raises(ArithmeticError, match=r"^one too many$"):
            fs.run(Turns(wrong=0, length=1), SAMPLES, engine="ray")
        assert ray.is_initialized()
        with pytest.raises(ValueError, match="connected to Ray already"):
            fs.run(question, SAMPLES, engine=fs.runs.Cluster(address="elsewhere:1"))
    finally:
        ray.shutdown()


def test_a_node_with_other_weights_measures_nothing(one, tmp_path):
    (tmp_path / "net.py").write_text(
        "import torch\ndef make():\n return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 2))\n"
    )
    weights = {"1.weight": torch.ones(2, 16), "1.bias": torch.zeros(2)}
    save_file(weights, tmp_path / "w.safetensors")
    opened = fs.open_classifier(f"{tmp_path}/net.py:make", weights=str(tmp_path / "w.safetensors"))
    save_file(weights | {"1.bias": torch.ones(2)}, tmp_path / "w.safetensors")
    store = tmp_path / "store"
    with pytest.raises(
        ValueError, match=r"another subject or question: subject.classifier.answers.*classifier\.digest"
    ):
        fs.run(fs.PassCurve(sizes=(1,)), fs.Trial(opened, LABELLED), store, engine=one)
    assert not cells_in(store)


def test_a_run_begun_here_goes_on_while_a_node_is_lost(nodes, tmp_path):
    store, question = tmp_path / "store", Turns(chains=12, length=1, pause=0.3)
    kept = fs.run_share(question, SAMPLES, store, "0/4").kept
    node = nodes.add_node(num_cpus=1, object_store_memory=10**8)
    bigger = fs.runs.Cluster(workers=3, address=nodes.address)

    def remove():
        wait_for(kept + 2, store)
        nodes.remove_node(node, allow_graceful=False)

    remover = threading.Thread(target=remove)
    remover.start()
    found = fs.run(question, SAMPLES, store, engine=bigger)
    remover.join()
    assert node not in nodes.worker_nodes
    assert cells_in(store) == 12
    assert found.dataset.identical(question(SAMPLES).dataset)


def test_a_driver_that_is_killed_takes_its_cluster_with_it_and_its_run_goes_on_here(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    store, question = tmp_path / "store", Turns(chains=6, length=1, pause=0.3)
    children = driven(question, store)
    assert 2 <= cells_in(store) < 6
    assert not (tmp_path / ".ray").exists()  # a token of its own is not left lying about
    found = fs.run(question, SAMPLES, store)
    assert found.dataset.identical(question(SAMPLES).dataset)
    end = time.monotonic() + 60
    while any(Path(f"/proc/{one}").exists() for one in children):
        assert time.monotonic() < end, "the cluster outlives its driver"
        time.sleep(0.1)


def driven(question, store):
    """A run on a cluster, in a process of its own, killed after two cells; the processes that it had started."""
    script = f"""
import fourierscope as fs, torch
from ray_questions import Turns
samples = fs.Samples(torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0)))
fs.run({question!r}, samples, {str(store)!r}, engine="ray")
"""
    folders = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    driver = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": folders})
    try:
        wait_for(2, store)
        begun = Path(f"/proc/{driver.pid}/task/{driver.pid}/children").read_text().split()
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    return begun


def test_what_cannot_be_sent_is_told_before_anything_is_started(monkeypatch):
    monkeypatch.setattr(engine, "session", lambda *given: pytest.fail("Ray was started"))
    mine = fs.Trial(fs.Classifier(lambda images: images.flatten(1)[:, :2]), LABELLED)
    with pytest.raises(ValueError, match=r"path/to/file\.py:make"):
        fs.run(fs.PassCurve(sizes=(1,)), mine, engine="ray")
    opened = fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=2))
    with pytest.raises(ValueError, match="is code"):
        fs.run(fs.HeatMap(score=lambda outputs, labels: outputs[:, 0]), opened, engine="ray")

    class Local(Turns):
        pass

    with pytest.raises(ValueError, match="lives in this process alone"):
        fs.run(Local(), SAMPLES, engine="ray")


def test_a_store_that_holds_all_cells_starts_nothing(monkeypatch, tmp_path):
    whole = fs.run(Turns(), SAMPLES, tmp_path / "store")
    monkeypatch.setattr(engine, "session", lambda *given: pytest.fail("Ray was started"))
    assert fs.run(Turns(), SAMPLES, tmp_path / "store", engine="ray").dataset.identical(whole.dataset)


def test_telemetry_is_off_and_a_cluster_without_a_token_is_not_started(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(ValueError, match="RAY_AUTH_MODE=disabled came"):
        fs.run(Turns(), SAMPLES, engine="ray")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"workers": 0}, "whole numbers from 1 on"),
        ({"gpus_per_worker": 1.5}, "a fraction from 0 to 1, or a whole number"),
        ({"gpus_per_worker": float("nan")}, "a fraction from 0 to 1"),
        ({"address": "ray://head:10001"}, "HOST:PORT"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(given, told):
    with pytest.raises(ValueError, match=told):
        fs.runs.Cluster(**given)


def test_an_engine_has_its_own_workers(monkeypatch):
    with pytest.raises(ValueError, match="workers of its own"):
        fs.run(Turns(), SAMPLES, workers=2, engine=fs.runs.Cluster())
    with pytest.raises(ValueError, match='engine is "here", "ray"'):
        fs.run(Turns(), SAMPLES, engine="dask")


def test_the_command_line_hands_its_options_to_the_cluster(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine, "session", lambda *given: asked.append(given) or pytest.fail("no further"))
    words = ["pass-curve", "--classifier", "reference:natural", "--samples", "patches:test", "--limit", "4"]
    with pytest.raises(pytest.fail.Exception, match="no further"):
        main([*words, "--sizes", "2", "--engine", "ray", "--address", "head:6379", "--workers", "3"])
    assert asked == [("head:6379", 3, 0)]
    for wrong in (["--address", "auto"], ["--engine", "ray", "--store", "cells", "--share", "0/2"]):
        assert main([*words, *wrong]) == 1
    assert "say --engine ray" in capsys.readouterr().err


@pytest.mark.parametrize(("told", "kind"), [("ValueError: no", ValueError), ("ExceptionGroup: two (2)", RuntimeError)])
def test_an_error_of_a_worker_is_raised_as_its_kind_where_a_text_makes_one(told, kind):
    job = Job(0, Turn(0, 0))
    with pytest.raises(kind, match=r"no|two"):
        engine._outcome(job, Answer({}, 0, "", told, ()))
