"""Linear regions: hyperplanes whose count is known, patterns counted slowly, and lines within planes."""

from itertools import pairwise
from math import comb

import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.theory import regions

DOUBLE = torch.float64


def chance(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def network(*widths, seed=0, activation=nn.ReLU):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers[:-1]).double().eval()


def patterns(model, points):
    """The side of every unit (points, units) of a sequence of linear layers and ReLUs, slowly."""
    found = []
    for layer in model:
        if isinstance(layer, nn.ReLU):
            found.append(points > 0)
        points = layer(points)
    return torch.cat(found, 1)


SQUARE = (
    torch.tensor([-3.0, -3.0], dtype=DOUBLE),
    torch.tensor([6.0, 0], dtype=DOUBLE),
    torch.tensor([0, 6.0], dtype=DOUBLE),
)


def area(found, region):
    x, y = found.corners[region].unbind(1)
    return float((x * y.roll(-1) - x.roll(-1) * y).sum() / 2)


@pytest.mark.parametrize("units", [1, 2, 5, 9])
def test_lines_in_general_position_part_the_plane_into_as_many_regions_as_zaslavsky_says(units):
    model = network(2, units, 1)
    with torch.no_grad():
        turns = torch.arange(units) * 3.0 / units + 0.1
        model[0].weight.copy_(torch.stack([turns.cos(), turns.sin()], 1))
        model[0].bias.copy_(0.05 * chance(units))
    found = regions.on_plane(model, *SQUARE)
    assert (
        found.number
        == sum(comb(units, i) for i in range(3))
        == round(10 ** fs.theory.averaging.log10_regions(units, 2))
    )
    assert set(found.layers.tolist()) == {1}
    assert sum(area(found, one) for one in found.regions) == pytest.approx(1)
    assert all(area(found, one) > 0 for one in found.regions)


@pytest.mark.parametrize("seed", [0, 1])
def test_each_region_has_one_pattern_and_neighbours_another(seed):
    model = network(2, 7, 6, 5, 2, seed=seed)
    found = regions.on_plane(model, *SQUARE)
    assert sum(area(found, one) for one in found.regions) == pytest.approx(1)
    inside = torch.stack([found.corners[one].mean(0) for one in found.regions])
    with torch.no_grad():
        own = patterns(model, SQUARE[0] + 6 * inside)
        for place, one in enumerate(found.regions):
            near = inside[place] + 0.999 * (found.corners[one] - inside[place])
            assert bool((patterns(model, SQUARE[0] + 6 * near) == own[place]).all())
        many = patterns(
            model, SQUARE[0] + 6 * torch.rand(20_000, 2, dtype=DOUBLE, generator=torch.Generator().manual_seed(2))
        )
    seen = {tuple(one) for one in many.tolist()}
    counted = [tuple(one) for one in own.tolist()]
    assert seen <= set(counted)
    assert len(set(counted)) == len(counted)  # here no pattern comes in two places
    assert set(found.layers.tolist()) == {1, 2, 3}


def test_a_border_is_where_a_unit_of_its_layer_is_zero():
    model = network(2, 6, 5, 1, seed=3)
    found = regions.on_plane(model, *SQUARE)
    with torch.no_grad():
        for border, layer in zip(found.borders, found.layers, strict=True):
            point = SQUARE[0] + 6 * border.mean(0, keepdim=True)
            signal = model[:1](point) if layer == 1 else model[:3](point)
            assert float(signal.abs().min()) < 1e-12


def test_a_line_in_a_plane_crosses_the_borders_of_the_plane():
    model = network(4, 8, 8, 3, seed=1)
    origin, first, second = 0.3 * chance(4, seed=5), 3 * chance(4, seed=6), 3 * chance(4, seed=7)
    plane = regions.on_plane(model, origin, first, second)
    for t in (0.2, 0.71):
        line = regions.on_line(model, origin + t * second, origin + first + t * second)
        crossed = []
        for (a, b), layer in zip(plane.borders, plane.layers, strict=True):
            if float((a[1] - t) * (b[1] - t)) < 0:
                share = (t - a[1]) / (b[1] - a[1])
                crossed.append((float(a[0] + share * (b[0] - a[0])), int(layer)))
        crossed.sort()
        assert line.number == len(crossed) + 1 > 3
        assert line.places.tolist() == pytest.approx([one for one, _ in crossed])
        assert line.layers.tolist() == [one for _, one in crossed]


