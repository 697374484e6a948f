"""Batch-norm statistics for a while: answers as torch gives them in train mode, and a network that never knows."""

import copy

import pytest
import torch
from torch import nn

from fourierscope.treatments.batch_statistics import batch_norms, batch_statistics, dealt


def network(dropout=0.5):
    """One that was trained a little, with everything that a careless switch would change."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = nn.Sequential(
            nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5, momentum=0.3), nn.ReLU(), nn.Conv2d(5, 4, 3),
            nn.BatchNorm2d(4, affine=False), nn.Dropout(dropout), nn.Flatten(), nn.LazyLinear(6), nn.BatchNorm1d(6),
        )  # fmt: skip
        for _ in range(3):
            made(images(9, seed=5))
    made[1].eval()  # the rest is in train mode
    return made


def images(count, seed=1, size=(7, 6)):
    return 2 * torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(seed)) + 1


def state(made):
    """All that a switch could change: values, the tensors themselves, modes, momentum, hooks, random state."""
    values = [(name, id(one), one.clone()) for name, one in made.state_dict(keep_vars=True).items()]
    modes = [(one.training, getattr(one, "momentum", None), len(one._forward_hooks)) for one in made.modules()]
    return values, modes, torch.get_rng_state()


def same(first, second):
    (values, modes, chance), (values_after, modes_after, chance_after) = first, second
    return (
        all(a[:2] == b[:2] and torch.equal(a[2], b[2]) for a, b in zip(values, values_after, strict=True))
        and modes == modes_after
        and torch.equal(chance, chance_after)
    )


def batches_for(statistics):
    return images(20, seed=3).split(8) if statistics == "recalibrated" else None


@pytest.mark.parametrize("statistics", ["running", "batch", "recalibrated"])
@pytest.mark.parametrize("train", [True, False])
def test_everything_is_as_it_was_afterwards_bit_for_bit(statistics, train):
    made = network(dropout=0.0)
    if not train:
        made.eval()
    before = state(made)
    with batch_statistics(made, statistics, batches_for(statistics)):
        made(images(4))
        made.train()
        made(images(4))
        made[1].momentum = 0.9
    assert same(before, state(made))


@pytest.mark.parametrize("statistics", ["running", "batch", "recalibrated"])
def test_everything_is_as_it_was_after_an_error(statistics):
    made = network(dropout=0.0)
    before = state(made)
    with pytest.raises(RuntimeError), batch_statistics(made, statistics, batches_for(statistics)):
        made(torch.zeros(4, 2, 7, 6))
    assert same(before, state(made))


def test_everything_is_as_it_was_after_an_error_while_statistics_are_estimated():
    made = network(dropout=0.0)
    before = state(made)
    wrong = [images(4), torch.zeros(4, 2, 7, 6)]
    with pytest.raises(RuntimeError), batch_statistics(made, "recalibrated", wrong):
        pass
    assert same(before, state(made))
    with pytest.raises(ValueError, match="none came"), batch_statistics(made, "recalibrated", []):
        pass
    assert same(before, state(made))


def test_batch_statistics_are_those_of_train_mode():
    made, given = network(dropout=0.0).eval(), images(6)
    with torch.no_grad(), batch_statistics(made, "batch"):
        found = made(given)
    other = copy.deepcopy(made).train()
    assert torch.allclose(found, other(given), atol=1e-6)
    assert not torch.allclose(found, made(given), atol=1e-2)


def test_dropout_stays_out_under_batch_statistics():
    made, given = network(dropout=0.5).eval(), images(6)
    with torch.no_grad(), batch_statistics(made, "batch"):
        assert torch.equal(made(given), made(given))
        assert not made[5].training


def test_running_statistics_are_those_of_training():
    made, given = network().eval(), images(6)
    with torch.no_grad(), batch_statistics(made, "running"):
        assert torch.equal(made(given), made(given).clone())
        within = made(given)
    assert torch.equal(within, made(given))


def test_recalibrated_statistics_are_the_means_over_batches():
    made, given = network(dropout=0.5).eval(), images(20, seed=3)
    first = made[0](given)
    parts = first.split(5)
    mean = torch.stack([one.mean((0, 2, 3)) for one in parts]).mean(0)
    variance = torch.stack([one.var((0, 2, 3)) for one in parts]).mean(0)
    with torch.no_grad(), batch_statistics(made, "recalibrated", given.split(5)):
        torch.testing.assert_close(made[1].running_mean, mean)
        torch.testing.assert_close(made[1].running_var, variance)
        assert [one.training for one in made.modules()] == [False] * len(list(made.modules()))
        one_by_one = torch.cat([made(one[None]) for one in given])
        torch.testing.assert_close(made(given), one_by_one)  # an answer depends on its image alone
    assert not torch.allclose(made[1].running_mean, mean)


def test_a_network_in_train_mode_is_recalibrated_without_its_dropout():
    found = []
    for train in (True, False):
        made = network(dropout=0.5).train(train)
        with batch_statistics(made, "recalibrated", images(20, seed=3).split(5)):
            found.append(made[8].running_mean.clone())
            assert made[5].training == train
    assert torch.equal(*found)


def test_one_batch_of_all_images_recalibrates_to_their_own_statistics_but_for_the_unbiased_variance():
    made, given = nn.BatchNorm2d(3).eval(), images(50)
    with torch.no_grad():
        with batch_statistics(made, "batch"):
            alone = made(given)
        with batch_statistics(made, "recalibrated", [given]):
            torch.testing.assert_close(made(given), alone, rtol=1e-3, atol=1e-3)


def test_answers_under_batch_statistics_depend_on_the_batch():
    made, given = network().eval(), images(8)
    with torch.no_grad(), batch_statistics(made, "batch"):
        assert not torch.allclose(made(given)[:4], made(given[:4]), atol=1e-3)


def test_only_norms_that_keep_statistics_can_be_switched():
    keeping = nn.BatchNorm2d(2)
    assert batch_norms(nn.Sequential(keeping, nn.BatchNorm2d(2, track_running_stats=False))) == [keeping]
    assert batch_norms(lambda one: one) == []
    without = nn.Sequential(nn.Conv2d(3, 2, 1), nn.GroupNorm(1, 2))
    with batch_statistics(without, "running"):
        pass
    for statistics in ("batch", "recalibrated"):
        with pytest.raises(ValueError, match="no batch norm"), batch_statistics(without, statistics, [images(2)]):
            pass


def test_words_and_images_that_do_not_fit_are_refused():
    made = network()
    for statistics, given, error, says in [
        ("train", None, ValueError, "running, batch or recalibrated"),
        ("recalibrated", None, ValueError, "images go with"),
        ("batch", [images(2)], ValueError, "images go with"),
        ("recalibrated", images(2), TypeError, "split"),
    ]:
        with pytest.raises(error, match=says), batch_statistics(made, statistics, given):
            pass


@pytest.mark.parametrize(("count", "sizes"), [(250, {125}), (201, {100, 101}), (99, {99}), (1, {1}), (399, {133})])
def test_images_are_dealt_into_batches_of_one_size(count, sizes):
    deal = dealt(count, 100, torch.Generator().manual_seed(0))
    assert {len(one) for one in deal} == sizes
    assert sorted(torch.cat(deal).tolist()) == list(range(count))
    again = dealt(count, 100, torch.Generator().manual_seed(0))
    assert all(torch.equal(one, other) for one, other in zip(deal, again, strict=True))
