"""Views: known answers on grids and circles, slow second writings, and guards that refuse what tells nothing."""

from math import pi

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.training.views.linear import ReadyRows
from fourierscope.training.views.neighbours import squared_distances


def ready(view, points, values, threshold=0.3):
    return ReadyRows.of(view, points, values, threshold)


def circle(count):
    return torch.arange(count, dtype=torch.float64) / count


@pytest.mark.parametrize("count", [16, 17])
def test_a_sine_of_amplitude_three_has_a_coefficient_of_three_halves(count):
    made = ready(fs.views.Grid(), circle(count), 3 * torch.sin(2 * pi * 5 * circle(count) + 0.4)[:, None])
    sizes = made.targets.abs().flatten()
    assert float(sizes[5]) == pytest.approx(1.5, abs=1e-12)
    assert float(sizes.sum()) == pytest.approx(1.5, abs=1e-12)
    assert made.usable.tolist() == [one == 5 for one in range(count // 2 + 1)]


@pytest.mark.parametrize("count", [12, 13])
def test_a_grid_is_the_sum_written_out(count):
    values = torch.randn(count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    made = ready(fs.views.Grid((0, 3, 5)), circle(count) * 7 - 2, values)
    for row, frequency in enumerate((0, 3, 5)):
        wanted = sum(values[j] * np.exp(-2j * pi * frequency * j / count) for j in range(count)) / count
        assert torch.allclose(made.targets[row], wanted)


def test_a_grid_refuses_other_points_and_frequencies():
    values = torch.ones(20, 1)
    for points, says in [
        (torch.rand(20), "even steps"),
        (torch.arange(20.0).flip(0), "even steps"),
        (torch.zeros(20, 3), "one dimension"),
    ]:
        with pytest.raises(ValueError, match=says):
            ready(fs.views.Grid(), points, values)
    with pytest.raises(ValueError, match="0 to 10"):
        ready(fs.views.Grid((11,)), circle(20), values)
    with pytest.raises(ValueError, match="each once"):
        ready(fs.views.Grid((1, 1)), circle(20), values)


def test_an_end_point_too_many_is_found_by_the_period():
    values = torch.ones(20, 1)
    ready(fs.views.Grid(period=1.0), circle(20), values)
    with pytest.raises(ValueError, match="leave the end point out"):
        ready(fs.views.Grid(period=1.0), torch.linspace(0, 1, 20), values)


def test_a_projection_is_the_sum_written_out_without_the_mean():
    chance = torch.Generator().manual_seed(1)
    points = torch.randn(40, 3, dtype=torch.float64, generator=chance) * torch.tensor([5.0, 1.0, 1.0])
    values = torch.randn(40, 2, dtype=torch.float64, generator=chance) + 10
    made = ready(fs.views.Projection(frequencies=(1, 4)), points, values)
    centred = (points - points.mean(0)).numpy()
    along = points.numpy() @ np.linalg.eigh(centred.T @ centred)[1][:, -1]
    place = (along - along.min()) / (along.max() - along.min())
    for row, frequency in enumerate((1, 4)):
        waves = np.exp(-2j * pi * frequency * place)
        wanted = np.abs(waves @ (values.numpy() - values.numpy().mean(0)) / 40)
        np.testing.assert_allclose(made.targets[row].abs(), wanted)


def test_a_constant_has_no_coefficient_along_any_direction():
    points = torch.randn(50, 4, generator=torch.Generator().manual_seed(2))
    for direction in ("principal", "random"):
        made = ready(fs.views.Projection(direction), points, torch.full((50, 1), 7.0))
        assert float(made.targets.abs().max()) < 1e-12


def test_what_has_no_frequency_along_a_direction_stays_in_the_noise():
    points = torch.randn(2000, 5, generator=torch.Generator().manual_seed(3))
    noise = torch.randn(2000, 1, generator=torch.Generator().manual_seed(4))
    made = ready(fs.views.Projection(), points, noise)
    assert not made.usable.any()
    assert made.rows.floor[0] == pytest.approx(1 / np.sqrt(2000), rel=0.1)
    along = points @ torch.linalg.svd(points - points.mean(0), full_matrices=False).Vh[0]
    place = (along - along.min()) / (along.max() - along.min())
    told = ready(fs.views.Projection(), points, torch.cos(2 * pi * 3 * place)[:, None] + noise)
    assert told.usable[2], "which leaks into its neighbours, for places are not evenly spread"
    assert not told.usable[7:].any()


def test_the_direction_between_classes_runs_from_one_mean_to_the_other():
    points = torch.tensor([[0.0, 0.0], [0.0, 2.0], [4.0, 0.0], [4.0, 2.0]])
    labels = torch.eye(2)[torch.tensor([0, 0, 1, 1])]
    made = ready(fs.views.Projection("classes", frequencies=(1,)), points, labels.double())
    direction = fs.views.Projection("classes")._direction(points.double(), labels.double())
    assert direction.tolist() == [1, 0]
    assert made.targets.shape == (1, 2)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (fs.views.Projection(frequencies=(0, 1)), "from 1 on"),
        (fs.views.Projection(frequencies=()), "from 1 on"),
        (fs.views.Projection(component=9), "component lies"),
        (fs.views.Projection("classes", component=2), "component lies"),
        (fs.views.Projection("up"), "principal, random or classes"),
    ],
)
def test_a_projection_refuses_what_it_cannot_take(view, says):
    with pytest.raises(ValueError, match=says):
        ready(view, torch.randn(10, 3), torch.randn(10, 2))


def test_points_at_one_place_tell_nothing():
    with pytest.raises(ValueError, match="tells nothing"):
        ready(fs.views.Projection(), torch.ones(10, 3), torch.randn(10, 2))


@pytest.mark.parametrize("frequency", [1, 2, 3])
def test_a_filter_damps_a_cosine_by_the_transform_of_its_gaussian(frequency):
    points, variance = circle(400), 0.004
    values = torch.cos(2 * pi * frequency * points)[:, None]
    made = ready(fs.views.GaussianFilter(variance, period=1.0, guarded=False), points, values)
    low = float(made.targets[:400].norm() / values.norm())
    assert low == pytest.approx(np.exp(-2 * pi**2 * variance * frequency**2), rel=0.01)
    assert torch.allclose(made.targets[:400] + made.targets[400:], values)


def test_a_filter_is_the_mean_written_out():
    points = torch.randn(12, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    values = torch.randn(12, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    for own in (True, False):
        made = ready(fs.views.GaussianFilter(0.8, own=own, guarded=False), points, values)
        for i in range(12):
            others = [j for j in range(12) if own or j != i]
            weights = [float(torch.exp(-(points[i] - points[j]).square().sum() / 1.6)) for j in others]
            wanted = sum(weight * values[j] for weight, j in zip(weights, others, strict=True)) / sum(weights)
            assert torch.allclose(made.targets[i], wanted)


def test_a_filter_is_refused_where_it_is_the_identity_or_a_mean_or_leaves_one_part_empty():
    points = torch.rand(300, 1, generator=torch.Generator().manual_seed(7))
    slow, quick = (torch.cos(2 * pi * one * points) for one in (1, 20))
    for variance, values, says in [
        (1e-9, slow, "the identity"),
        (100.0, slow, "a mean over nearly everything"),
        (0.001, quick, "Choose a smaller variance"),
        (0.0002, slow, "Choose a larger variance"),
        (-1.0, slow, "above 0"),
    ]:
        with pytest.raises(ValueError, match=says):
            ready(fs.views.GaussianFilter(variance), points, values)
    ready(fs.views.GaussianFilter(1e-9, guarded=False), points, slow)


def test_the_variance_of_its_own_choice_halves_the_energy_of_the_targets():
    points = torch.rand(300, 1, generator=torch.Generator().manual_seed(8))
    values = torch.cos(2 * pi * 3 * points) + 0.5 * torch.cos(2 * pi * 6 * points)
    made = ready(fs.views.GaussianFilter(), points, values)
    assert made.rows.attrs["low_share_of_targets"] == pytest.approx(0.5, abs=0.01)
    error = made.measure(torch.zeros(300, 1, dtype=torch.float64))["error"]
    np.testing.assert_allclose(error, [1, 1])


def test_distances_are_never_below_zero_and_go_round_a_circle():
    points = 1000 + torch.rand(50, 20, generator=torch.Generator().manual_seed(9))
    assert float(squared_distances(points, points).min()) >= 0
    ends = torch.tensor([[0.05], [0.95]])
    assert float(squared_distances(ends, ends, 1.0)[0, 1]) == pytest.approx(0.01, abs=1e-6)


def test_kernel_modes_are_orthonormal_and_fall_in_eigenvalue():
    points = torch.randn(60, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(10))
    rows = fs.views.KernelModes(bandwidth=1.0, edges=(0, 10, 60)).rows(points, torch.ones(60, 1))
    assert torch.allclose(rows.matrix @ rows.matrix.T, torch.eye(60, dtype=torch.float64), atol=1e-10)
    kernel = torch.exp(-torch.cdist(points, points).square() / 2)
    values = torch.einsum("rn,nm,rm->r", rows.matrix, kernel, rows.matrix)
    assert bool((values.diff() < 1e-10).all())
    assert rows.places.tolist() == ["0 to 9", "10 to 59"]


def test_all_kernel_bands_together_hold_the_whole_error():
    points = torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(11))
    values = torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(12))
    made = ready(fs.views.KernelModes(edges=(0, 5, 40)), points, values)
    answers = torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(13))
    sizes = made._norms(made.targets).numpy()
    energy = ((made.measure(answers)["error"] * sizes) ** 2).sum()
    assert energy == pytest.approx(float((answers - values).square().sum()))


