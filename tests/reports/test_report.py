import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr

from fourierscope.reports import report
from fourierscope.reports.report import json_in_html
from fourierscope.results import Axes, Result, mean


class Reader(HTMLParser):
    """Collects what a browser would run, load and show."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.scripts, self.shown, self.tags, self._inside = [], [], "", [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._inside = tag if tag in ("script", "style", "title") else ""
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action", "poster")]
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.shown += data


@pytest.fixture(scope="module")
def page(all_results, tmp_path_factory):
    return report(all_results, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def read(page):
    return Reader(page.read_text(encoding="utf-8"))


def made(name="things", values=None, analysis="DepthOfThings"):
    values = np.random.default_rng(0).random((3, 9)) if values is None else values
    found = mean("depth", values, Axes({"layer_number": np.arange(len(values))}), "1", "Mean depth.")
    return Result(xr.Dataset(found), {"analysis": analysis, "options": {}, "subject": {"name": name}, "versions": {}})


def test_the_page_is_small(page):
    assert page.stat().st_size < 10e6


def test_plotly_is_there_once(page):
    assert page.read_text(encoding="utf-8").count("plotly.js v") == 1


def test_nothing_is_loaded_from_elsewhere(read):
    assert read.loads
    assert all(one.startswith(("#", "data:image/png;base64,")) for one in read.loads)
    assert not {"link", "iframe", "object", "embed", "base", "form"} & set(read.tags)


def test_a_hostile_name_is_shown_as_text(page, read, hostile):
    assert hostile in read.shown
    assert len(read.scripts) == 3
    assert "<script>alert(1)" not in page.read_text(encoding="utf-8")
    json.loads(read.scripts[0])


def test_json_cannot_end_its_script_element():
    told = json_in_html(["</script>", "<!--", "&amp;", "\u2028"])
    assert not set("<>&\u2028") & set(told)
    assert json.loads(told) == ["</script>", "<!--", "&amp;", "\u2028"]


def test_the_policy_lets_only_these_scripts_run(page):
    import base64
    import hashlib

    text = page.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert "default-src &#39;none&#39;" in policy
    for script in re.findall(r"<script>(.*?)</script>", text, re.DOTALL):
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy.replace("&#43;", "+")


def test_no_outcomes_are_embedded(read):
    assert "_outcomes" not in read.scripts[0]


def test_planes_and_their_differences_are_there_on_shared_scales(read):
    figures = json.loads(read.scripts[0])
    heats = [one["data"][0] for one in figures if one["data"][0]["type"] == "heatmap"]
    errors = [one for one in heats if "<br>error: " in one["hovertemplate"]]
    differences = [one for one in heats if "<br>difference in error: " in one["hovertemplate"]]
    assert [len(errors), len(differences)] == [3, 3]
    assert len({(one["zmin"], one["zmax"]) for one in errors}) == 1
    assert len({(one["zmin"], one["zmax"]) for one in differences}) == 1


def test_what_does_not_depend_on_the_classifier_is_shown_once(read):
    heats = [one["data"][0] for one in json.loads(read.scripts[0])]
    assert sum("effective norm" in one.get("hovertemplate", "") for one in heats) == 1
    assert "The same for all 3" in read.shown


def test_the_clean_accuracy_is_said_once_for_each_classifier(read):
    assert read.shown.count("The accuracy on clean images is") == 3


def test_the_same_results_give_the_same_page(all_results, page):
    assert report(all_results, page) == page


def test_another_file_is_kept_unless_overwriting_is_asked_for(tmp_path):
    target = tmp_path / "report.html"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        report([made()], target)
    assert target.read_text() == "mine"
    report([made()], target, overwrite=True)
    assert "Depth of things" in target.read_text(encoding="utf-8")


def test_an_unknown_analysis_gets_its_section_and_what_cannot_be_drawn_is_said(tmp_path):
    result = made()
    result.dataset["cube"] = xr.DataArray(
        np.zeros((2, 2, 2)), dims=("a", "b", "c"), attrs={"units": "1", "says": "A cube."}
    )
    read = Reader(report([result], tmp_path / "r.html", title="<i>title").read_text(encoding="utf-8"))
    assert "A cube. Not drawn" in read.shown
    assert "<i>title" in read.shown
    assert len(json.loads(read.scripts[0])) == 1


def test_values_without_numbers_do_not_stop_the_page(tmp_path):
    page = report([made(values=np.full((3, 9), np.nan))], tmp_path / "r.html")
    read = Reader(page.read_text(encoding="utf-8"))
    assert "The depth holds no finite numbers" in read.shown
    assert json.loads(read.scripts[0])[0]["data"][-1]["y"] == [None, None, None]


@pytest.mark.parametrize("empty", ["error", "error_ring"])
def test_a_heat_map_without_numbers_does_not_stop_the_page(tmp_path, maps, empty):
    result = Result(maps[0].dataset.copy(deep=True), maps[0].record)
    result.dataset[empty][:] = np.nan
    read = Reader(report([result, maps[1]], tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "The error holds no finite numbers" in read.shown
    assert "The strongest single wave" in read.shown


def test_a_pass_curve_without_numbers_does_not_stop_the_page(tmp_path, curves):
    result = Result(curves[0].dataset.copy(deep=True), curves[0].record)
    result.dataset["accuracy"].loc[{"kept": "low"}] = np.nan
    read = Reader(report([result], tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "With only low frequencies kept, the accuracy is unknown" in read.shown
    assert "With only high frequencies kept, the " in read.shown


def test_a_name_that_could_not_be_decoded_is_written_all_the_same(tmp_path):
    read = Reader(report([made(name="bad\udcff name")], tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "bad? name" in read.shown


def test_a_ring_is_headed_as_what_it_is(read):
    assert "mean error over the ring" in read.shown
    assert "error ring" not in read.shown


def test_how_a_heat_map_is_read_stands_on_pages_that_hold_one_alone(tmp_path, read):
    assert "A heat map in four sentences" in read.shown
    assert "A heat map in four" not in Reader(report([made()], tmp_path / "r.html").read_text()).shown


def test_counts_that_are_all_0_are_said_and_not_drawn(tmp_path):
    result = made()
    result.dataset["unchanged"] = result.dataset["depth"].copy(data=np.zeros((3, 9)).astype(int)[:, 0])
    result.dataset["unchanged"].attrs = {"units": "images", "says": "Images left as they were."}
    read = Reader(report([result], tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "Images left as they were. It is 0 everywhere." in read.shown
    assert len(json.loads(read.scripts[0])) == 1
    result.dataset["unchanged"][1] = 1
    read = Reader(report([result], tmp_path / "s.html").read_text(encoding="utf-8"))
    assert "0 everywhere" not in read.shown
    assert len(json.loads(read.scripts[0])) == 2


def test_options_are_asked_in_plain_words(tmp_path):
    result = made()
    profile = {"bandwidth": 27, "severities": [1, 3, 5], "clip": True}
    result.record["options"] = {"split": 0.0, "norm": 8.0, "mean": None, "treatment": "", "profile": profile}
    read = Reader(report([result], tmp_path / "r.html").read_text(encoding="utf-8"))
    told = "split half of Nyquist, norm 8, profile of (bandwidth 27, severities 1, 3 and 5, clip yes)"
    assert f"Asked with {told}." in read.shown


def test_the_main_picture_of_a_question_stands_before_those_that_are_folded(page):
    text = page.read_text(encoding="utf-8")
    section = text[text.index('<section id="question-1">') : text.index('<section id="question-2">')]
    seen, folded = section.split('<details class="more">')
    assert "<h3>error</h3>" in seen
    assert "<h3>difference in error</h3>" in seen
    assert "<h3>mean error over the ring</h3>" in folded
    assert "More of this question: " in folded


def test_radii_are_told_where_there_are_frequencies_of_images_alone(tmp_path, read):
    assert "Radii are in cycles per image" in read.shown
    other = Reader(report([made()], tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "Brackets hold" in other.shown
    assert "Radii are in" not in other.shown


def test_without_results_there_is_no_report(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        report([], tmp_path / "r.html")
    with pytest.raises(TypeError, match="Dataset"):
        report([xr.Dataset()], tmp_path / "r.html")
