"""Heat maps that stop each frequency when its interval is narrow, and maps of which cells are lacking."""

import re
from itertools import pairwise

import numpy as np
import pytest
import torch
import xarray as xr

import fourierscope as fs
from fourierscope.analyses.partial_map import _spent
from fourierscope.analyses.sequential_map import Clean, Round, SequentialMap
from fourierscope.figures import draw
from fourierscope.fourier import Plane, wave
from fourierscope.reports import told
from fourierscope.results import sequential_rates, wilson

PLANE = Plane(8, 8)
N = 300


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def mixed(gain=1.0):
    """Hears low columns surely, high ones never, and (2, 1) about every other time."""
    patterns = {key: wave(PLANE, key).float() for key in ((1, 0), (2, 1))}

    def network(images):
        sure = (images * patterns[1, 0]).sum((1, 2, 3)).abs() - 0.75
        half = (images * patterns[2, 1]).sum((1, 2, 3)) * gain - 0.1
        heard = torch.maximum(sure, half)
        return torch.stack([-heard, heard], 1)

    return network


def trial(network=None, n=N, channels=1, seed=0):
    images = 0.5 + 0.02 * (uniform(n, channels, 8, 8, seed=seed) - 0.5)
    return fs.Trial(
        fs.Classifier(network or mixed(), name="mixed"), fs.Samples(images, torch.zeros(n, dtype=torch.long))
    )


QUESTION = fs.HeatMap(norm=1.0, clip=False, precision_of_rate=0.03)


@pytest.fixture(scope="module")
def found():
    return QUESTION(trial())


def test_a_frequency_stops_where_its_interval_is_narrow_and_no_other_does(found):
    error = found["error"]
    looks = QUESTION._way.looks(trial())
    half = ((error.error_high - error.error_low) / 2).values
    assert (half[error.error_counts.values < N] <= 0.03).all()
    assert (half[half > 0.03] > 0).any()
    assert (error.error_counts.values[half > 0.03] == N).all()
    assert set(np.unique(error.error_counts)) <= set(looks)
    assert int(error.error_counts.sel(row=2, column=1)) == N
    assert float(error.sel(row=1, column=0)) == 1
    assert int(error.error_counts.sel(row=1, column=0)) < N
    assert float(error.sel(row=3, column=3)) == 0


def test_outcomes_are_those_of_a_slow_loop_over_the_images_in_their_order(found):
    given, looks = trial(), QUESTION._way.looks(trial())
    order, signs = QUESTION._way._order(given), QUESTION._way._signs(given)
    error = found["error"]
    for row, column in ((2, 1), (1, 0), (0, 0)):
        count = int(error.error_counts.sel(row=row, column=column))
        pattern = wave(PLANE, (row, column)).float()
        images = given.samples.batch()[order[:count]] + signs[:count, :, None, None] * pattern
        wrong = given.classifier(images).argmax(1) != 0
        assert float(error.sel(row=row, column=column)) == pytest.approx(float(wrong.double().mean()))
        hits = [int(wrong[:look].sum()) if look <= count else -1 for look in looks]
        bounds = sequential_rates(np.array(hits), looks)
        assert float(error.error_low.sel(row=row, column=column)) == bounds.low
        assert float(error.error_high.sel(row=row, column=column)) == bounds.high
        for turn in range(looks.index(count)):  # it went on as long as its interval was too wide, and no longer
            before = sequential_rates(np.array([*hits[: turn + 1], *[-1] * (len(looks) - turn - 1)]), looks)
            assert (before.high - before.low) / 2 > 0.03
    np.testing.assert_allclose(found["effective_norm"], 1, atol=1e-5)  # nothing is clipped, in no round


def test_signs_are_balanced_in_every_round_and_the_order_is_one_for_all_models():
    given = trial(channels=3, n=200)
    way = QUESTION._way
    signs, looks = way._signs(given), way.looks(given)
    for start, stop in pairwise((0, *looks)):
        _, often = signs[start:stop].unique(dim=0, return_counts=True)
        assert int(often.max() - often.min()) <= 1
    other = trial(mixed(0.5), channels=3, n=200)
    assert torch.equal(way._order(given), way._order(other))
    assert sorted(way._order(given).tolist()) == list(range(200))
    assert way._order(given).tolist() != list(range(200))


@pytest.mark.parametrize("n", [1, 5, 64, 65, 1000, 50_000])
def test_rounds_end_with_all_images_and_grow(n):
    samples = fs.Samples(torch.zeros(n, 3, 2, 2, dtype=torch.uint8), torch.zeros(n, dtype=torch.long))
    looks = QUESTION._way.looks(fs.Trial(fs.Classifier(lambda images: images.flatten(1)), samples))
    assert looks[-1] == n
    assert all(a < b for a, b in pairwise(looks))
    assert all(one % 8 == 0 for one in looks[:-1])
    assert len(looks) < 30


