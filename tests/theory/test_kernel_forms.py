"""Closed forms of kernels in frequency, against transforms on fine grids, matrices of whole maps and random kernels."""

from math import atan2, pi

import pytest
import torch
from torch import nn

from fourierscope.fourier import Plane
from fourierscope.theory.filters import (
    adjacent_form,
    are_attainable,
    attainable,
    band_area,
    band_basis,
    band_form,
    centroid,
    energy,
    orientation,
    response,
    roughness,
    share,
    singular_values,
    white_share,
)
from fourierscope.theory.kernel_bands import KernelBands

SIZES = [(3, 3), (5, 5), (2, 3), (3, 1), (1, 1), (4, 4)]
BANDS = [(0, 1 / 6), (1 / 6, 1 / 3), (1 / 3, None), (0, 0.5), (0.5, None), (0, None)]
AREAS = (0.0873, 0.2618, 0.6509)


def filters(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def power(kernels, side):
    """|H|^2 (o, side, side) by a padded transform, uncentred, and the radius of each bin in cycles per pixel."""
    steps = torch.fft.fftfreq(side, dtype=torch.float64)
    return torch.fft.fft2(kernels, s=(side, side)).abs().square().sum(1), torch.hypot(steps[:, None], steps)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("band", BANDS)
def test_a_band_form_is_what_a_transform_of_512_x_512_says(size, band):
    kernels = filters(4, 2, *size)
    found, radius = power(kernels, 1024 if 0.5 in band else 512)  # bins of the widest circle miss it by 3.1e-4
    inside = (radius >= band[0]) & (radius < (band[1] or 9))
    wanted = (found * inside).sum((1, 2)) / found.sum((1, 2))
    torch.testing.assert_close(share(kernels, band_form(size, *band)), wanted, atol=3e-4, rtol=0)


def test_taps_that_stand_apart_have_the_form_of_the_kernel_with_noughts_between_them():
    kernels, spread = filters(3, 2, 3, 2), torch.zeros(3, 2, 7, 3, dtype=torch.float64)
    spread[:, :, ::3, ::2] = kernels
    wide, dense = band_form((3, 2), 0.1, 0.3, dilation=(3, 2)), band_form((7, 3), 0.1, 0.3)
    torch.testing.assert_close(share(kernels, wide), share(spread, dense))
    here = response(kernels, Plane(8, 9), dilation=(3, 2))
    torch.testing.assert_close(here, response(spread, Plane(8, 9)))


@pytest.mark.parametrize("size", SIZES)
def test_bands_add_up_to_all_of_the_energy(size):
    bands = KernelBands(size)
    torch.testing.assert_close(bands.forms.sum(0), torch.eye(len(bands.forms[0])).double())
    torch.testing.assert_close(bands.shares(filters(5, 3, *size)).sum(1), torch.ones(5).double())


def test_white_kernels_have_the_areas_of_the_bands_and_the_exact_spread():
    bands, drawn = KernelBands(3), filters(40_000, 3, 3, 3)
    shares, white = bands.shares(drawn), bands.white(3)
    torch.testing.assert_close(white[:, 0], bands.areas)
    for band, area in enumerate(AREAS):
        assert float(bands.areas[band]) == pytest.approx(area, abs=5e-5)
        assert float(shares[:, band].mean()) == pytest.approx(area, abs=5 * 0.09 / 200)
        assert float(shares[:, band].std()) == pytest.approx(float(white[band, 1]), rel=0.02)
    assert white[:, 1].tolist() == pytest.approx([0.045, 0.061, 0.088], abs=5e-4)
    assert white_share(band_form(1, 0, 0.25), 3).deviation == 0


@pytest.mark.parametrize(
    ("size", "most", "count"),
    [
        (3, (0.553, 0.599, 0.995), (1, 2, 6)),
        (5, (0.880, 0.820, 1.000), (1, 7, 17)),
        (7, (0.977, 0.918, 1.000), (4, 11, 32)),
        (11, (0.999, 0.992, 1.000), (11, 32, 80)),
    ],
)
def test_no_kernel_has_more_in_a_band_than_the_largest_eigenvalue(size, most, count):
    bands = KernelBands(size)
    assert bands.attainable.tolist() == pytest.approx(most, abs=6e-4)
    assert tuple(band_basis(form).shape[1] for form in bands.forms) == count
    for form in bands.forms:
        best = torch.linalg.eigh(form).eigenvectors[:, -1].reshape(1, 1, size, size)
        assert float(share(best, form)[0]) == pytest.approx(attainable(form))
    assert bool((bands.shares(filters(200, 1, size, size)) <= bands.attainable).all())


def test_the_naive_rule_calls_random_filters_high_and_the_relative_rule_does_not():
    bands, chance = KernelBands(3), torch.Generator().manual_seed(0)
    assert float(bands.null_rates(3, "arg-max", 20_000, chance)[2]) >= 0.99
    relative = bands.null_rates(3, "relative", 20_000, chance).tolist()
    assert relative == pytest.approx([0.332, 0.266, 0.402], abs=4 * (0.25 / 20_000) ** 0.5)
    assert min(bands.null_rates(3, "z-score", 20_000, chance)) > 0.2


def test_a_rule_classes_filters_as_their_names_say():
    bands = KernelBands(3)
    known = torch.stack([bands.basis(band)[:, 0].reshape(1, 3, 3) for band in range(3)])
    for rule in ("relative", "z-score", "arg-max"):
        assert bands.classes(bands.shares(known), 1, rule).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="relative, z-score or arg-max; 'most' came"):
        bands.classes(bands.shares(known), 1, "most")


