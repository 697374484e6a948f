"""Several runs that come to one store at the same moment: one at a time is served, and none spoils it."""

import subprocess
import sys
from pathlib import Path

import pytest
from doors import SOAK
from stores_made import QUESTION, TRIAL, Loudness, ask, same

import fourierscope as fs
from fourierscope.runs import store as stores
from fourierscope.runs.store import Store

ROUNDS = 100


@pytest.mark.parametrize("first", [QUESTION, Loudness(count=5)], ids=["same", "other"])
@pytest.mark.parametrize("moment", [(Store, "_is_strange"), (stores, "written_whole")], ids=["look", "write"])
def test_of_two_runs_that_begin_a_store_the_quicker_one_says_what_it_is_of(tmp_path, monkeypatch, first, moment):
    step = getattr(*moment)

    def overtaken(*given, **more):
        monkeypatch.setattr(*moment, step)
        Store(tmp_path / "store")._begin(first.record(TRIAL))
        return step(*given, **more)

    monkeypatch.setattr(*moment, overtaken)
    if first == QUESTION:
        assert same(ask(tmp_path / "store"), ask())
    else:
        with pytest.raises(fs.StoreError, match=r"belongs to another question: options\.count was 5 and is now 6"):
            ask(tmp_path / "store")


def test_a_draft_that_another_process_puts_in_its_place_meanwhile_is_no_trouble(tmp_path, monkeypatch):
    draft = tmp_path / "store" / ".batch.json.1.draft"
    stat = Path.stat

    def gone(path, **how):
        if path == draft:
            path.unlink(missing_ok=True)
        return stat(path, **how)

    assert same(ask(tmp_path / "store"), ask())
    (tmp_path / "store" / "batch.json").unlink()
    draft.write_text("half")
    monkeypatch.setattr(Path, "stat", gone)
    Store(tmp_path / "store").batch = 3
    assert Store(tmp_path / "store").batch == 3


@pytest.mark.skipif(not SOAK, reason="starts hundreds of processes: in soak")
@pytest.mark.parametrize("word", ["runs", "questions", "shares"])
def test_processes_that_come_at_once_are_served_or_refused_and_the_store_is_whole(tmp_path, word):
    script = Path(__file__).with_name("at_once.py")
    words = [sys.executable, script, tmp_path, word, ROUNDS]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rounds = [line.split("|") for line in done.stdout.splitlines()]
    assert len(rounds) == ROUNDS
    allowed = {"shared"} if word == "shares" else {"answered", "refused"}
    assert all(len(one) == 4 and set(one) <= allowed for one in rounds), rounds
    if word != "shares":
        assert all("answered" in one for one in rounds)
        assert any("refused" in one for one in rounds)
    if word != "questions":
        assert all(same(ask(tmp_path / str(turn)), ask()) for turn in range(ROUNDS))
