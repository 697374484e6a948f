"""Tangent kernels of fits: a linear model is predicted to the last step; a wide network nearly; and what is refused."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.theory.kernels.circle_law import coefficients
from fourierscope.theory.kernels.rectifier import TwoLayers

ANGLES = 2 * pi * torch.arange(32, dtype=torch.float64) / 32
CIRCLE = torch.stack([ANGLES.cos(), ANGLES.sin()], 1).float()


class Waves(nn.Module):
    """Linear in its own waves, each with its own rate."""

    def __init__(self, rates):
        super().__init__()
        self.rates = rates
        self.size = nn.Parameter(torch.zeros(len(rates)))

    def reset_parameters(self):
        nn.init.zeros_(self.size)

    def forward(self, points):
        waves = [rate * torch.sin(one * points) for one, rate in self.rates.items()]
        return (torch.cat(waves, 1) * self.size).sum(1, keepdim=True)


def linear(**options):
    values = torch.sin(ANGLES) + torch.sin(3 * ANGLES) + torch.sin(5 * ANGLES)
    network = Waves({1: 1.0, 3: 0.7, 5: 0.4})
    return fs.Fit(
        ANGLES.float(), values, network, **{"steps": 300, "optimiser": "sgd", "learning_rate": 0.05} | options
    )


def wide(neurons=512, steps=150, frequencies=(3, 4, 5), scale=100.0, **options):
    values = torch.stack([torch.cos(k * ANGLES) for k in frequencies]).sum(0).float()
    network = TwoLayers(2, neurons, scale=scale)
    given = {"steps": steps, "optimiser": "sgd", "learning_rate": 2.0 / scale**2} | options
    return fs.Fit(CIRCLE, values, network, **given)


def test_a_linear_model_is_predicted_to_the_last_step():
    result = fs.TangentKernel(view="grid", frequencies=(1, 3, 5), seeds=2)(linear())
    np.testing.assert_allclose(result["predicted_error"], result["error"], atol=1e-4)
    assert np.array_equal(result["predicted_time"], result["time_to_learn"], equal_nan=True)
    assert result["time_ratio"].values.tolist() == [1, 1, 1]
    assert float(result["kernel_change"]) == 0
    assert result["eigenvalue"].values[:4] == pytest.approx([1 / 2, 0.49 / 2, 0.16 / 2, 0], abs=1e-6)
    assert float(result["slope"]) == float(result["predicted_slope"]) > 0
    assert float(result["slope"].coords["slope_low"]) == pytest.approx(float(result["slope"]))


def test_its_modes_are_its_waves_each_with_its_time():
    result = fs.TangentKernel(edges=(0, 1, 2, 3), seeds=1)(linear())
    assert result["error"]["band"].values.tolist() == ["0", "1", "2"]
    assert "slope" not in result
    steps = result["error"]["step"].values
    for place, rate in enumerate((1.0, 0.7, 0.4)):
        factor = 1 - 2 * 0.05 * rate**2 / 2
        np.testing.assert_allclose(result["error"].isel(band=place), factor**steps, atol=1e-4)
    fs.draw(result["error"])
    fs.draw(result["predicted_error"])


def test_several_outputs_are_predicted_too():
    torch.manual_seed(0)
    values = torch.stack([ANGLES.cos(), (2 * ANGLES).sin()], 1)
    fit = fs.Fit(CIRCLE, values, nn.Linear(2, 2), steps=40, optimiser="sgd", learning_rate=0.2)
    result = fs.TangentKernel(view="circle", frequencies=(1, 2), seeds=2)(fit)
    np.testing.assert_allclose(result["predicted_error"], result["error"], atol=1e-5)
    assert result["eigenvalue"].values[:4] == pytest.approx([1, 0.5, 0.5, 0], abs=1e-6)
    modes = fs.TangentKernel(seeds=1)(fit)
    np.testing.assert_allclose(modes["predicted_error"], modes["error"], atol=1e-5)


def test_labels_become_targets_of_the_squared_loss():
    labels = (ANGLES.cos() > 0).long()
    fit = fs.Fit(CIRCLE, labels, nn.Linear(2, 2), steps=20, optimiser="sgd", learning_rate=0.2, loss="squared")
    result = fs.TangentKernel(seeds=1)(fit)
    np.testing.assert_allclose(result["predicted_error"], result["error"], atol=1e-5)


def test_a_wide_network_on_a_circle_follows_its_kernel_and_the_circle_law():
    result = fs.TangentKernel(view="circle", frequencies=(3, 4, 5), seeds=2, every=1)(wide())
    assert result["time_ratio"].values == pytest.approx(1, abs=0.12)
    assert float(result["kernel_change"]) < 0.02
    per_step = 2 * 2.0 * coefficients(5)[3:].numpy()  # rate times scale^2 is 2
    by_law = np.log(0.3) / np.log(1 - per_step)
    assert result["time_to_learn"].mean("seed").values == pytest.approx(by_law, rel=0.25)
    pairs = result["eigenvalue"].values[1:9].reshape(4, 2).mean(1) / 100.0**2
    assert pairs == pytest.approx(coefficients(4)[1:].numpy(), rel=0.1, abs=5e-4)


def test_where_the_kernel_moves_the_prediction_is_off():
    result = fs.TangentKernel(view="circle", frequencies=(3,), seeds=1)(wide(frequencies=(3, 6, 9), scale=1.0))
    assert float(result["kernel_change"]) > 0.02
    assert not 0.8 < float(result["time_ratio"][0]) < 1.25


def test_without_a_bias_odd_frequencies_are_not_learned():
    fit = wide(frequencies=(2, 3))
    held = fs.Fit(CIRCLE, fit.values, TwoLayers(2, 512, bias=False, scale=100.0), 150, 2e-4, "sgd")
    result = fs.TangentKernel(view="circle", frequencies=(2, 3), seeds=1)(held)
    assert float(result["error"].sel(frequency=2)[-1]) < 0.05
    assert float(result["error"].sel(frequency=3)[-1]) > 0.8
    assert np.isnan(float(result["predicted_time"].sel(frequency=3)[0]))


def test_a_store_goes_on_and_gives_the_same(tmp_path):
    question = fs.TangentKernel(view="grid", frequencies=(1, 3), seeds=2)
    first, again = (fs.run(question, linear(steps=30), store=tmp_path / "store") for _ in range(2))
    assert first.save(tmp_path / "a.nc").read_bytes() == again.save(tmp_path / "b.nc").read_bytes()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"optimiser": "adam"}, "adam, squared and batch 0 came"),
        ({"batch": 4}, "batch 4 came"),
        ({"learning_rate": 2.5}, "diverges from the rate 2"),
    ],
)
def test_fits_of_other_laws_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        fs.TangentKernel(view="grid", frequencies=(1,), seeds=1)(linear(**options))


def test_kernels_too_large_and_options_that_do_not_fit_are_refused():
    points = torch.rand(401, 3)
    with pytest.raises(ValueError, match="At most 4000"):
        fs.TangentKernel()(fs.Fit(points, torch.rand(401, 10), nn.Linear(3, 10), steps=10**9, optimiser="sgd"))
    for wrong, says in ({"view": "wave"}, "modes, grid"), ({"seeds": 0}, "at least 1"), ({"every": -1}, "at least 0"):
        with pytest.raises(ValueError, match=says):
            fs.TangentKernel(**wrong)


@pytest.mark.parametrize("layer", [nn.Dropout(), nn.BatchNorm1d(8)], ids=["dropout", "batch norm"])
def test_a_network_that_learns_as_another_than_is_asked_is_refused(layer):
    before = torch.random.get_rng_state()
    network = nn.Sequential(nn.Linear(2, 8), layer, nn.Linear(8, 1))
    fit = fs.Fit(CIRCLE, CIRCLE[:, 0], network, steps=3, optimiser="sgd", learning_rate=1e-3)
    torch.random.set_rng_state(before)
    with pytest.raises(ValueError, match="while it learns"):
        fs.TangentKernel(seeds=1)(fit)
    assert torch.equal(torch.random.get_rng_state(), before)
    fs.TangentKernel(seeds=1)(replace(fit, network=nn.Sequential(nn.Linear(2, 8), nn.Dropout(0), nn.Linear(8, 1))))


def test_answers_that_do_not_fit_are_told_before_anything_learns():
    several = {
        "answers \\(n, outputs\\); \\(32,\\)": (nn.Sequential(nn.Linear(2, 1), nn.Flatten(0)), CIRCLE[:, 0]),
        "gives 3 outputs, and values have 1": (nn.Linear(2, 3), CIRCLE[:, 0]),
        "Labels lie from 0 to 1 for this network; 4": (nn.Linear(2, 2), torch.arange(32) % 5),
        "No weight": (nn.Identity(), CIRCLE),
    }
    for says, (network, values) in several.items():
        with pytest.raises(ValueError, match=says):
            fs.TangentKernel().cells(fs.Fit(CIRCLE, values, network, optimiser="sgd", loss="squared"))


def test_too_many_points_are_refused_before_all_are_asked():
    asked = []
    network = nn.Linear(2, 1)
    network.register_forward_hook(lambda one, given, found: asked.append(len(found)))
    fit = fs.Fit(torch.zeros(50_000, 2), torch.zeros(50_000), network, optimiser="sgd")
    with pytest.raises(ValueError, match="50000 points of 1 came"):
        fs.TangentKernel().cells(fit)
    assert sum(asked) <= 200


def test_an_option_of_another_view_is_refused():
    for options in ({"view": "grid", "edges": (0, 3)}, {"view": "modes", "frequencies": (1, 3)}):
        with pytest.raises(ValueError, match="frequencies are of all views"):
            fs.TangentKernel(**options)


def test_sizes_have_no_bounds_below_0():
    network = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    points = torch.linspace(-1, 1, 20)
    fit = fs.Fit(points, 1 + torch.sin(3 * points), network, steps=5, optimiser="sgd", learning_rate=0.02)
    result = fs.TangentKernel(seeds=2)(fit)
    for name in ("kernel_change", "eigenvalue", "time_ratio"):
        low = result[name].coords[f"{name}_low"].values
        assert not (low < 0).any(), name
    assert (2 * result["eigenvalue"].values < result["eigenvalue"].coords["eigenvalue_high"].values).any()
