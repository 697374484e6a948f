"""Networks beside the linear frequency principle: parts that add up, descent, and what is refused."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.linear_principle import Drawn
from fourierscope.runs import Whole
from fourierscope.theory import lfp, two_layer

POINTS = torch.tensor([-0.8, -0.6, -0.3, -0.06, 0.1])
VALUES = torch.tensor([0.25, -0.25, -0.07, 0.15, -0.05])
CORNERS = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])


def network(width=400, dimension=1):
    return nn.Sequential(nn.Linear(dimension, width), nn.ReLU(), nn.Linear(width, 1, bias=False))


def fit(width=400, **options):
    return fs.Fit(POINTS, VALUES, network(width), name="five points", **options)


def test_widths_follow_the_network_and_differences_fall_with_them():
    result = fs.LinearPrinciple(places=100)(fit(3200))
    assert result["l2"]["width"].values.tolist() == [400, 800, 1600, 3200]
    assert result["l2"].values[-1] < result["l2"].values[0] / 1.5
    assert (result["l1"] < result["l2"]).all()
    slope = np.polyfit(np.log(result["l2"]["width"].values), np.log(result["l2"].values), 1)[0]
    assert float(result["slope"]) == pytest.approx(slope, abs=0.03)
    assert -0.8 < slope < -0.2
    assert float(result["limit"]) == pytest.approx(0.00116, rel=0.05)
    assert float(result["spread"]) == pytest.approx(float(VALUES.std(correction=0)))


def test_parts_are_what_lies_between_the_network_and_the_prediction():
    question, subject = fs.LinearPrinciple(places=50, draws=2, widths=(100, 400)), fit()
    cells = list(question.cells(subject))
    assert cells == list(fs.LinearPrinciple((400, 100, 400), draws=2).cells(subject))
    assert cells == [Whole(), Drawn(100, 0), Drawn(100, 1), Drawn(400, 0), Drawn(400, 1)]
    closed, drawn = (question.measure(cell, subject) for cell in (cells[0], cells[4]))
    start, points = two_layer.Start(), POINTS.double()
    places = torch.linspace(float(POINTS[0]), float(POINTS[-1]), 50, dtype=torch.float64)
    predicted = lfp.solve(points, VALUES, *start.moments(1))(places)
    torch.testing.assert_close(torch.from_numpy(closed["predicted"]), predicted, rtol=1e-5, atol=1e-6)
    parts = question(subject)["parts"]
    assert parts["part"].values.tolist() == ["finite width", "dropped product", "finite biases"]
    for place, part in enumerate((closed["endless"] - closed["bare"], closed["bare"] - closed["predicted"]), 1):
        assert parts.values[place] == pytest.approx(np.sqrt((part**2).mean()))
    both = [question.measure(cell, subject)["kernel"] - closed["endless"] for cell in cells[3:]]
    assert parts.values[0, 1] == pytest.approx(np.sqrt((np.array(both) ** 2).mean(1)).mean())
    assert drawn["kernel"].shape == (50,)


def test_descent_comes_near_its_kernel_and_is_a_part_of_its_own():
    largest = 400 * 9.2  # of the kernel of the points, at most
    subject = fit(400, steps=3000, learning_rate=5 / 2 * 1.5 / largest, optimiser="sgd")
    result = fs.LinearPrinciple(answers="descent", draws=1, widths=(400,), places=60)(subject)
    assert result["parts"]["part"].values.tolist()[0] == "training"
    early = fs.LinearPrinciple(answers="descent", draws=1, widths=(400,), places=60)(
        fit(400, steps=30, learning_rate=5 / 2 * 1.5 / largest, optimiser="sgd")
    )
    assert float(result["parts"][0, 0]) < float(early["parts"][0, 0]) / 2
    assert float(result["l2"][0]) < 0.1
    assert "slope" not in result


def test_plain_descent_takes_all_widths_through_one_time():
    largest = 200 * 9.2
    subject = fit(200, steps=400, learning_rate=5 / 2 * 1.5 / largest, optimiser="sgd")
    question = fs.LinearPrinciple((800,), "descent", draws=1, places=40)
    cell = Drawn(800, 0)
    neurons = two_layer.draw(two_layer.Start(), 800, 1, question.chance(cell, "neurons"))
    points, places = POINTS.double(), torch.linspace(-0.8, 0.1, 40, dtype=torch.float64)
    kernels = [two_layer.tangent_kernel(neurons, one, points) for one in (places, points)]
    time = 200 * subject.learning_rate * 400 * 2 / 5  # the mean of five squares is two fifths of half their sum
    lazy, slower = (two_layer.predict(*kernels, VALUES.double(), one).numpy() for one in (time, time / 4))
    found = question.measure(cell, subject)["trained"]
    assert np.abs(found - lazy).max() < 0.2 * np.abs(slower - lazy).max()


def test_in_two_dimensions_functions_are_maps_and_in_more_they_are_left_out():
    subject = fs.Fit(CORNERS, CORNERS.prod(1), network(dimension=2))
    question = fs.LinearPrinciple((400,), weight=0.8, amplitude=0.2, bias=4, law="normal", places=100, draws=2)
    answers = question(subject)["answers"]
    assert answers.shape == (3, 10, 10)
    assert answers.sel(answer="prediction", x=1, y=-1) == pytest.approx(-1)
    assert answers.sel(answer="width 400", x=1, y=-1) == pytest.approx(-1)
    fs.draw(answers)
    points = torch.rand(12, 3, generator=torch.Generator().manual_seed(0))
    more = fs.LinearPrinciple((400, 800), weight=1, places=20, draws=2)(
        fs.Fit(points, points.sum(1), network(dimension=3))
    )
    assert "answers" not in more
    assert float(more["parts"].max()) < 0.01  # a linear function costs hardly anything


def test_one_dimension_is_a_curve_and_a_saved_result_is_the_same(tmp_path):
    result = fs.LinearPrinciple((100, 200), places=500, draws=2)(fit())
    assert result["answers"].sizes == {"answer": 3, "x": 100}
    for name in ("l2", "parts", "answers"):
        fs.draw(result[name])
    first = fs.LinearPrinciple((100, 200), places=500, draws=2).measure(Drawn(200, 0), fit())["kernel"]
    assert result["answers"].sel(answer="width 200").values == pytest.approx(first[::5])
    held = fs.run(fs.LinearPrinciple((100, 200), places=500, draws=2), fit(), store=tmp_path / "store")
    assert held.save(tmp_path / "a.nc").read_bytes() == result.save(tmp_path / "b.nc").read_bytes()


@pytest.mark.parametrize(
    "subject",
    [
        fs.Fit(POINTS, VALUES, nn.Linear(1, 1)),
        fs.Fit(POINTS, VALUES, nn.Sequential(nn.Linear(1, 9), nn.Tanh(), nn.Linear(9, 1, bias=False))),
        fs.Fit(POINTS, VALUES, nn.Sequential(nn.Linear(1, 9), nn.ReLU(), nn.Linear(9, 1))),
        fs.Fit(POINTS, VALUES, nn.Sequential(nn.Linear(1, 9, bias=False), nn.ReLU(), nn.Linear(9, 1, bias=False))),
        fs.Fit(POINTS, VALUES, network(dimension=2)),
        fs.Fit(POINTS, torch.stack([VALUES, VALUES], 1), network()),
        fs.Fit(POINTS, torch.tensor([0, 1, 0, 1, 1]), network()),
    ],
)
def test_other_networks_and_values_are_refused_in_one_sentence(subject):
    with pytest.raises(ValueError, match=r"takes a Fit of numbers.*nn.ReLU.*came"):
        fs.LinearPrinciple()(subject)


def test_a_rate_at_which_descent_diverges_is_told_before_any_training():
    with pytest.raises(ValueError, match="diverges at rates above"):
        fs.LinearPrinciple(answers="descent")(fit(400, learning_rate=0.01, optimiser="sgd"))
    assert fs.LinearPrinciple((100,), draws=1, places=20)(fit(400, learning_rate=0.01, optimiser="sgd"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"answers": "both"}, "kernel or descent"),
        ({"widths": (3,)}, "even"),
        ({"widths": 8}, "tuple"),
        ({"draws": 0}, "draws at least 1"),
        ({"places": 2}, "places is at least 4"),
        ({"weight": 0}, "above 0"),
        ({"law": "flat"}, "uniform or normal"),
        ({"bias": 2.0}, "bias=2.4 or more"),
        ({"bias": 4.0, "law": "normal"}, "bias=4.8 or more"),
    ],
)
def test_options_are_checked(options, says):
    with pytest.raises((TypeError, ValueError), match=says):
        fs.LinearPrinciple(**options)(fit())


def test_values_of_0_have_no_slope_and_no_warning():
    points = torch.linspace(-0.8, 0.8, 3)
    network = nn.Sequential(nn.Linear(1, 400), nn.ReLU(), nn.Linear(400, 1, bias=False))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fs.LinearPrinciple((200, 400), places=20, draws=2)(fs.Fit(points, 0 * points, network))
    assert result["l2"].values.tolist() == [0, 0]
    assert "slope" not in result