@pytest.mark.parametrize("rule", ["relative", "z-score"])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_filters_of_one_weight_tie_and_are_of_one_class_wherever_it_stands(size, rule):
    kernels = torch.eye(size * size).reshape(-1, 1, size, size) * torch.rand(size * size, 1, 1, 1)
    if size == 1:
        kernels = torch.randn(50, 3, 1, 1)
    bands = KernelBands(size)
    found = bands.classes(bands.shares(kernels), kernels.shape[1], rule)
    assert found.tolist() == [0] * len(kernels)


@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("band", [0, 1])
def test_whatever_stands_in_a_basis_has_more_than_the_threshold_in_its_band(size, band):
    bands = KernelBands(size)
    basis = bands.basis(band)
    torch.testing.assert_close(basis.T @ basis, torch.eye(basis.shape[1]).double())
    mixed = (filters(300, 3, basis.shape[1]) @ basis.T).unflatten(-1, (size, size))
    shares = bands.shares(mixed)
    assert float(shares[:, band].min()) > 0.5
    assert set(bands.classes(shares, 3).tolist()) == {band}


def test_one_pixel_has_no_basis_of_low_frequencies():
    with pytest.raises(ValueError, match=r"No kernel of size 1 has more than 0\.5 of its energy in the low band"):
        KernelBands(1).basis(0)


def test_shares_that_filters_have_are_attainable_and_others_are_not():
    forms = KernelBands(3).forms
    for shares in KernelBands(3).shares(filters(50, 2, 3, 3)):
        assert are_attainable(shares, forms)
    best = torch.linalg.eigh(forms[0]).eigenvectors[:, -1].reshape(1, 1, 3, 3)
    assert are_attainable(KernelBands(3).shares(best)[0], forms)
    for shares in ([0.56, 0.37, 0.07], [0.0, 0.65, 0.35], [0.0, 0.0, 1.0], [0.55, 0.2, 0.25]):
        assert not are_attainable(torch.tensor(shares), forms)


@pytest.mark.parametrize("size", SIZES)
def test_the_centroid_is_the_mean_radius_of_a_fine_transform(size):
    kernels = filters(3, 2, *size)
    found, radius = power(kernels, 256)
    torch.testing.assert_close(centroid(kernels), (found * radius).sum((1, 2)) / found.sum((1, 2)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(64, 3), (40, 40)])
def test_the_centroid_and_the_direction_of_a_wide_wave_are_its_own(size):
    rows, columns = torch.meshgrid(*(torch.arange(side, dtype=torch.float64) for side in size), indexing="ij")
    kernels = torch.cos(2 * pi * (0.3 * rows + 0.1 * columns) + torch.tensor([0.0, 1.0]).view(2, 1, 1, 1))
    found, radius = power(kernels, 1024)
    torch.testing.assert_close(centroid(kernels), (found * radius).sum((1, 2)) / found.sum((1, 2)), atol=2e-6, rtol=0)
    here = orientation(kernels)
    assert float(here.coherence.min()) > 0.4
    if size[0] == size[1]:
        assert here.angle.tolist() == pytest.approx([atan2(0.3, 0.1)] * 2, abs=0.01)


def test_white_kernels_have_their_centroid_at_the_mean_radius_of_the_plane():
    assert float(centroid(torch.ones(1, 1, 1, 1, dtype=torch.float64))) == pytest.approx(0.38260, abs=5e-6)
    assert float(centroid(filters(20_000, 3, 3, 3)).mean()) == pytest.approx(0.38260, abs=1e-3)


def test_edges_point_across_themselves():
    edge = torch.tensor([-1.0, 0, 1]).expand(3, 3)
    slant = torch.tensor([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]])  # rises along (-1, 1)
    found = orientation(torch.stack([edge, edge.T, slant])[:, None].double())
    turned = torch.exp(2j * found.angle)
    torch.testing.assert_close(turned, torch.tensor([1, -1, -1j], dtype=turned.dtype), atol=1e-9, rtol=0)
    assert float(orientation(torch.ones(1, 1, 1, 1)).coherence) == pytest.approx(0, abs=1e-6)
    assert float(found.coherence.min()) > 0.2
    wide = torch.cos(2 * pi * 0.2 * torch.arange(41)).expand(1, 1, 41, 41)
    assert float(orientation(wide).coherence) > 0.95


