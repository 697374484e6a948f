"""Gradients by frequency: laws of adding up, planted waves, and the formulas written a second time."""

import numpy as np
import pytest
import torch
from planted_made import at, beside, planted, smooth_trial
from torch import nn

import fourierscope as fs
from fourierscope.analyses.frequency_gradient import agreement
from fourierscope.results import unpacked
from fourierscope.runs import run
from fourierscope.treatments.infills import Infills

PLANES = [fs.Plane(6, 6), fs.Plane(5, 5), fs.Plane(4, 7), fs.Plane(7, 4)]
BLACK = {"origin": "black", "value": "logit"}


def gradient(trial, images, value="logit"):
    """The gradient of the label's logit, or log odds, by images."""
    images = images.clone().requires_grad_()
    logits = trial.classifier(images)
    own = logits[torch.arange(len(images)), trial.samples.labels]
    if value == "log-odds":
        own = own - (logits.logsumexp(1).exp() - own.exp()).log()
    own.sum().backward()
    return images.grad


def slow_map(gradients, images):
    """Re(conj(G) X) / (h w) of unnormalised transforms, summed over channels: (n, h, w), centred."""
    height, width = images.shape[-2:]
    found = torch.zeros(len(images), height, width, dtype=torch.float64)
    y, x = torch.arange(height)[:, None].double(), torch.arange(width)[None, :].double()
    for i, row in enumerate(fs.Plane(height, width).rows().tolist()):
        for j, column in enumerate(fs.Plane(height, width).columns().tolist()):
            turn = torch.exp(-2j * torch.pi * (row * y / height + column * x / width))
            heard, own = ((one.double() * turn).sum((-2, -1)) for one in (gradients, images))
            found[:, i, j] = (heard.conj() * own).real.sum(1) / (height * width)
    return found


