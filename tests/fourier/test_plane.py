"""Laws of the frequency plane."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fourierscope.fourier import Frequency, Plane, is_self_paired

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4), (1, 5), (4, 1), (1, 1), (32, 32), (31, 31)]


def everywhere(plane):
    return [Frequency(int(row), int(column)) for row in plane.rows() for column in plane.columns()]


@pytest.mark.parametrize("size", SIZES)
def test_rows_and_columns_are_numpys_shifted_frequencies(size):
    plane = Plane(*size)
    assert plane.rows().tolist() == np.fft.fftshift(np.fft.fftfreq(size[0], 1 / size[0])).round().astype(int).tolist()
    assert (
        plane.columns().tolist() == np.fft.fftshift(np.fft.fftfreq(size[1], 1 / size[1])).round().astype(int).tolist()
    )


@pytest.mark.parametrize("size", SIZES)
def test_zero_stands_at_half_the_sides_and_positions_count_in_reading_order(size):
    plane = Plane(*size)
    assert plane.position(Frequency(0, 0)) == (size[0] // 2, size[1] // 2)
    expected = [(i, j) for i in range(size[0]) for j in range(size[1])]
    assert [plane.position(frequency) for frequency in everywhere(plane)] == expected


@pytest.mark.parametrize("size", SIZES)
def test_partner_obeys_the_published_index_law(size):
    plane = Plane(*size)
    for frequency in everywhere(plane):
        expected = [
            (n - p) % n if n % 2 == 0 else n - 1 - p for n, p in zip(size, plane.position(frequency), strict=True)
        ]
        assert list(plane.position(plane.partner(frequency))) == expected
        assert plane.partner(plane.partner(frequency)) == frequency


@pytest.mark.parametrize("size", SIZES)
def test_spectra_of_real_images_are_conjugate_at_partners(size):
    plane = Plane(*size)
    image = np.random.default_rng(0).normal(size=size)
    spectrum = np.fft.fftshift(np.fft.fft2(image))
    for frequency in everywhere(plane):
        here, there = spectrum[plane.position(frequency)], spectrum[plane.position(plane.partner(frequency))]
        assert here == pytest.approx(np.conj(there), abs=1e-10)


@pytest.mark.parametrize("size", SIZES)
def test_waves_hold_one_of_each_pair_in_reading_order(size):
    plane = Plane(*size)
    waves = plane.waves()
    pairs = {frozenset((frequency, plane.partner(frequency))) for frequency in everywhere(plane)}
    assert len(waves) == len(pairs)
    assert {frozenset((one, plane.partner(one))) for one in waves} == pairs
    assert waves == sorted(waves)


@pytest.mark.parametrize("size", SIZES)
def test_the_representative_has_row_above_zero_or_column_where_the_row_is_its_own_partner(size):
    plane = Plane(*size)
    for frequency in everywhere(plane):
        chosen = plane.representative(frequency)
        assert chosen in (frequency, plane.partner(frequency))
        assert chosen == plane.representative(plane.partner(frequency))
        if plane.partner(chosen).row != chosen.row:
            assert chosen.row > 0
        elif plane.partner(chosen).column != chosen.column:
            assert chosen.column > 0


@pytest.mark.parametrize(
    ("side", "within", "expected"), [(32, None, 514), (31, None, 481), (224, None, 25090), (224, 63, 1985)]
)
def test_counts_of_distinct_frequencies_are_the_published_ones(side, within, expected):
    assert len(Plane(side, side).waves(within)) == expected


@pytest.mark.parametrize("size", SIZES)
def test_self_paired_are_zero_and_nyquist_along_even_sides(size):
    plane = Plane(*size)
    found = {frequency for frequency in everywhere(plane) if is_self_paired(plane, frequency)}
    rows, columns = ([0] if n % 2 else [0, -n // 2] for n in size)
    assert found == {(row, column) for row in rows for column in columns}


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 10), st.integers(1, 10), st.integers(0, 5), st.integers(1, 4))
def test_a_spread_shows_every_cell_its_own_pair(height, width, half, stride):
    plane, within = Plane(height, width), 2 * half + 1
    waves = plane.waves(within, stride)
    index = plane.spread(waves, within, stride)
    rows, columns = plane.grid(within, stride)
    assert index.shape == (len(rows), len(columns))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            own = Frequency(row, column)
            assert waves[index[i, j]] in (own, plane.partner(own))
    assert set(index.ravel()) == set(range(len(waves)))


@pytest.mark.parametrize("size", [(8, 8), (9, 9), (9, 6)])
def test_a_grid_keeps_the_centred_square_and_the_multiples(size):
    plane = Plane(*size)
    rows, columns = plane.grid(5, 2)
    assert rows == [-2, 0, 2]
    assert columns == [-2, 0, 2]
    assert plane.grid(99) == (plane.rows().tolist(), plane.columns().tolist())


def test_an_even_square_is_refused_because_it_splits_pairs():
    with pytest.raises(ValueError, match="splits conjugate pairs"):
        Plane(8, 8).waves(4)
    with pytest.raises(ValueError, match="stride=0"):
        Plane(8, 8).waves(stride=0)


def test_a_spread_with_a_missing_wave_is_refused():
    plane = Plane(4, 4)
    with pytest.raises(ValueError, match="have no value"):
        plane.spread(plane.waves()[1:])


@pytest.mark.parametrize("sides", [(0, 4), (4, -1), (4.0, 4), (True, 4)])
def test_sides_that_are_no_positive_whole_numbers_are_refused(sides):
    with pytest.raises(ValueError, match="positive whole numbers"):
        Plane(*sides)


@pytest.mark.parametrize("frequency", [(4, 0), (0, 4), (-5, 0), (0.5, 0)])
def test_a_frequency_outside_the_plane_is_refused_with_what_fits(frequency):
    with pytest.raises(ValueError, match="rows run from -4 to 3"):
        Plane(8, 8).position(Frequency(*frequency))


def test_radius_and_angle_are_those_of_each_frequency():
    plane = Plane(7, 4)
    for frequency in everywhere(plane):
        place = plane.position(frequency)
        assert float(plane.radius()[place]) == pytest.approx(np.hypot(*frequency))
        assert float(plane.angle()[place]) == pytest.approx(np.arctan2(*frequency))
    assert plane.radius().dtype == torch.float64