def test_orientation_is_the_mean_direction_of_a_fine_transform():
    kernels, side = filters(4, 2, 3, 4), 1024
    found = power(kernels, side)[0]
    steps = torch.fft.fftfreq(side, dtype=torch.float64)
    angle = torch.atan2(steps[:, None].expand(side, side), steps.expand(side, side))
    weight = torch.exp(2j * angle)
    weight[steps == -0.5, :] = weight[:, steps == -0.5] = 0  # lines that stand for both signs
    wanted = (found * weight).sum((1, 2)) / found.sum((1, 2))
    here = orientation(kernels)
    torch.testing.assert_close(here.coherence * torch.exp(2j * here.angle), wanted, atol=3e-3, rtol=0)


@pytest.mark.parametrize("size", [(6, 6), (5, 7), (2, 3)])
@pytest.mark.parametrize("groups", [1, 2])
def test_singular_values_are_those_of_the_whole_map_on_images_whose_edges_meet(size, groups):
    kernels = filters(4, 4 // groups, 3, 3)
    channels = kernels.shape[1] * groups
    inputs = torch.eye(channels * size[0] * size[1]).double().reshape(-1, channels, *size)
    answers = nn.functional.conv2d(inputs.repeat(1, 1, 3, 3), kernels, groups=groups)  # edges meet in the middle
    answers = answers[..., size[0] : 2 * size[0], size[1] : 2 * size[1]]
    whole = torch.linalg.svdvals(answers.flatten(1))
    found = singular_values(kernels, Plane(*size), groups).flatten().sort(descending=True).values
    torch.testing.assert_close(found, whole[: len(found)], atol=1e-10, rtol=0)


def test_singular_values_of_all_groups_stand_in_one_order():
    kernels = torch.tensor([1.0, 4.0, 2.0, 3.0]).view(4, 1, 1, 1)
    found = singular_values(kernels, Plane(2, 3), groups=4)
    assert found[:, 1, 2].tolist() == pytest.approx([4, 3, 2, 1])


@pytest.mark.parametrize("size", SIZES)
def test_the_differences_of_adjacent_taps_are_an_integral_over_frequency(size):
    kernels = filters(3, 2, *size)
    found = power(kernels, 32)[0]
    weight = 4 * torch.sin(pi * torch.fft.fftfreq(32, dtype=torch.float64)) ** 2
    wanted = (found * (weight[:, None] + weight)).mean((1, 2)).sum()  # exact: the grid is finer than the kernel
    torch.testing.assert_close(roughness(kernels), wanted, atol=1e-6, rtol=0)
    torch.testing.assert_close(roughness(kernels, relative=True), wanted / kernels.square().sum(), atol=1e-6, rtol=0)


def test_the_interior_form_counts_differences_within_the_kernel_alone():
    kernels = filters(2, 2, 3, 4)
    slow = kernels.diff(dim=2).square().sum() + kernels.diff(dim=3).square().sum()
    torch.testing.assert_close(roughness(kernels, "interior"), slow)
    assert float(roughness(torch.ones(1, 1, 3, 3), "interior")) == 0
    assert float(roughness(torch.ones(1, 1, 3, 3))) == 12  # each of twelve outer edges falls by one
    assert float(roughness(5 * kernels, relative=True)) == pytest.approx(float(roughness(kernels, relative=True)))
    assert float(torch.linalg.eigvalsh(adjacent_form(5)).max()) < 8


def test_energy_is_differentiable_and_refuses_kernels_of_another_size():
    kernels = filters(2, 1, 3, 3).requires_grad_()
    energy(kernels, band_form(3, 0, 0.2)).sum().backward()
    torch.testing.assert_close(kernels.grad.flatten(2), 2 * kernels.detach().flatten(2) @ band_form(3, 0, 0.2))
    with pytest.raises(ValueError, match=r"one of 9 taps; kernels of \(5, 5\) came"):
        energy(filters(1, 1, 5, 5), band_form(3, 0, 0.2))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: band_form(3, 0.3, 0.2), "low=0.3, high=0.2 came"),
        (lambda: band_form(3, 0, 0.6), "high=0.6 came"),
        (lambda: band_form((3, 0), 0, 0.2), r"size is a whole number from 1 on.*\(3, 0\) came"),
        (lambda: adjacent_form(3, "none"), "extension is zero or interior"),
        (lambda: KernelBands(3, (0.3, 0.2)), "cuts are two frequencies that rise"),
        (lambda: KernelBands(3).classes(torch.full((2, 3), torch.nan), 3), "filters that are nought"),
        (lambda: centroid(torch.ones(3, 3)), r"Filters are \(o, i, h, w\)"),
        (lambda: singular_values(torch.ones(3, 1, 3, 3), Plane(4, 4), 2), "a multiple of 2"),
    ],
)
def test_what_does_not_fit_is_refused(made, says):
    with pytest.raises(ValueError, match=says):
        made()


def test_areas_of_bands_add_up_to_the_plane():
    assert band_area(0, 1 / 6) + band_area(1 / 6, 1 / 3) + band_area(1 / 3, None) == pytest.approx(1)
