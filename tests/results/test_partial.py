"""Values with counts of their own: bounds, paired differences, files."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import fourierscope as fs
from fourierscope.results import (
    Axes,
    Result,
    look_shares,
    mean_interval,
    paired_means,
    paired_rates,
    partial,
    partial_means,
    partial_shares,
    share_interval,
    wilson,
)

N, LOOKS = 40, (16, 24, 40)
COUNTS = np.array([40, 24, 16, 1, 0])


def prefixes(counts=COUNTS):
    return np.arange(N) < counts[:, None]


def result(outcomes, seen, name="one", looks=()):
    axes = Axes({"radius": np.arange(len(outcomes))})
    found = partial("error", outcomes, seen, partial_shares(outcomes, seen), axes, "1", "Errors.")
    if looks:
        found["looks"] = xr.DataArray(np.array(looks), dims="look", attrs={"units": "images", "says": "Looks."})
        found["error"].attrs["looks"] = "looks"
    subject = {"classifier": {"name": name}, "samples": {"name": "s", "digest": "d"}}
    return Result(xr.Dataset(found), {"analysis": "Made", "options": {}, "subject": subject, "versions": {}})


def drawn(seed, rate=0.4):
    return np.random.default_rng(seed).random((len(COUNTS), N)) < rate


def test_bounds_are_those_of_the_images_seen_alone():
    outcomes, seen = drawn(0), prefixes()
    values = np.random.default_rng(1).random(outcomes.shape).astype(np.float32)
    for found, once, given in (
        (partial_shares(outcomes, seen), lambda one: wilson(one.mean(), len(one)), outcomes),
        (partial_shares(values, seen), share_interval, values),
        (partial_means(values, seen), mean_interval, values),
    ):
        for place, count in enumerate(COUNTS[:-2]):
            expected = once(given[place, :count])
            for ours, theirs in zip(found, expected, strict=True):
                assert ours[place] == pytest.approx(float(theirs), rel=1e-5)
        assert all(np.isnan(one[-1]) for one in found)
    assert np.isnan(partial_means(values, seen).low[-2])


def test_a_share_that_spends_less_has_wider_bounds():
    outcomes, seen = drawn(0), prefixes()
    found = partial_shares(outcomes, seen, np.array([1.0, 0.2, 0.2, 1.0, 1.0]))
    whole = partial_shares(outcomes, seen)
    wider = (found.high - found.low) / (whole.high - whole.low)
    assert wider[0] == 1
    assert 1.1 < wider[1] < stats.norm.isf(0.005) / stats.norm.isf(0.025)


def test_a_value_carries_its_counts_and_a_file_brings_them_back(tmp_path):
    found = result(drawn(0), prefixes(), looks=LOOKS)
    np.testing.assert_array_equal(found["error"].error_counts, COUNTS)
    assert np.isnan(found["error"].values[-1])
    assert fs.load(found.save(tmp_path / "one.nc")).dataset.identical(found.dataset)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("looks", [(), LOOKS])
def test_a_difference_takes_the_images_that_both_have_and_spends_what_their_look_may(binary, looks):
    counts = np.array([40, 40, 24, 24, 0])
    first, second = (drawn(seed) if binary else np.random.default_rng(seed).random((5, N)) for seed in (0, 1))
    gap = result(first, prefixes(COUNTS), looks=looks) - result(second, prefixes(counts), "two", looks)
    both = np.minimum(COUNTS, counts)
    np.testing.assert_array_equal(gap["error"].error_counts, both)
    paired = paired_rates if binary else paired_means
    for place, count in enumerate(both):
        values = [gap[name].values[place] for name in ("error", "error_low", "error_high", "error_p")]
        if count == 0:
            assert np.isnan(values).all()
            assert not gap["error_significant"].values[place]
            continue
        spent = look_shares(looks)[looks.index(count)] if looks and count in looks else 1.0
        if not looks or count in looks:
            pair = [one[place, :count].astype(bool if binary else np.float32) for one in (first, second)]
            np.testing.assert_allclose(values, [float(one) for one in paired(*pair, spent=spent)], rtol=1e-4, atol=1e-9)
        if looks and count in looks:
            once = paired(first[place, :count], second[place, :count])
            assert values[2] - values[1] > float(once.high - once.low) * (1 - 1e-6)


def test_p_at_all_looks_together_is_below_a_twentieth_at_most_that_often_without_a_difference():
    chance, wrong, trials = np.random.default_rng(0), 0, 4000
    first, second = (chance.random((trials, N)) < 0.3 for _ in range(2))
    shares, least = look_shares(LOOKS), np.ones(trials)
    missed = np.zeros(trials, dtype=bool)
    for look, share in zip(LOOKS, shares, strict=True):
        found = paired_rates(first[:, :look], second[:, :look], spent=share)
        least = np.minimum(least, found.p)
        missed |= (found.low > 0) | (found.high < 0)
    wrong = int((least <= 0.05).sum())
    assert wrong <= stats.binom.ppf(0.999, trials, 0.05)
    assert int(missed.sum()) <= stats.binom.ppf(0.999, trials, 0.05)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda held: held["looks"].values.__setitem__(slice(None), [3, 2, 1]), "ascending"),
        (lambda held: held["error_seen"].attrs.update(count=39), "images seen"),
        (lambda held: held["error"].attrs.update(counts="nothing"), "counts of error"),
    ],
)
def test_a_file_whose_counts_do_not_fit_is_refused(spoil, said, tmp_path):
    found = result(drawn(0), prefixes(), looks=LOOKS)
    spoil(found.dataset)
    with pytest.raises(ValueError, match=said):
        fs.load(found.save(tmp_path / "wrong.nc"))
