"""A paper made again: each exhibit in its folder, resumed where it was, and nothing of others overwritten."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fourierscope import load
from fourierscope.papers import PAPERS, paper_named
from fourierscope.papers.exhibit import BUDGETS
from fourierscope.papers.page import page_of
from fourierscope.papers.paper import made_again
from fourierscope.papers.yin2019.printed import printed, printed_map
from fourierscope.runs import StoreError
from fourierscope.runs.store import Store


def made(paper, setting, folder):
    return list(made_again(paper, paper.exhibits, setting, folder))


def test_an_exhibit_is_made_checked_drawn_and_written(paper, setting, tmp_path):
    curve, nothing = made(paper, setting, tmp_path / "out")
    assert [one.verdict for one in curve.checked] == ["holds", "fails", "not tried here", "not tried here"]
    assert curve.made.left_out == {"gaussian": "nobody trained it"}
    assert (nothing.not_tried, nothing.checked[0].verdict) == ("it needs an accelerator", "not tried here")
    folder = tmp_path / "out" / "figure-1"
    assert (folder / "figure-1.png").read_bytes().startswith(b"\x89PNG")
    assert load(folder / "natural.nc").dataset.equals(curve.made["natural"].dataset)
    held = json.loads((folder / "checks.json").read_text())
    assert held["checks"][0]["n"] == 12
    assert held["checks"][0]["ours"] == curve.checked[0].reading.value
    assert held["checks"][2]["why"] == "nobody trained it"
    assert held["checks"][1]["high"] is None
    assert json.loads((tmp_path / "out" / "table-1" / "checks.json").read_text())["not tried"]


def test_printed_numbers_stand_beside_ours_only_where_the_images_are_the_papers(paper, setting, tmp_path):
    assert made(paper, setting, tmp_path / "smoke")[0].beside == []
    (row,) = made(paper, replace(setting, budget="small"), tmp_path / "small")[0].beside
    assert (row.what, row.printed, row.ours.n) == ("clean accuracy", 0.9, 20)


def test_made_twice_nothing_is_measured_again_and_the_files_are_the_same(paper, setting, tmp_path, monkeypatch):
    made(paper, setting, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*") if path.is_file()}
    monkeypatch.setattr(Store, "keep", lambda *_: pytest.fail("a cell was measured again"))
    made(paper, setting, tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*") if path.is_file()} == before


def test_a_killed_making_goes_on_with_the_cells_it_has(paper, setting, tmp_path, monkeypatch):
    whole = made(paper, setting, tmp_path / "whole")[0].made["natural"]
    keep, kept = Store.keep, []

    def keep_two(self, index, cell, measured):
        if len(kept) == 2:
            raise KeyboardInterrupt
        kept.append(index)
        keep(self, index, cell, measured)

    monkeypatch.setattr(Store, "keep", keep_two)
    with pytest.raises(KeyboardInterrupt):
        made(paper, setting, tmp_path / "out")
    again = []
    monkeypatch.setattr(Store, "keep", lambda self, index, *rest: (again.append(index), keep(self, index, *rest)))
    assert made(paper, setting, tmp_path / "out")[0].made["natural"].dataset.equals(whole.dataset)
    assert not set(again) & set(kept)
    assert len(again) == 3


def test_a_folder_with_other_things_is_left_as_it_is(paper, setting, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="something else"):
        made(paper, setting, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(StoreError, match="something else"):
        made(paper, setting, tmp_path / "mine.txt")


@pytest.mark.parametrize("change", [{"budget": "small"}, {"limit": 5}], ids=str)
def test_a_folder_of_another_setting_is_refused(paper, setting, tmp_path, change):
    made(paper, setting, tmp_path / "out")
    with pytest.raises(StoreError, match=f"{next(iter(change))} was .* and is now"):
        made(paper, replace(setting, **change), tmp_path / "out")


def test_a_folder_of_other_images_names_them_and_shows_no_digest(paper, setting, tmp_path):
    made(paper, setting, tmp_path / "out")
    others = setting.samples.limited(10)
    with pytest.raises(StoreError, match=r"the test images are others") as told:
        made(paper, replace(setting, samples=others), tmp_path / "out")
    assert f"(then {setting.samples.name}, now {others.name})" in str(told.value)
    assert "--folder" in str(told.value)
    assert setting.samples.digest not in str(told.value)
    assert others.digest not in str(told.value)


def test_a_folder_with_nothing_but_the_draft_that_a_kill_left_is_taken(paper, setting, tmp_path):
    (tmp_path / ".setting.json.4711.draft").write_bytes(b"{")
    assert made(paper, setting, tmp_path)[0].made.results


def test_a_folder_in_the_place_of_the_mark_is_told(paper, setting, tmp_path):
    (tmp_path / "out" / "setting.json").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"setting.json is damaged"):
        made(paper, setting, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 100_000, b"\xff\xfe", b'"text"', b"null"], ids=str)
def test_a_damaged_mark_of_the_folder_is_told(paper, setting, tmp_path, content):
    made(paper, setting, tmp_path / "out")
    (tmp_path / "out" / "setting.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"setting.json is damaged"):
        made(paper, setting, tmp_path / "out")


def test_damaged_cells_are_told_and_damaged_outputs_are_written_anew(paper, setting, tmp_path):
    made(paper, setting, tmp_path / "out")
    folder = tmp_path / "out" / "figure-1"
    good = {name: (folder / name).read_bytes() for name in ("natural.nc", "checks.json", "figure-1.png")}
    for name in good:
        (folder / name).write_bytes(b"<script>alert(1)</script>")
    made(paper, setting, tmp_path / "out")
    assert {name: (folder / name).read_bytes() for name in good} == good
    cell = next((tmp_path / "out" / "cells").rglob("cell-*.npz"))
    cell.write_bytes(cell.read_bytes()[:-100])
    with pytest.raises(StoreError, match="damaged"):
        made(paper, setting, tmp_path / "out")


def test_the_page_holds_pictures_checks_and_reasons(paper, setting, tmp_path):
    outcomes = made(paper, setting, tmp_path / "out")
    page = page_of(paper, "smoke", paper.budgets["smoke"], outcomes, tmp_path / "out")
    text = page.read_text()
    assert page.name == "report.html"
    assert "Of 5 checks: 1 hold, 1 fail, 3 not tried here." in text
    assert "Not in this budget, because it needs an accelerator." in text
    assert "Left out: gaussian, because nobody trained it." in text
    assert text.count('<img src="data:image/png;base64,') >= 1
    part = page_of(paper, "smoke", paper.budgets["smoke"], outcomes[1:], tmp_path / "out")
    assert part.name == "report-table-1.html"
    assert len(json.loads((tmp_path / "out" / "checks.json").read_text())) == 2
    assert len(json.loads((tmp_path / "out" / "checks-table-1.json").read_text())) == 1


def test_a_result_that_exhibits_share_stands_on_the_page_once(paper, setting, tmp_path):
    curve = made(paper, setting, tmp_path / "out")[0]
    text = page_of(paper, "smoke", paper.budgets["smoke"], [curve, curve], tmp_path / "out").read_text()
    assert "reference:natural" in text
    assert "reference:natural (1)" not in text


def test_exhibits_are_found_by_number_and_by_name(paper):
    for words in ("1", "figure 1", "Figure 1", "figure1", "figure-1"):
        assert paper.exhibit(words) is paper.exhibits[0]
    for words in ("table 1", "Table 1", "table1", "table-1"):
        assert paper.exhibit(words) is paper.exhibits[1]
    with pytest.raises(ValueError, match="has 1, table 1; '9' came"):
        paper.exhibit("9")


@pytest.mark.parametrize("name", PAPERS)
def test_every_listed_paper_is_whole(name):
    paper = paper_named(name)
    assert paper.name == name
    assert tuple(paper.budgets) == BUDGETS
    assert len({one.number for one in paper.exhibits}) == len(paper.exhibits)
    for one in paper.exhibits:
        assert one.claim.endswith(".")
        assert one.checks
        assert len({check.says for check in one.checks}) == len(one.checks)
    for budget in paper.budgets.values():
        assert set(budget.classifiers) | set(budget.absent) <= set(paper.roles)


@pytest.mark.parametrize("name", PAPERS)
def test_the_list_of_papers_names_exhibits_as_the_command_takes_them(name):
    paper, (_, _, listed) = paper_named(name), PAPERS[name].rpartition(": ")
    words = listed.replace(", ", " ").split()
    for one in paper.exhibits:
        kind = one.heading.split()[0]
        assert {one.name, kind, f"{kind}s"} & set(words), one.heading
        assert paper.exhibit(one.name) is one


def test_the_printed_map_stands_upright():
    """In the drawing the natural network's error has a dip at 13 cycles down the rows, and none along the columns."""
    values = printed_map("natural")
    assert float(values.sel(row=-13, column=0)) < 0.45
    assert float(values.sel(row=0, column=-13)) > 0.5


