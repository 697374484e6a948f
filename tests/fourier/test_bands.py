"""Bands of every kind add up to one."""

import numpy as np
import pytest
import torch

from fourierscope.fourier import Frequency, Plane, to_spectrum
from fourierscope.fourier.bands import cells, discs, octaves, rings, wedges
from fourierscope.fourier.filters import is_hermitian

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4), (1, 5), (32, 32), (31, 31)]
KINDS = {
    "rings": rings,
    "wide rings": lambda plane: rings(plane, 2.5),
    "narrow rings": lambda plane: rings(plane, 0.3),
    "octaves": octaves,
    "eight wedges": wedges,
    "one wedge": lambda plane: wedges(plane, 1),
    "seven wedges": lambda plane: wedges(plane, 7),
    "cells of 1": lambda plane: cells(plane, 1),
    "cells of 3": lambda plane: cells(plane, 3),
    "cells of 5": lambda plane: cells(plane, 5),
    "discs of equal count": lambda plane: discs(plane, torch.ones(plane.shape)),
    "discs of equal fall": lambda plane: discs(plane, 1 / (1 + plane.radius()), 4),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_bands_add_up_to_one_in_every_bin_and_are_hermitian(size, kind):
    bands = KINDS[kind](Plane(*size))
    torch.testing.assert_close(bands.gains.sum(0), torch.ones(size).double(), atol=1e-12, rtol=0)
    assert float(bands.gains.min()) >= 0
    assert is_hermitian(bands.gains)
    assert len(bands) == len(bands.centres) == len(bands.gains)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_frequency_zero_belongs_to_one_band_alone(size, kind):
    at_zero = KINDS[kind](Plane(*size)).gains[:, size[0] // 2, size[1] // 2]
    assert sorted(at_zero.tolist()) == [0.0] * (len(at_zero) - 1) + [1.0]


@pytest.mark.parametrize("kind", KINDS)
def test_energies_of_bands_add_up_to_the_energy_of_the_image(kind):
    image = torch.randn(3, 9, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    energies = KINDS[kind](Plane(9, 6)).energy(to_spectrum(image).abs().square())
    torch.testing.assert_close(energies.sum(-1), image.square().sum((-2, -1)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("width", [1.0, 2.5])
def test_a_ring_holds_the_bins_of_its_radii(size, width):
    plane = Plane(*size)
    bands = rings(plane, width)
    for gain, centre in zip(bands.gains, bands.centres, strict=True):
        radius = plane.radius()[gain > 0]
        assert len(radius) > 0
        assert float(radius.min()) >= centre - width / 2
        assert float(radius.max()) < centre + width / 2


def test_octaves_double_from_one_on():
    plane = Plane(32, 32)
    bands = octaves(plane)
    assert bands.centres == (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
    for gain, centre in zip(bands.gains[1:], bands.centres[1:], strict=True):
        radius = plane.radius()[gain > 0]
        assert centre <= float(radius.min())
        assert float(radius.max()) < 2 * centre


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 8])
@pytest.mark.parametrize("size", [(9, 9), (8, 8), (6, 9), (10, 7)])
def test_a_mirror_image_has_its_energy_in_the_mirrored_wedges(size, count):
    """Columns change their sign, so that direction a becomes 180 degrees - a."""
    plane = Plane(*size)
    gains = wedges(plane, count).gains[1:]
    rows, columns = (list(map(int, one)) for one in (plane.rows(), plane.columns()))
    for one in range(count):
        for row in rows:
            for column in columns:
                if -column in columns:
                    there = gains[(count - one) % count][plane.position(Frequency(row, -column))]
                    assert float(gains[one][plane.position(Frequency(row, column))]) == float(there)


def test_a_wedge_holds_the_directions_around_its_middle():
    plane = Plane(9, 9)
    bands = wedges(plane, 4)
    expected = {
        (0, 2): 0,
        (2, 2): 1,
        (3, 0): 2,
        (2, -2): 3,
        (-2, 2): 3,
        (-3, 0): 2,
        (1, 4): 0 + 1 * (np.arctan(0.25) >= np.pi / 8),
    }
    for (row, column), wedge in expected.items():
        assert float(bands.gains[wedge + 1][plane.position(Frequency(row, column))]) == 1
    np.testing.assert_allclose(bands.centres[1:], np.arange(4) * np.pi / 4)


def test_a_bin_of_a_nyquist_line_is_shared_between_its_two_directions():
    plane = Plane(8, 8)
    shares = wedges(plane, 4).gains[1:, 0, plane.width // 2 + 3]
    assert sorted(shares.tolist()) == [0, 0, 0.5, 0.5]


@pytest.mark.parametrize(("size", "side"), [((9, 9), 3), ((8, 8), 3), ((9, 6), 3), ((32, 32), 5), ((6, 9), 1)])
def test_a_cell_and_its_mirror_are_one_band(size, side):
    plane = Plane(*size)
    bands = cells(plane, side)
    label = {}
    for frequency in (Frequency(row, column) for row in plane.rows().tolist() for column in plane.columns().tolist()):
        kept = plane.representative(frequency)
        cell = tuple(int(np.floor((component + side // 2) / side)) for component in kept)
        label[frequency] = max(cell, (-cell[0], -cell[1]))
    assert len(bands) == len(set(label.values()))
    for one in set(label.values()):
        members = [plane.position(frequency) for frequency, own in label.items() if own == one]
        gain = next(gain for gain in bands.gains if gain[members[0]] == 1)
        assert int(gain.sum()) == len(members)
        assert all(gain[member] == 1 for member in members)
        assert bands.centres[[bool((gain == other).all()) for other in bands.gains].index(True)] == pytest.approx(
            side * np.hypot(*one)
        )


def test_bands_that_make_no_sense_are_refused():
    for wrong in (lambda: rings(Plane(8, 8), 0), lambda: wedges(Plane(8, 8), 0), lambda: cells(Plane(8, 8), 2)):
        with pytest.raises(ValueError, match="came"):
            wrong()


@pytest.mark.parametrize("size", [(32, 32), (31, 31), (33, 20)])
def test_discs_hold_equal_shares_and_lie_around_each_other(size):
    plane = Plane(*size)
    weight = 1 / (0.5 + plane.radius())
    bands = discs(plane, weight, 5)
    assert len(bands) == 6
    assert list(bands.centres) == sorted(set(bands.centres))
    weight[size[0] // 2, size[1] // 2] = 0
    shares = bands.energy(weight)[1:] / weight.sum()
    assert (shares - 0.2).abs().max() < 0.04
    for inner, outer in zip(bands.gains[1:], bands.gains[2:], strict=False):
        assert float(plane.radius()[inner > 0].max()) < float(plane.radius()[outer > 0].min())
    torch.testing.assert_close(bands.gains, discs(plane, 7 * weight, 5).gains)


def test_a_radius_belongs_to_the_disc_in_which_the_middle_of_its_weight_lies():
    weight = torch.tensor([[4.0, 1, 1, 4, 0, 4, 1, 1, 4]])
    assert discs(Plane(1, 9), weight, 2).centres == (0, 1, 3)
    assert discs(Plane(1, 9), weight, 10).centres == (0, 1, 2, 3, 4)


def test_all_bins_of_one_radius_are_in_one_disc():
    plane = Plane(31, 31)
    bands = discs(plane, torch.rand(31, 31, generator=torch.Generator().manual_seed(0)), 10)
    squares = plane.rows()[:, None] ** 2 + plane.columns()[None, :] ** 2
    which = bands.gains.argmax(0)
    assert all(len(which[squares == one].unique()) == 1 for one in squares.unique())


def test_a_radius_of_much_weight_stands_for_several_discs():
    plane = Plane(9, 9)
    weight = torch.where(plane.radius() == 1, 100.0, 1.0)
    assert list(discs(plane, weight, 10).centres)[:2] == [0, 1]
    assert len(discs(plane, weight, 10)) < 6


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (torch.ones(4, 5), "of shape"),
        (-torch.ones(5, 4), "from 0 on"),
        (torch.full((5, 4), torch.nan), "from 0 on"),
        (torch.zeros(5, 4), "all others are 0"),
    ],
)
def test_weights_that_make_no_discs_are_refused(weight, said):
    with pytest.raises(ValueError, match=said):
        discs(Plane(5, 4), weight)
    with pytest.raises(ValueError, match="at least one disc"):
        discs(Plane(5, 4), torch.ones(5, 4), 0)