def test_batch_workers_and_cut_do_not_matter_and_a_store_goes_on_where_it_was(found, tmp_path, monkeypatch):
    store = tmp_path / "store"
    whole = fs.run(QUESTION, trial(), store, batch=7)
    assert whole.dataset.identical(found.dataset)
    for path in sorted(store.glob("cell-*.npz"))[3:]:
        path.unlink()
    assert fs.run(QUESTION, trial(), store).dataset.identical(found.dataset)
    monkeypatch.setattr("fourierscope.analyses.wave_set._WAVES", 5)
    assert QUESTION(trial()).dataset.identical(found.dataset)


def test_rounds_come_one_after_the_other_so_that_the_map_sharpens_as_it_runs():
    cells = list(QUESTION.cells(trial()))
    assert isinstance(cells[0], Clean)
    turns = [cell.turn for cell in cells if isinstance(cell, Round)]
    assert turns == sorted(turns)
    assert QUESTION.follows(Round(0, 32, 2)) == Round(0, 32, 1)
    assert QUESTION.follows(Round(0, 32, 0)) is None
    assert QUESTION.follows(cells[0]) is None


def test_a_map_that_is_stopped_in_time_tells_what_it_has_and_what_it_lacks(monkeypatch, tmp_path):
    monkeypatch.setattr("fourierscope.analyses.wave_set._WAVES", 30)
    stopped = fs.run(QUESTION, trial(), time_limit=0)  # the clean images alone
    assert np.isnan(stopped["error"].values).all()
    assert (stopped["error_counts"].values == 0).all()
    assert float(stopped["clean_error"]) == float(QUESTION(trial())["clean_error"])
    assert "64 of 64 cells were not measured" in str(stopped["error"].attrs["says"])
    assert fs.load(stopped.save(tmp_path / "stopped.nc")).dataset.identical(stopped.dataset)
    assert told(stopped)
    draw(stopped["error"])
    fs.report([stopped], tmp_path / "stopped.html")


def failing(monkeypatch, bad):
    """A heat map one of whose tiles fails."""
    monkeypatch.setattr("fourierscope.analyses.wave_set._WAVES", 10)
    monkeypatch.setattr("fourierscope.analyses.wave_set._PIXELS", 100 * 64)
    true = fs.HeatMap.measure

    def measure(self, cell, subject, /):
        if cell in bad:
            raise ArithmeticError("one too many")
        return true(self, cell, subject)

    monkeypatch.setattr(fs.HeatMap, "measure", measure)


@pytest.mark.parametrize(("score", "phases"), [("error", 1), ("error", 2), ("margin", 1), ("flips", 1)])
def test_cells_that_failed_are_lacking_and_the_others_are_what_they_would_be(score, phases, monkeypatch, tmp_path):
    question = fs.HeatMap(norm=1.0, clip=False, score=score, phases=phases)
    whole = question(trial())
    with monkeypatch.context() as patch:
        failing(patch, [(10, 20, start, start + 100) for start in (0, 100, 200)] + [(20, 30, 100, 200)])
        partly = fs.run(question, trial(), keep_going=True)
    wave_of, counts = partly["wave_of"].values, partly[f"{score}_counts"].values
    lacking, fewer = (wave_of >= 10) & (wave_of < 20), (wave_of >= 20) & (wave_of < 30)
    values = partly[score].values
    assert np.isnan(values[lacking]).all()
    assert (counts[lacking] == 0).all()
    assert (counts[fewer] == 200).all()
    sound = ~lacking & ~fewer
    assert (counts[sound] == N).all()
    for name in (score, f"{score}_low", f"{score}_high"):
        np.testing.assert_allclose(partly[name].values[sound], whole[name].values[sound], rtol=1e-6)
    outcomes = whole[f"{score}_outcomes"].values
    if score == "error" and phases == 1:
        outcomes = np.unpackbits(outcomes, axis=-1, count=N)[wave_of][..., np.r_[0:100, 200:300]]
        np.testing.assert_allclose(values[fewer], outcomes.mean(-1)[fewer])
        np.testing.assert_allclose(partly["error_high"].values[fewer], wilson(values[fewer], 200).high)
    shown = partly["pictures"].attrs
    strongest = -1 if score == "margin" else 1
    known = partly[score].sel(row=shown["row"], column=shown["column"])
    assert strongest * float(known) == np.nanmax(strongest * values)
    left = partly["effective_norm"].values
    np.testing.assert_allclose(left[~lacking], 1, rtol=1e-4)
    assert np.isnan(left[lacking]).all()
    assert fs.load(partly.save(tmp_path / "partly.nc")).dataset.identical(partly.dataset)
    sentences = " ".join(told(partly))
    assert re.search(rf"{int(lacking.sum())} of 64 cells were not measured and are hatched", sentences)
    assert "200 to 300 of 300 images" in sentences
    share = 1 - (10 * 300 + 10 * 100) / (len(PLANE.waves()) * 300)
    assert f"{100 * share:.1f} %" in sentences.replace("\u00a0", " ")
    assert f"{100 * share:.1f} %" in partly[score].attrs["says"]
    fs.report([partly], tmp_path / "partly.html")
    page = (tmp_path / "partly.html").read_text()
    assert "Hatched cells were not measured." in page