def test_lines_through_convolutions_pooling_and_batch_norm_have_their_layers():
    classifier = fs.open_classifier("reference:natural")
    images = classifier.normalised(fs.open_samples("patches:test", limit=2).batch())
    found = regions.on_line(classifier.network, images[0], images[0] + 0.02 * (images[1] - images[0]))
    assert found.number > 20
    assert len(set(found.layers.tolist())) > 1
    assert bool((found.places.diff() > 0).all())
    assert regions.on_line(classifier.network, images[0], images[0]).number == 1


@pytest.mark.parametrize("cut", [1e-3, 1e-6, 1e-9])
def test_a_region_is_counted_however_small_it_is(cut):
    made = nn.Sequential(nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 1)).double()
    with torch.no_grad():
        made[0].weight.copy_(torch.ones(1, 2))
        made[0].bias.fill_(-cut)
    found = regions.on_plane(made, *(torch.tensor(one).double() for one in ([0.0, 0.0], [1.0, 0.0], [0.0, 1.0])))
    assert found.number == 2
    assert found.borders.amax().item() == pytest.approx(cut)
    assert regions.on_line(made, torch.zeros(2).double(), torch.ones(2).double()).number == 2


def test_a_linear_network_has_one_region():
    model = nn.Sequential(nn.Linear(3, 2)).double()
    assert regions.on_line(model, chance(3), chance(3, seed=1)).number == 1
    plane = regions.on_plane(model, chance(3), chance(3, seed=1), chance(3, seed=2))
    assert (plane.number, tuple(plane.borders.shape)) == (1, (0, 2, 2))


def test_the_picture_shows_the_first_layer_that_parts_neighbours():
    model = network(2, 5, 4, 1, seed=2)
    points = 24
    found = regions.layer_picture(model, *SQUARE, points)
    assert found.shape == (points, points)
    with torch.no_grad():
        for row in range(points):
            for column in range(points):
                places = torch.tensor([[column, row], [column + 1, row], [column, row + 1]], dtype=DOUBLE) / points
                sides = patterns(model, SQUARE[0] + 6 * places)
                differ = (sides[:1] != sides[1:]).any(0)
                layer = 1 if bool(differ[:5].any()) else 2 if bool(differ[5:].any()) else 0
                assert int(found[row, column]) == layer
    assert set(found.flatten().tolist()) == {0, 1, 2}


def test_the_network_given_stays_as_it_is():
    model = network(2, 4, 2).float().train()
    kept = {name: one.clone() for name, one in model.state_dict().items()}
    regions.on_plane(model, *SQUARE)
    regions.layer_picture(model, *SQUARE, 3)
    assert model.training
    assert all(torch.equal(kept[name], one) for name, one in model.state_dict().items())


def test_what_does_not_fit_is_refused(monkeypatch):
    model = network(2, 6, 6, 1)
    with pytest.raises(TypeError, match="piecewise linear"):
        regions.on_plane(network(2, 3, 1, activation=nn.Tanh), *SQUARE)
    with pytest.raises(TypeError, match="torch module"):
        regions.on_plane(lambda x: x, *SQUARE)
    with pytest.raises(ValueError, match="of one shape"):
        regions.on_plane(model, SQUARE[0], SQUARE[1], chance(3))
    with pytest.raises(ValueError, match="are finite"):
        regions.on_plane(model, SQUARE[0] * float("nan"), *SQUARE[1:])
    with pytest.raises(ValueError, match="points is"):
        regions.layer_picture(model, *SQUARE, 0)
    monkeypatch.setattr(regions, "_MOST", 5)
    with pytest.raises(ValueError, match="More than 5 regions"):
        regions.on_plane(model, *SQUARE)