def test_few_landmarks_give_nearly_the_low_modes_of_all():
    points = torch.randn(400, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(14))
    values = torch.ones(400, 1)
    few = fs.views.KernelModes(bandwidth=2.0, edges=(0, 6), landmarks=150).rows(points, values).matrix
    whole = fs.views.KernelModes(bandwidth=2.0, edges=(0, 6)).rows(points, values).matrix
    assert torch.allclose(few @ few.T, torch.eye(6, dtype=torch.float64), atol=1e-8)
    assert float((few @ whole.T).square().sum()) > 5.7  # of six: nearly one subspace


def test_edges_of_bands_ascend():
    for edges in [(5, 2), (0, 0), (0,), (0, 41)]:
        with pytest.raises(ValueError, match="ascend"):
            fs.views.KernelModes(edges=edges).rows(torch.randn(40, 2).double(), torch.ones(40, 1))


def test_a_circle_in_the_plane_is_a_grid_of_its_angle_in_any_order():
    angles = 2 * pi * circle(20) + 0.3
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    points, values = 2.5 * torch.stack([angles.cos(), angles.sin()], 1)[order], torch.cos(3 * angles[order] + 1)
    made = ready(fs.views.AroundCircle(), points, values[:, None])
    sizes = made.targets.abs().flatten()
    assert float(sizes[3]) == pytest.approx(0.5, abs=1e-12)
    assert float(sizes.sum()) == pytest.approx(0.5, abs=1e-11)
    assert complex(made.targets[3, 0]) == pytest.approx(0.5 * np.exp(1j), abs=1e-12)