def test_a_ring_is_the_mean_over_measured_frequencies_on_the_images_that_all_have(monkeypatch):
    question = fs.HeatMap(norm=1.0, clip=False)
    whole = question(trial())
    with monkeypatch.context() as patch:
        failing(patch, [(10, 20, start, start + 100) for start in (0, 100, 200)] + [(20, 30, 100, 200)])
        partly = fs.run(question, trial(), keep_going=True)
    radius = np.floor(PLANE.radius().numpy() + 0.5)
    index = partly["wave_of"].values
    outcomes = np.unpackbits(whole["error_outcomes"].values, axis=-1, count=N)[index]
    ring = partly["error_ring"]
    for one in ring.radius.values:
        cells = (radius == one) & ~((index >= 10) & (index < 20))
        some = np.r_[0:100, 200:300] if ((index >= 20) & (index < 30) & cells).any() else np.arange(N)
        if cells.any():
            assert float(ring.sel(radius=one)) == pytest.approx(outcomes[cells][:, some].mean(), abs=1e-6)
            assert int(ring.error_ring_counts.sel(radius=one)) == len(some)
        else:
            assert np.isnan(float(ring.sel(radius=one)))


def test_a_ring_spends_what_the_look_may_at_which_it_stands():
    looks = (10, 30, 40)
    np.testing.assert_allclose(_spent(np.array([10, 11, 30, 40]), looks), [0.25, 0.5, 0.5, 0.25])


def test_a_difference_takes_the_images_that_both_have(found):
    other = QUESTION(trial(mixed(0.3)))
    gap = found - other
    both = np.minimum(found["error_counts"].values, other["error_counts"].values)
    np.testing.assert_array_equal(gap["error_counts"].values, both)
    assert len(np.unique(both)) > 1
    index, order = found["wave_of"].values, QUESTION._way._order(trial()).numpy()
    first, second = (
        np.unpackbits(one["error_outcomes"].values, axis=-1, count=N)[index].astype(float) for one in (found, other)
    )
    for place in np.ndindex(both.shape):
        seen = order[: both[place]]
        assert gap["error"].values[place] == pytest.approx((first[place][seen] - second[place][seen]).mean(), abs=1e-9)
    assert (gap["error_low"].values <= gap["error"].values).all()
    assert (gap["error_high"].values >= gap["error"].values).all()
    same = found - found
    assert (same["error"].values == 0).all()
    assert not same["error_significant"].values.any()
    assert told(gap)


def test_without_it_nothing_is_recorded_and_stores_of_before_fit():
    record = fs.HeatMap().record(trial())
    assert "precision_of_rate" not in record["options"]
    assert QUESTION.record(trial())["options"]["precision_of_rate"] == 0.03


@pytest.mark.parametrize(
    "options",
    [{"precision_of_rate": 0.0}, {"precision_of_rate": 0.5}, {"precision_of_rate": float("nan")}]
    + [{"precision_of_rate": 0.1, **more} for more in ({"score": "loss"}, {"phases": 2}, {"score": "linear"})],
)
def test_options_that_do_not_fit_are_refused_at_the_door(options):
    with pytest.raises(ValueError, match="came"):
        fs.HeatMap(**options)


def test_cells_that_were_not_measured_are_hatched_on_paper_and_on_the_page():
    coords = {"row": [-1, 0, 1], "column": [-1, 0, 1]}
    counts = xr.DataArray(np.array([[0, 5, 5], [5, 5, 5], [5, 5, 0]]), coords, ("row", "column"))
    values = xr.DataArray(
        np.where(counts == 0, np.nan, 0.5), coords, ("row", "column"), name="error", attrs={"units": "1", "says": "E."}
    )
    values = values.assign_coords(error_counts=counts).assign_attrs(counts="error_counts")
    figure = draw(values)
    strokes = next(line for line in figure.axes[0].lines if len(line.get_xdata()) > 1)
    x, y = np.asarray(strokes.get_xdata()), np.asarray(strokes.get_ydata())
    known = np.isfinite(x)
    assert {(round(float(a)), round(float(b))) for a, b in zip(x[known] * 0.9, y[known] * 0.9, strict=True)} <= {
        (a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)
    }
    assert ((np.abs(x[known]) >= 0.5) & (np.abs(y[known]) >= 0.5) & (x[known] * y[known] > 0)).all()
    assert "hatched: not measured" in figure.get_supxlabel()
    assert "hatched" not in draw(values.assign_coords(error_counts=counts + 1)).get_supxlabel()


def test_the_bounds_hold_in_maps_too_stopped_as_they_stop():
    missed = 0
    truth = QUESTION(trial(n=4000, seed=99))["error"]
    known = float(truth.sel(row=2, column=1))
    for seed in range(8):
        error = fs.HeatMap(norm=1.0, clip=False, precision_of_rate=0.06, seed=seed)(trial(seed=seed))["error"]
        one = error.sel(row=2, column=1)
        missed += not float(one.error_low) <= known <= float(one.error_high)
    assert 0.2 < known < 0.8
    assert missed <= 2


def test_the_question_knows_its_way():
    assert isinstance(QUESTION._way, SequentialMap)
    assert fs.HeatMap()._way is None
