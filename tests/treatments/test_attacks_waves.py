"""Single waves as black boxes: they find what a classifier hears, and count their queries."""

from math import pi

import numpy as np
import pytest
import torch
from trials_made import changes, deep_trial, hears

import fourierscope as fs
from fourierscope.fourier import Frequency, Plane, wave
from fourierscope.treatments import SingleWave, universal_wave, wave_attack, wave_search

SIZES = [(8, 8), (7, 9), (6, 11)]


def grey(count, channels, plane):
    return fs.Samples(torch.full((count, channels, *plane.shape), 0.5), name="grey")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_universal_wave_is_the_one_that_the_classifier_hears(size, channels):
    plane = Plane(*size)
    for frequency in (Frequency(2, -1), Frequency(0, 2), Frequency(1, 3)):
        trial = fs.Trial(fs.Classifier(hears(plane, frequency, 0.3)), grey(2, channels, plane))
        found = universal_wave(trial, "l2", 0.6)
        assert found.wave.frequency == plane.representative(frequency)
        assert found.fooled == 1
        heard = {one.frequency for one, share in zip(found.tried, found.shares, strict=True) if share > 0}
        assert heard == {plane.representative(frequency)}


def test_the_universal_wave_fools_most_and_its_share_is_that_of_a_slow_loop():
    trial = deep_trial(count=25)
    found = universal_wave(trial, "l2", 1.0, phases=1, within=5)
    clean = trial.classifier(trial.samples.batch()).argmax(1)
    slow = []
    for one in found.tried:
        shape = wave(trial.samples.plane, one.frequency, one.phase)
        changed = (trial.samples.batch() + one.sign * shape).clamp(0, 1).float()
        slow.append(float((trial.classifier(changed).argmax(1) != clean).double().mean()))
    np.testing.assert_allclose(found.shares.numpy(), slow, atol=1e-9)
    assert found.fooled == max(found.shares.tolist())
    assert found.fooled > np.median(slow)
    assert len({(one.frequency, one.phase, one.sign) for one in found.tried}) == len(found.tried) == 2 * 13


def test_a_universal_wave_is_asked_of_images_it_was_not_found_on():
    trial = deep_trial(count=60)
    some, others = (fs.Trial(trial.classifier, trial.samples.subset(range(a, b))) for a, b in ((0, 30), (30, 60)))
    found = universal_wave(some, eps=0.1, within=5)
    held_out = wave_attack(others, found.wave)
    assert abs(float(wave_attack(some, found.wave).fooled.double().mean()) - found.fooled) < 1e-9
    assert held_out.queries.tolist() == [1] * 30
    clean, after = (trial.classifier(one.batch()).argmax(1) for one in (others.samples, held_out.samples))
    assert torch.equal(held_out.fooled, clean != after)
    by_chance = np.mean([float(wave_attack(others, one).fooled.double().mean()) for one in found.tried])
    assert float(held_out.fooled.double().mean()) > by_chance


@pytest.mark.parametrize("size", SIZES)
def test_the_wave_in_l2_has_its_norm_in_every_channel_and_in_linf_its_size_in_every_pixel(size):
    plane = Plane(*size)
    samples = grey(2, 3, plane)
    for frequency in (Frequency(1, 2), Frequency(0, 0), Frequency(2, -1)):
        change = changes(samples, SingleWave(frequency, pi / 4, -1, "l2", 0.4)(samples))
        torch.testing.assert_close(change.flatten(2).norm(dim=2), torch.full((2, 3), 0.4))
        torch.testing.assert_close(change[0, 0], (-0.4 * wave(plane, frequency)).float())
        flat = changes(samples, SingleWave(frequency, pi / 4, 1, "linf", 0.1)(samples))
        torch.testing.assert_close(flat.abs(), torch.full_like(flat, 0.1))
        assert float((flat[0, 0] * wave(plane, frequency)).min()) > -1e-9


def test_rounding_decides_no_sign_of_a_wave():
    plane = Plane(8, 8)
    shape = wave(plane, Frequency(1, 0))
    zeros = shape.abs() < 1e-9
    assert int(zeros.sum()) == 16
    assert bool((SingleWave(Frequency(1, 0), pi / 4, 1, "linf", 0.1).pattern(plane)[zeros] > 0).all())


