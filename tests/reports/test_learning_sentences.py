"""What the page says of networks that learn."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

import fourierscope as fs
from fourierscope.reports.answers import OWN_SENTENCES
from fourierscope.reports.questions import questions
from fourierscope.training import Recipe

POINTS = torch.arange(32) / 32


class Waves(nn.Module):
    """Linear in two waves, whose rates say which is learned first."""

    def __init__(self, slow, quick):
        super().__init__()
        self.rates = {1: slow, 3: quick}
        self.size = nn.Parameter(torch.zeros(2))

    def reset_parameters(self):
        nn.init.zeros_(self.size)

    def forward(self, points):
        waves = [rate * torch.sin(2 * np.pi * one * points) for one, rate in self.rates.items()]
        return (torch.cat(waves, 1) * self.size).sum(1, keepdim=True)


def fitted(slow, quick):
    values = torch.sin(2 * np.pi * POINTS) + torch.sin(6 * np.pi * POINTS)
    return fs.Fit(POINTS, values, Waves(slow, quick), steps=100, optimiser="sgd", learning_rate=0.1, name="waves")


def told(result):
    return " ".join(OWN_SENTENCES[result.record["analysis"]](result))


def test_low_first_high_first_and_never_are_told():
    question = fs.FrequencyPrinciple(view="grid", frequencies=(1, 2, 3), seeds=2)
    low, high, never = (told(question(fitted(*rates))) for rates in ((1.0, 0.5), (0.5, 1.0), (1.0, 0.0)))
    assert "low frequencies first" in low
    assert "high frequencies first" in high
    assert "1 bands are left out" in low
    assert "Not learned in at least half of 2 trainings: 3." in never
    assert "frequency: step, median of 2 trainings" in low


def test_nothing_learned_is_told_so():
    fit = fs.Fit(POINTS, torch.sin(2 * np.pi * POINTS), Waves(1.0, 1.0), steps=2, optimiser="sgd", learning_rate=1e-3)
    assert "below 0.300 at no step" in told(fs.FrequencyPrinciple(view="grid", frequencies=(1,), seeds=1)(fit))


def test_one_band_has_no_order():
    assert "No order can be told" in told(fs.FrequencyPrinciple(view="grid", frequencies=(1,), seeds=1)(fitted(1, 1)))


def test_a_tracker_tells_each_view_and_the_page_shows_its_map(tmp_path):
    views = [fs.views.Grid(), fs.views.Projection(frequencies=(9, 10))]
    fit = fitted(1.0, 0.5)
    network = fit.fresh_network(0)
    tracker = fs.SpectralTracker(network, fit.points, fit.values, views)
    for step in range(5):
        tracker.step(step)
    result = tracker.result()
    says = told(result)
    assert "By the view grid, until step 4, the error comes below 0.300 at no step." in says
    assert "By the view projection no target stands out" in says
    page = fs.report([result], tmp_path / "page.html").read_text()
    assert "grid_frequency" in page or "grid frequency" in page


def test_a_line_spectrum_is_told_with_pieces_and_error():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 2))
    samples = fs.Samples(torch.rand(3, 1, 5, 6, generator=torch.Generator().manual_seed(0)))
    trial = fs.Trial(fs.Classifier(network), samples)
    exact = told(fs.LineSpectrum(length=2.0, frequencies=(1, 7))(trial))
    assert "of length 2 in random directions" in exact
    assert "pieces" in exact
    assert "at 1 cycles" in exact
    assert "between images" in told(fs.LineSpectrum(direction="pairs", method="sampled")(trial))


def test_a_network_beside_the_linear_principle_is_told_with_its_parts():
    points = torch.linspace(-0.8, 0.8, 5)
    network = nn.Sequential(nn.Linear(1, 200), nn.ReLU(), nn.Linear(200, 1, bias=False))
    fit = fs.Fit(points, points**2, network, steps=2, learning_rate=1e-5, optimiser="sgd")
    says = told(fs.LinearPrinciple(places=50, draws=2)(fit))
    assert "At 200 neurons the network, after endless training in its tangent kernel, is" in says
    assert "finite width" in says
    assert "as a power with the exponent" in says
    descended = told(fs.LinearPrinciple((200,), "descent", places=50, draws=2)(fit))
    assert "after descent, is" in descended
    assert "It consists of training" in descended
    assert "exponent" not in descended


def test_an_option_without_entries_is_told_apart_from_one_with_some():
    points = torch.rand(20, 2)
    fit = fs.Fit(points, points, nn.Linear(2, 2), steps=1)
    asked = [fs.FrequencyPrinciple(view="kernel", edges=edges, seeds=1)(fit) for edges in ((), (0, 2, 20))]
    assert [one.distinction for one in questions(asked)] == [" (edges none)", " (edges 0, 2 and 20)"]


def test_components_are_told_of_both_splits_and_what_came_first(tmp_path):
    signs = torch.tensor([1.0, -1.0]).repeat(20)
    wave = fs.wave(fs.Plane(8, 8), fs.Frequency(1, 2)).float()
    samples = fs.Samples(0.5 + 0.3 * signs[:, None, None, None] * wave, (signs < 0).long())
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    nn.init.zeros_(network[1].weight)
    network[1].bias = nn.Parameter(torch.tensor([-1e-3, 0.0]))
    recipe = Recipe(augmentations=(), epochs=2, batch=40, learning_rate=0.5, schedule="constant", warmup=0.0)
    result = fs.ComponentLearning((3,))(fs.Training(fs.Classifier(network), samples, recipe, samples))
    says = told(result)
    assert "After 2 epochs 1 (" in says
    assert "of test images are right; by low and high components: radius 3 1 and 0.500." in says
    assert "When half of the training images were learned, at epoch 1" in says
    assert "carried this share of it: 1 at radius 3." in says
    slow = replace(recipe, learning_rate=1e-30)
    assert "what is first is not told" in told(
        fs.ComponentLearning((3,))(fs.Training(fs.Classifier(network), samples, slow))
    )
    assert "Share of train images" in fs.report([result], tmp_path / "page.html").read_text()


def test_a_tangent_kernel_tells_times_and_whether_it_stayed():
    says = told(fs.TangentKernel(view="grid", frequencies=(1, 3), seeds=2)(fitted(1.0, 0.7)))
    assert "By the tangent kernel at the start the error comes below 0.300 at 1: " in says
    assert "times lie from 1 to 1." in says
    assert "exponent" in says
    assert "no ground" not in says
    moving = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
    fit = fs.Fit(POINTS, torch.sin(2 * np.pi * POINTS), moving, steps=300, optimiser="sgd", learning_rate=0.05)
    assert "no ground" in told(fs.TangentKernel(seeds=1)(fit))


def test_a_time_that_one_of_two_trainings_never_reaches_is_no_median():
    question = fs.TangentKernel(view="grid", frequencies=(1, 3), seeds=2)
    result = question(fitted(1.0, 0.7))
    assert "predicted: " in told(result)
    assert "(bootstrap over seeds)" in told(result)
    result.dataset["predicted_time"][0, 1] = np.nan
    assert ", 3: " not in told(result).partition("Measured")[0]
    alone = told(replace(question, seeds=1)(fitted(1.0, 0.7)))
    assert "exponent" in alone
    assert "bootstrap" not in alone