def outcomes(result, name="attribution"):
    """Each image's map (n, h, w)."""
    return torch.from_numpy(unpacked(result.dataset, name)).movedim(-1, 0).double()


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_gradient_x_input_is_the_formula_and_adds_up_to_their_product(plane):
    trial = smooth_trial(plane.shape)
    images = trial.samples.batch()
    slope = gradient(trial, images)
    found = fs.FrequencyGradient("gradient", **BLACK)(trial)
    torch.testing.assert_close(outcomes(found), slow_map(slope, images), atol=1e-4, rtol=1e-4)
    product = (slope * images).sum((1, 2, 3)).double()
    torch.testing.assert_close(outcomes(found).sum((1, 2)), product, atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(float(found["attribution"].sum()), float(product.mean()), rtol=1e-4)
    np.testing.assert_allclose(float(found["total"]), float(product.mean()), rtol=1e-4)


@pytest.mark.parametrize("plane", PLANES, ids=str)
@pytest.mark.parametrize("infill", ["zero", "other-image"])
def test_integrated_gradients_add_up_to_the_rise_of_the_value(plane, infill):
    trial = smooth_trial(plane.shape)
    found = fs.FrequencyGradient("integrated", "logit", infill=infill, origin="black", steps=27)(trial)
    images, own = trial.samples.batch(), torch.arange(5)
    start = torch.zeros_like(images) if infill == "zero" else Infills.of(trial.samples, infill).images(0, 5)
    with torch.no_grad():
        ends = [trial.classifier(one)[own, trial.samples.labels].double() for one in (images, start)]
    rise = ends[0] - ends[1]
    assert (outcomes(found).sum((1, 2)) - rise).abs().max() < 1e-3
    assert abs(float(found["rise"]) - float(rise.mean())) < 1e-4
    assert float(found["largest_completeness_error"]) < 1e-3
    assert int(found["above_tolerance"]) == 0


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_integrated_gradients_are_the_formula(plane):
    trial = smooth_trial(plane.shape)
    images = trial.samples.batch()
    slopes = [gradient(trial, (step + 0.5) / 12 * images, "log-odds") for step in range(12)]
    found = fs.FrequencyGradient("integrated", origin="black", steps=4, most_steps=12, tolerance=1e-9)(trial)
    slow = slow_map(sum(slopes) / 12, images)
    torch.testing.assert_close(outcomes(found), slow, atol=1e-4, rtol=1e-4)
    assert float(found["steps_taken"]) == 12


def test_steps_are_tripled_for_the_images_that_need_them_alone():
    def network(images):
        bright = images.mean((1, 2, 3))
        worth = torch.where(bright > 0, bright, bright.sin() * 5)  # far from linear on one side of the origin
        return torch.stack([worth, torch.zeros_like(worth)], 1)

    images = torch.stack([torch.full((1, 4, 4), one) for one in (0.2, 0.8)])
    shifted = fs.Classifier(lambda given: network(given - 0.5))
    found = fs.FrequencyGradient(value="logit", steps=2)(fs.Trial(shifted, fs.Samples(images, torch.tensor([0, 0]))))
    steps = 2 * float(found["steps_taken"])
    assert steps > 4
    assert np.log((steps - 2) / 2) / np.log(3) == pytest.approx(round(np.log((steps - 2) / 2) / np.log(3)))
    assert float(found["largest_completeness_error"]) < 1e-3


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_a_linear_classifier_is_done_after_the_first_steps(plane):
    weight = torch.randn(3, *plane.shape, generator=torch.Generator().manual_seed(0))
    worth = lambda images: (images * weight).sum((1, 2, 3))  # noqa: E731
    trial = fs.Trial(
        fs.Classifier(lambda images: torch.stack([worth(images), -worth(images)], 1)), smooth_trial(plane.shape).samples
    )
    labels = torch.zeros(5).long()
    found = fs.FrequencyGradient(steps=1)(fs.Trial(trial.classifier, fs.Samples(trial.samples.images, labels)))
    assert float(found["steps_taken"]) == 1
    assert float(found["largest_completeness_error"]) < 1e-4


def test_steps_stop_at_the_most_and_the_error_is_told():
    trial = smooth_trial(activation=nn.ReLU)
    few = fs.FrequencyGradient(value="logit", steps=2, most_steps=5)(trial)
    more = fs.FrequencyGradient(value="logit", steps=2, most_steps=60)(trial)
    assert float(few["steps_taken"]) == 2
    assert float(more["steps_taken"]) == 54
    assert float(few["completeness_error"]) > 3 * float(more["completeness_error"]) > 0
    assert int(few["above_tolerance"]) == 5
    errors = few.dataset["completeness_error_outcomes"].values
    between = float(np.sort(errors)[1:3].mean())
    some = fs.FrequencyGradient(value="logit", steps=2, most_steps=5, tolerance=between)(trial)
    assert int(some["above_tolerance"]) == 3
    distance = outcomes(few).sum((1, 2)) - torch.from_numpy(few.dataset["rise_outcomes"].values).double()
    np.testing.assert_allclose(float(few["completeness_error"]), float(distance.abs().mean()), rtol=1e-3)


def test_integrated_gradients_of_a_shipped_classifier_add_up():
    trial = fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=1))
    found = fs.FrequencyGradient(most_steps=5832)(trial)
    assert float(found["largest_completeness_error"]) < 1e-3
    assert float(found["total"]) == pytest.approx(float(found["rise"]), abs=1e-3)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_sensitivity_is_the_formula_without_frequency_zero(plane):
    trial = smooth_trial(plane.shape)
    slope = gradient(trial, trial.samples.batch())
    power = slow_map(slope, slope)
    power[:, plane.height // 2, plane.width // 2] = 0
    found = fs.FrequencyGradient("sensitivity", "logit")(trial)
    torch.testing.assert_close(
        outcomes(found, "sensitivity"), power / power.sum((1, 2), keepdim=True), atol=1e-4, rtol=1e-4
    )
    np.testing.assert_allclose(float(found["sensitivity"].sum()), 1, rtol=1e-5)
    np.testing.assert_allclose(float(found["sensitivity_by_radius"].sum()), 1, rtol=1e-5)


@pytest.mark.parametrize("factor", [1e-25, 1e25])
def test_sensitivity_is_the_same_however_small_or_large_the_gradient(factor):
    trial = smooth_trial()
    scaled = fs.Trial(fs.Classifier(lambda images: factor * trial.classifier(images)), trial.samples)
    found, whole = (fs.FrequencyGradient("sensitivity", "logit")(one) for one in (scaled, trial))
    np.testing.assert_allclose(found["sensitivity"], whole["sensitivity"], rtol=1e-4)
    assert int(found["without_gradient"]) == 0


def test_opposite_slopes_of_colours_do_not_cancel():
    plane = fs.Plane(6, 5)
    pattern = fs.wave(plane, fs.Frequency(1, 2)).float()

    def opponent(images):
        heard = ((images[:, 0] - images[:, 1]) * pattern).sum((-2, -1))
        return torch.stack([-heard, heard], 1)

    samples = fs.Samples(torch.rand(3, 2, 6, 5, generator=torch.Generator().manual_seed(0)), torch.ones(3).long())
    found = fs.FrequencyGradient("sensitivity")(fs.Trial(fs.Classifier(opponent), samples))["sensitivity"]
    assert at(found, (1, 2)) == pytest.approx(0.5, abs=1e-5)
    assert beside(found, fs.Frequency(1, 2)) < 1e-6


THEORY = {  # what each planted wave is worth, and the rise of the value
    "one": {"integrated": (1, 0), "gradient": (1, 0), "rise": 1},
    "and": {"integrated": (0.5, 0.5), "gradient": (1, 1), "rise": 1},
    "or": {"integrated": (0.5, 0.5), "gradient": (0, 0), "rise": 1},
    "xor": {"integrated": (0, 0), "gradient": (-1, -1), "rise": 0},
    "product": {"integrated": (0.5, 0.5), "gradient": (1, 1), "rise": 1},
}


@pytest.mark.parametrize("plane", [fs.Plane(6, 6), fs.Plane(5, 7), fs.Plane(5, 4)], ids=str)
@pytest.mark.parametrize("method", ["integrated", "gradient"])
@pytest.mark.parametrize("rule", THEORY)
def test_planted_waves_get_what_theory_says_and_nothing_else_does(plane, method, rule):
    trial, heard, loud = planted(plane, rule)
    found = fs.FrequencyGradient(method, steps=50)(trial)
    for frequency, worth in zip(heard, THEORY[rule][method], strict=True):
        bins = 1 if plane.partner(frequency) == frequency else 2
        assert bins * at(found["attribution"], frequency) == pytest.approx(worth, abs=1e-3)
        assert at(found["attribution"], frequency) == at(found["attribution"], plane.partner(frequency))
    assert beside(found["attribution"], *heard) < 1e-4
    assert float(found["rise"]) == pytest.approx(THEORY[rule]["rise"], abs=1e-3)
    assert float(found["total"]) == pytest.approx(sum(THEORY[rule][method]), abs=1e-3)
    control = found["amplitude_share"]
    assert at(control, loud) > max(at(control, one) for one in heard)
    assert float(control.sum()) == pytest.approx(1)


def test_rings_add_up_to_the_whole_and_frequency_zero_counts_once():
    for plane in PLANES:
        found = fs.FrequencyGradient("gradient", **BLACK)(smooth_trial(plane.shape))
        values, ring = found["attribution"], found["attribution_by_radius"]
        np.testing.assert_allclose(float(ring.sum()), float(values.sum()), rtol=1e-5)
        np.testing.assert_allclose(float(ring.sel(radius=0)), at(values, (0, 0)), rtol=1e-5)
        radius = np.hypot(values["row"], values["column"])
        inside = values.values[(np.floor(radius + 0.5) == 2).transpose("row", "column").values].sum()
        np.testing.assert_allclose(float(ring.sel(radius=2)), inside, rtol=1e-3)


def test_shares_add_up_to_one_and_give_each_image_the_same_weight():
    found = fs.FrequencyGradient("gradient", **BLACK)(smooth_trial())
    assert float(found["share"].sum()) == pytest.approx(1)
    each = outcomes(found).abs()
    torch.testing.assert_close(outcomes(found, "share"), each / each.sum((1, 2), keepdim=True), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("method", ["integrated", "gradient", "sensitivity"])
def test_an_image_is_explained_alike_whatever_its_neighbours_and_batch(method, monkeypatch):
    trial = smooth_trial()
    question = fs.FrequencyGradient(method, origin="black", steps=3, most_steps=9)
    name = "sensitivity" if method == "sensitivity" else "attribution"
    whole = outcomes(question(trial), name)
    alone = torch.cat(
        [outcomes(question(fs.Trial(trial.classifier, trial.samples.subset([one]))), name) for one in range(5)]
    )
    torch.testing.assert_close(alone, whole, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(outcomes(run(question, trial, batch=2), name), whole, atol=1e-4, rtol=1e-4)
    monkeypatch.setattr("fourierscope.analyses.coalitions._HELD", 3 * 42)
    assert len(list(question.cells(trial))) == 2
    torch.testing.assert_close(outcomes(question(trial), name), whole, atol=1e-4, rtol=1e-4)


def test_agreement_is_a_rank_correlation():
    first = np.array([[1.0, 2, 3, 4], [1, 2, 3, 4], [1, 2, 2, 3], [5, 5, 5, 5]])
    second = np.array([[10.0, 200, 3000, 4e4], [9, 8, 7, 1], [1, 2, 2, 9], [1, 2, 3, 4]])
    np.testing.assert_allclose(agreement(first, second), [1, -1, 1, 0], atol=1e-12)


def test_the_control_is_not_the_method():
    found = fs.FrequencyGradient("gradient")(smooth_trial())
    assert abs(float(found["amplitude_agreement"])) < 0.99
    assert not np.allclose(found["amplitude_share"], found["share"], rtol=0.05)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_the_control_is_the_mean_share_in_the_amplitude(plane):
    trial = smooth_trial(plane.shape)
    images = trial.samples.batch()
    spectrum = torch.fft.fftshift(torch.fft.fft2(images - images.mean((0, 2, 3), keepdim=True)), dim=(-2, -1))
    amplitude = spectrum.abs().square().sum(1).sqrt()
    shares = (amplitude / amplitude.sum((1, 2), keepdim=True)).mean(0)
    for method in ("gradient", "sensitivity"):
        np.testing.assert_allclose(fs.FrequencyGradient(method)(trial)["amplitude_share"], shares, rtol=1e-3)


def test_images_without_a_gradient_are_counted():
    def deaf(images):
        heard = torch.relu(images.mean((1, 2, 3)) - 0.5)
        return torch.stack([heard, -heard], 1)

    images = torch.cat([torch.full((2, 1, 4, 4), 0.2), torch.full((3, 1, 4, 4), 0.9)])
    trial = fs.Trial(fs.Classifier(deaf), fs.Samples(images, torch.zeros(5).long()))
    assert int(fs.FrequencyGradient("gradient", origin="black")(trial)["without_gradient"]) == 2


def test_a_classifier_that_cannot_be_differentiated_is_refused():
    trial = smooth_trial()
    rounded = fs.Trial(fs.Classifier(lambda images: trial.classifier(images).detach()), trial.samples)
    with pytest.raises(ValueError, match="carry no gradient"):
        fs.FrequencyGradient("gradient")(rounded)


def test_two_classifiers_compare_image_by_image():
    first, second = smooth_trial(seed=0), smooth_trial(seed=1)
    second = fs.Trial(second.classifier, first.samples)
    question = fs.FrequencyGradient("gradient")
    found = (question(first) - question(second))["attribution"]
    assert "attribution_significant" in found.coords


@pytest.mark.parametrize(
    "options",
    [
        {"method": "guided"}, {"value": "softmax"}, {"target": "class"}, {"infill": "noise"}, {"origin": "white"},
        {"steps": 0}, {"steps": 30, "most_steps": 20}, {"tolerance": 0.0}, {"steps": 2.5},
    ],
)  # fmt: skip
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.FrequencyGradient(**options)