def test_the_printed_numbers_agree_with_each_other():
    """Fig. 5 and the clean accuracies; the means of Table 2; ring values and map of Fig. 3; Fig. 6 in all places."""
    numbers = printed("figure 5")
    for role in ("natural", "gaussian", "adversarial"):
        assert numbers["low"][role][0] == numbers["high"][role][0]
        assert numbers["low"][role][-1] == pytest.approx(numbers["high"][role][-1], abs=0.006)
        values = printed_map(role)
        assert float(values.mean()) == pytest.approx(printed("figure 3")["mean"][role], abs=0.01)
        assert values.sizes == {"row": 32, "column": 32}
        assert int(values["row"][16]) == 0
        radius = np.rint(np.hypot(values["row"], values["column"]))
        for place, error in zip(printed("figure 3")["radius"], printed("figure 3")["error"][role], strict=True):
            assert float(values.where(radius == place).mean()) == pytest.approx(error, abs=0.04)
    for role, accuracy in printed("table 2")["accuracy"].items():
        assert sum(accuracy) / 15 == pytest.approx(printed("table 2")["mean"][role], abs=1)
    assert set(printed("table 2")["corruption"]) == set(printed("figure 6")["share"])
    assert all(set(one) == set(printed("figure 6")["share"]) for one in printed("figure 6")["change"].values())
