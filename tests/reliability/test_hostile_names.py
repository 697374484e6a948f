"""Whatever text stands in the place of a name, a report shows it as text: no element, script or request comes of it."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from doors import SOAK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores_made import TRIAL

import fourierscope as fs
from fourierscope.reports import Sheet, Table
from fourierscope.results import Axes, Result, mean

PAGES = 300 if SOAK else 3
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "<!--<script>",
    "-->",
    "]]>",
    "<a href='javascript:alert(1)'>a</a>",
    "<a href='http://example.org/'>a</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "%{x}%{customdata[0]}",
    "<style>@import 'http://example.org/a.css';</style>",
    "</style><base href=//example.org>",
    "<svg/onload=alert(1)>",
    "\u2028\u2029\x00\x1b[2J\ud800",
    "=cmd|' /C calc'!A0",
    "a" * 5000,
]
NAMES = st.sampled_from(HOSTILE) | st.text(alphabet=st.sampled_from("<>/\"'&;={}%#!- \n\tabcxyzé"), max_size=40)
PLACES = 11
CURVE = np.random.default_rng(0).random((3, 9))


class Read(HTMLParser):
    """The elements of a page with the names of their attributes, what they would load, and what scripts hold."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.loads, self.scripts, self.inside = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.elements.append((tag, *sorted(name for name, _ in attrs)))
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action", "poster")]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)


def results(names):
    """Results with these names in every place that a name has, and a sheet."""
    one, two, samples, axis, word, value, says, units, analysis, option, subject = names
    asked = fs.Samples(TRIAL.samples.images, TRIAL.samples.labels, samples)
    classifiers = [fs.Classifier(TRIAL.classifier.network, f"{number}{name}") for number, name in ((1, one), (2, two))]
    known = [fs.PassCurve(sizes=(1, 2))(fs.Trial(classifier, asked)) for classifier in classifiers]
    axes = Axes({f"a{axis}": np.array([f"{number}{word}" for number in "xyz"])}, {f"a{axis}": f"u{units}"})
    found = mean(f"v{value}", CURVE, axes, f"u{units}", f"Says {says}")
    record = {
        "analysis": f"A{analysis}",
        "options": {f"o{option}": f"o{option}"},
        "subject": {"name": f"s{subject}"},
        "versions": {},
    }
    return [*known, Result(xr.Dataset(found), record)]


def page(folder, names):
    one, two, *_ = names
    table = Table(f"h{one}", f"e{two}", (f"c{one}", "b"), ((f"d{two}", "e"),))
    sheet = Sheet(f"t{one}", (f"s{two}",), (), (table,))
    path = fs.report(results(names), folder / "page.html", f"t{one}", overwrite=True, sheets=[sheet])
    return Read(path.read_text(encoding="utf-8", errors="surrogatepass"))


def tags_in_figures(read):
    """The tags within the texts of the figures, which plotly would draw by."""
    texts, ahead = [], [json.loads(read.scripts[0])]
    while ahead:
        held = ahead.pop()
        ahead += list(held.values()) if isinstance(held, dict) else held if isinstance(held, list) else []
        texts += [held] if isinstance(held, str) else []
    return set(re.findall(r"</?[a-zA-Z!][^>]*>?", " ".join(texts)))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return page(tmp_path_factory.mktemp("plain"), ["name"] * PLACES)


def check(read, plain):
    assert set(read.elements) <= set(plain.elements)
    for tag in ("script", "style", "meta", "title", "head", "body"):
        assert sum(one[0] == tag for one in read.elements) == sum(one[0] == tag for one in plain.elements), tag
    assert all(one.startswith(("#", "data:image/png;base64,")) for one in read.loads)
    assert read.scripts[1:] == plain.scripts[1:]
    assert tags_in_figures(read) <= tags_in_figures(plain)


@pytest.mark.parametrize("turn", range(len(HOSTILE) if SOAK else 2))
def test_hostile_names_in_every_place_are_shown_as_text(tmp_path, plain, turn):
    check(page(tmp_path, [HOSTILE[(turn + PLACES * place) % len(HOSTILE)] for place in range(PLACES)]), plain)


def test_hostile_names_mixed_at_random_are_shown_as_text(tmp_path, plain):
    @settings(
        max_examples=PAGES,
        deadline=None,
        derandomize=not SOAK,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(NAMES, min_size=PLACES, max_size=PLACES))
    def each(names):
        check(page(tmp_path, names), plain)

    each()