def test_waved_images_stay_in_the_box_and_the_name_tells_the_wave():
    trial = deep_trial()
    attack = wave_attack(trial, SingleWave(Frequency(1, -2), 0.5, -1, "l2", 4.0))
    assert float(attack.samples.images.min()) == 0
    assert float(attack.samples.images.max()) == 1
    assert attack.samples.name == "made under wave (1, -2) phase 0.5 sign -1, l2 4"
    assert (
        wave_search(trial, queries=3).samples.name
        == "made under the best of 3 waves, linf 0.03922, seed 0, on Sequential"
    )


def test_each_image_gets_the_first_wave_that_fools_it_and_counts_its_queries():
    trial = deep_trial(count=25)
    attack = wave_search(trial, "linf", 0.06, queries=12, seed=3)
    clean, after = (trial.classifier(one.batch()).argmax(1) for one in (trial.samples, attack.samples))
    assert torch.equal(attack.fooled, clean != after)
    assert 0 < int(attack.fooled.sum()) < 25
    assert bool((attack.queries[~attack.fooled] == 12).all())
    for place in range(25):
        one = fs.Trial(trial.classifier, trial.samples.subset([place]))
        alone = wave_attack(one, attack.waves[place])
        torch.testing.assert_close(alone.samples.images[0], attack.samples.images[place])
        assert bool(alone.fooled[0]) == bool(attack.fooled[place])
        if attack.fooled[place] and attack.queries[place] > 1:
            assert not bool(wave_search(one, "linf", 0.06, int(attack.queries[place]) - 1, seed=3).fooled[0])


def test_more_queries_fool_no_fewer_and_an_unfooled_image_gets_the_wave_that_came_nearest():
    trial = deep_trial(count=25)
    few, many = (wave_search(trial, "linf", 0.04, queries) for queries in (4, 16))
    assert bool((many.fooled >= few.fooled).all())
    both = ~many.fooled
    leads = []
    for attack in (few, many):
        two = trial.classifier(attack.samples.batch())[both].topk(2).values
        leads.append(two[:, 0] - two[:, 1])
    assert bool((leads[1] <= leads[0]).all())
    assert bool((leads[1] < leads[0]).any())


def test_the_search_knows_neither_neighbours_nor_batch_and_follows_its_seed():
    trial = deep_trial(count=9)
    together, apart, other = (
        wave_search(trial, eps=0.06, queries=8, seed=s, batch=b) for s, b in ((0, 9), (0, 2), (1, 9))
    )
    assert torch.equal(together.samples.images, apart.samples.images)
    assert together.waves == apart.waves
    assert together.waves != other.waves


def test_no_more_waves_are_tried_than_there_are():
    plane = Plane(3, 4)
    trial = fs.Trial(fs.Classifier(hears(plane, (1, 1), 9.0)), grey(2, 1, plane))
    attack = wave_search(trial, queries=10_000)
    one_pair, alone = 5, 2  # conjugate pairs with two phases each, and frequencies that are their own partners
    assert attack.queries.tolist() == [2 * (2 * one_pair + alone)] * 2
    assert not attack.fooled.any()


def test_waves_need_no_labels_and_no_gradient():
    def deaf_to_gradients(images):
        with torch.no_grad():
            return deep_trial().classifier(images)

    trial = fs.Trial(fs.Classifier(deaf_to_gradients), fs.Samples(deep_trial(count=20).samples.images))
    assert int(wave_search(trial, eps=0.1, queries=20).fooled.sum()) > 5
    assert universal_wave(trial, eps=0.1, stride=2).fooled > 0
    assert wave_search(trial, queries=2).samples.labels is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda trial: wave_search(trial, queries=0), "queries is"),
        (lambda trial: wave_search(trial, phases=0), "phases is"),
        (lambda trial: wave_search(trial, eps=10.0), "at most 1"),
        (lambda trial: universal_wave(trial, norm="l1"), "norm is"),
        (lambda trial: universal_wave(trial, within=4), "splits conjugate pairs"),
        (lambda trial: universal_wave(trial, stride=0), "A stride is"),
        (lambda trial: universal_wave(trial, batch=0), "batch is"),
        (lambda trial: wave_attack(trial, SingleWave(Frequency(9, 0), 0.5, 1, "l2", 1.0)), "does not fit"),
        (lambda trial: SingleWave(Frequency(1, 0), 0.5, 0, "l2", 1.0), "sign is"),
    ],
)
def test_options_out_of_range_are_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call(deep_trial())
