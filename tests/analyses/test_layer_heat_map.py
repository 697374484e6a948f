"""Maps of layers whose map is known, and against the heat map of one layer."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.layer_heat_map import stages
from fourierscope.analyses.wave_set import balanced_signs
from fourierscope.fourier import Frequency, Plane, wave
from fourierscope.results import load

SIZES = [(8, 8), (7, 7), (6, 5), (5, 6)]


def samples(size, n=6, channels=3):
    return fs.Samples(
        0.5 + 0.02 * torch.rand(n, channels, *size, generator=torch.Generator().manual_seed(0)), torch.arange(n) % 2
    )


def linear(size, channels=3):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(channels * size[0] * size[1], 12, bias=False), nn.Linear(12, 4), nn.Linear(4, 2)
    )
    return network.eval()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_linear_layer_moves_by_the_norm_of_its_answer_to_the_signed_wave(size, channels):
    network, given, plane = linear(size, channels), samples(size, 6, channels), Plane(*size)
    question = fs.LayerHeatMap(("1", "2"), norm=0.5, clip=False)
    found = question(fs.Trial(fs.Classifier(network), given))
    signs = balanced_signs(6, channels, fs.HeatMap().chance(purpose="signs")).double()
    first = network[1].weight.detach().double()
    second = network[2].weight.detach().double() @ first
    for frequency in [(0, 0), (1, 0), (-1, 2), (2, -1), (0, -2)]:
        pattern = signs[:, :, None, None] * wave(plane, Frequency(*frequency))
        for layer, matrix in (("1", first), ("2", second)):
            expected = 0.5 * torch.linalg.vector_norm(pattern.flatten(1) @ matrix.T, dim=1)
            cell = found["change"].sel(layer=layer, row=frequency[0], column=frequency[1])
            assert float(cell) == pytest.approx(float(expected.mean()), rel=1e-4)


def test_maps_are_those_of_the_heat_map_asked_of_one_layer_at_a_time():
    trial = fs.Trial(fs.Classifier(linear((6, 5))), samples((6, 5)))
    found = fs.LayerHeatMap(("2", "1", "output"), norm=3.0)(trial)
    assert found["change"].layer.values.tolist() == ["2", "1", "output"]
    for layer in ("1", "2", "output"):
        alone = fs.HeatMap(norm=3.0, score=f"layer:{layer}")(trial)
        for mine, its in (("change", "layer"), ("change_low", "layer_low")):
            np.testing.assert_allclose(
                found.dataset[mine].sel(layer=layer).values, alone.dataset[its].values, rtol=1e-5
            )
        clean = float(alone["clean_layer"])
        assert float(found["clean_norm"].sel(layer=layer)) == pytest.approx(clean, rel=1e-5)
        relative = found["relative_change"].sel(layer=layer).values
        np.testing.assert_allclose(relative, alone["layer"].values / clean, rtol=1e-5)
        ring = alone["layer_ring"]
        np.testing.assert_allclose(found["profile"].sel(layer=layer).values, ring.values / clean, rtol=1e-5)
        assert found["profile"].radius.values.tolist() == ring.radius.values.tolist()


def test_a_layer_that_passes_its_input_on_moves_by_the_norm_of_the_waves():
    network = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(3 * 64, 2))
    found = fs.LayerHeatMap(("0",), norm=0.5, clip=False)(fs.Trial(fs.Classifier(network.eval()), samples((8, 8))))
    np.testing.assert_allclose(found["change"].values, 0.5 * np.sqrt(3), rtol=1e-5)


def test_the_cut_into_cells_does_not_change_the_answer_and_files_keep_it(monkeypatch, tmp_path):
    trial, question = (
        fs.Trial(fs.Classifier(linear((8, 8))), samples((8, 8), 19)),
        fs.LayerHeatMap(("1", "2"), stride=2),
    )
    whole = question(trial)
    monkeypatch.setattr("fourierscope.analyses.wave_set._WAVES", 3)
    monkeypatch.setattr("fourierscope.analyses.wave_set._PIXELS", 300)
    assert len(list(question.cells(trial))) > 6
    cut = question(trial)
    for name in whole.dataset.data_vars:
        np.testing.assert_allclose(cut.dataset[name].values, whole.dataset[name].values, rtol=1e-4)
    assert load(whole.save(tmp_path / "layers.nc")).dataset.equals(whole.dataset)


def test_two_models_compare_image_by_image_and_layer_by_layer():
    given = samples((8, 8))
    network = linear((8, 8))
    double = linear((8, 8))
    with torch.no_grad():
        double[1].weight.mul_(2)
    first, second = (
        fs.LayerHeatMap(("1",), stride=2)(fs.Trial(fs.Classifier(one), given)) for one in (network, double)
    )
    difference = (second - first)["change"]
    np.testing.assert_allclose(difference.values, first["change"].values, rtol=1e-4)
    assert difference["change_significant"].values.all()


class Staged(nn.Module):
    """Like a residual network: a stem, stages of several parts, a head, and a part that is never used."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layer1 = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2), nn.ReLU())
        self.unused = nn.Sequential(nn.Conv2d(4, 6, 3))
        self.head = nn.Linear(6, 2)

    def forward(self, images):
        return self.head(self.layer2(self.layer1(self.stem(images))).mean((2, 3)))