def test_what_is_no_circle_is_refused():
    values, angles = torch.ones(12, 1), 2 * pi * circle(12)
    round_it = torch.stack([angles.cos(), angles.sin()], 1)
    for points in (
        circle(12),
        round_it * (1 + circle(12)[:, None]),
        round_it[:, :1],
        round_it.clone().index_fill_(0, torch.tensor([3]), 0.0),
    ):
        with pytest.raises(ValueError, match="circle"):
            ready(fs.views.AroundCircle(), points, values)


def test_fixed_modes_are_bands_of_the_vectors_given():
    vectors = torch.linalg.qr(torch.randn(9, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1))).Q
    values = 2 * vectors[:1].T + 5 * vectors[6:7].T
    made = ready(fs.views.FixedModes(vectors), circle(9), values)
    assert made.rows.places.tolist() == ["0", "1", "2 to 3", "4 to 7", "8"]
    assert made.measure(torch.zeros(9, 1))["error"][[0, 3]] == pytest.approx([1, 1])
    assert made.measure(values - 5 * vectors[6:7].T)["error"][[0, 3]] == pytest.approx([0, 1], abs=1e-9)
    assert made.usable.tolist() == [True, False, False, True, False]
    with pytest.raises(ValueError, match="fit so many"):
        ready(fs.views.FixedModes(vectors), circle(8), torch.ones(8, 1))
    with pytest.raises(ValueError, match="ascend"):
        ready(fs.views.FixedModes(vectors, (0, 12)), circle(9), values)
