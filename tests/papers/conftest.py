"""A small paper of one exhibit, on embedded patches, and the results that checks read."""

import numpy as np
import pytest
import xarray as xr

from fourierscope.analyses import PassCurve
from fourierscope.figures import draw
from fourierscope.papers.exhibit import Beside, Check, Exhibit, Made, Picture
from fourierscope.papers.making import NotTried, Setting
from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.reading import at, within
from fourierscope.results import Axes, Result, count, rate
from fourierscope.subjects import open_classifier, open_samples

RECORD = {"analysis": "Counted", "options": {}, "subject": {"name": "made up", "digest": ""}, "versions": {}}


@pytest.fixture
def counted():
    """A result of 100 images: right on 80 of them at place 1, on 60 of these at place 2."""
    right = np.zeros((2, 100), dtype=bool)
    right[0, :80], right[1, :60] = True, True
    axes = Axes({"place": np.array([1, 2])})
    return Result(xr.Dataset(rate("accuracy", right, axes, "Share right.") | count(100)), RECORD)


def make_curve(making):
    samples = making.samples({"smoke": 12, "small": 40, "full": 40})
    for role, trial in making.trials(("natural", "gaussian"), samples):
        making.ask(role, PassCurve(shape="square", sizes=(3, 15)), trial)


def make_nothing(making):
    raise NotTried("it needs an accelerator")


def draw_curve(made: Made):
    return [Picture("figure-1", "Accuracy by bandwidth.", draw(made["natural"]["accuracy"]))]


def wide_minus_narrow(role):
    places = ({"kept": "low", "bandwidth": 15}, {"kept": "low", "bandwidth": 3})
    return lambda made: within(made[role], "accuracy", *places)


CURVE = Exhibit(
    number="1",
    title="A curve",
    claim="More frequencies, more accuracy.",
    source="nowhere",
    make=make_curve,
    draw=draw_curve,
    beside=lambda made: [Beside("clean accuracy", 0.9, at(made["natural"], "clean_accuracy", {}))],
    checks=(
        Check("wide minus narrow", wide_minus_narrow("natural"), low=-1.0, high=1.0),
        Check("wide minus narrow, too much", wide_minus_narrow("natural"), low=1.5),
        Check("of a network that is not there", wide_minus_narrow("gaussian"), low=0.0),
        Check("for a larger budget", wide_minus_narrow("natural"), low=0.0, budgets=("full",)),
    ),
)
NOTHING = Exhibit(
    number="table 1",
    title="Nothing",
    claim="None.",
    source="nowhere",
    make=make_nothing,
    draw=lambda made: [],
    checks=(Check("cannot be tried", wide_minus_narrow("natural"), low=0.0),),
)


@pytest.fixture
def paper():
    budget = Budget("a few patches.", "patches:test", {"natural": "reference:natural"}, {})
    return Paper("little2020", "Little (2020): a curve", ("natural", "gaussian"), {"smoke": budget}, (CURVE, NOTHING))


@pytest.fixture
def setting():
    samples = open_samples("patches:test", limit=20)
    absent = {"gaussian": "nobody trained it"}
    return Setting("smoke", samples, {"natural": open_classifier("reference:natural")}, absent)