def test_without_names_the_stages_of_the_network_are_chosen():
    given = samples((8, 8))
    assert stages(fs.Trial(fs.Classifier(Staged().eval()), given)) == ["layer1", "layer2", "output"]
    inner = nn.Sequential(Staged()).eval()
    assert stages(fs.Trial(fs.Classifier(inner), given)) == ["0.layer1", "0.layer2", "output"]
    assert stages(fs.Trial(fs.Classifier(linear((8, 8))), given)) == ["1", "2", "3", "output"]
    assert stages(fs.Trial(fs.Classifier(lambda images: images.flatten(1)[:, :2]), given)) == ["output"]
    deep = nn.Sequential(nn.Flatten(), *(nn.Linear(192, 192) for _ in range(20)), nn.Linear(192, 2)).eval()
    chosen = stages(fs.Trial(fs.Classifier(deep), given))
    assert (chosen[0], chosen[-2:], len(chosen)) == ("1", ["21", "output"], 9)
    found = fs.LayerHeatMap(stride=4)(fs.Trial(fs.Classifier(Staged().eval()), given))
    assert found["relative_change"].dims == ("layer", "row", "column")


def test_layers_that_cannot_be_heard_are_told_before_any_work():
    trial = fs.Trial(fs.Classifier(Staged().eval()), samples((8, 8)))
    with pytest.raises(ValueError, match="has no layer 'layer9'"):
        fs.LayerHeatMap(("layer9",))(trial)
    with pytest.raises(ValueError, match="not used in its forward pass"):
        fs.LayerHeatMap(("layer1", "unused"))(trial)
    with pytest.raises(ValueError, match="different names"):
        fs.LayerHeatMap(("layer1", "layer1"))
    with pytest.raises(ValueError, match="norm"):
        fs.LayerHeatMap(norm=0)
    silent = nn.Sequential(nn.Flatten(), nn.Linear(192, 2, bias=False)).eval()
    with torch.no_grad():
        silent[1].weight.zero_()
    with pytest.raises(ValueError, match="are all 0"):
        fs.LayerHeatMap(("1",), stride=4)(fs.Trial(fs.Classifier(silent), samples((8, 8))))


def test_the_hooks_are_gone_afterwards():
    network = Staged().eval()
    fs.LayerHeatMap(stride=4)(fs.Trial(fs.Classifier(network), samples((8, 8))))
    assert not any(module._forward_hooks for module in network.modules())


def test_activations_that_are_no_numbers_are_refused_with_their_layer():
    class Broken(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.sound, self.broken = torch.nn.Flatten(), torch.nn.Identity()

        def forward(self, images):
            rows = self.sound(images)[:, :4]
            return self.broken(torch.where(rows > 0.7, torch.nan, rows))

    samples = fs.Samples(torch.linspace(0, 1, 5 * 64).reshape(5, 1, 8, 8))
    with pytest.raises(ValueError, match="activations of broken are NaN or infinite"):
        fs.LayerHeatMap(layers=("sound", "broken"), norm=0.1)(fs.Trial(fs.Classifier(Broken()), samples))
