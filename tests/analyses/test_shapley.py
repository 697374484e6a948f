"""Shapley values: axioms, known games, and all orders counted one by one."""

from itertools import permutations

import pytest
import torch

from fourierscope.analyses.shapley import all_coalitions, along, exact, orders, sampled


def game(bands, count=3, seed=0):
    """What each coalition is worth in some random games (2^bands, games)."""
    return torch.randn(2**bands, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def place(members):
    """Where a coalition (..., bands) stands among all."""
    return (members.long() << torch.arange(members.shape[-1])).sum(-1)


def counted(worth):
    """The definition: what each band adds to those before it, the mean over all orders."""
    bands = len(worth).bit_length() - 1
    total = torch.zeros(bands, worth.shape[1], dtype=torch.float64)
    every = list(permutations(range(bands)))
    for order in every:
        there = 0
        for band in order:
            total[band] += worth[there | 1 << band] - worth[there]
            there |= 1 << band
    return total / len(every)


@pytest.mark.parametrize("bands", [1, 2, 3, 5])
def test_exact_values_are_the_mean_over_all_orders(bands):
    worth = game(bands)
    torch.testing.assert_close(exact(worth), counted(worth))


@pytest.mark.parametrize("bands", [1, 4, 12])
def test_exact_values_add_up_to_the_whole(bands):
    worth = game(bands)
    torch.testing.assert_close(exact(worth).sum(0), worth[-1] - worth[0])


def test_known_games():
    members = all_coalitions(3).double()
    additive = members @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    majority = (members.sum(1) >= 2).double()
    veto = members[:, 0] * (members[:, 1:].sum(1) > 0)
    found = exact(torch.stack([additive, majority, veto], 1)).T
    expected = [[1, -2, 0.5], [1 / 3] * 3, [2 / 3, 1 / 6, 1 / 6]]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_coalitions_begin_with_none_end_with_all_and_are_all_different():
    members = all_coalitions(5)
    assert not members[0].any()
    assert members[-1].all()
    assert place(members).tolist() == list(range(32))


def test_orders_hold_each_band_once_and_come_with_their_reverse():
    found = orders(7, 6, torch.Generator().manual_seed(0))
    assert (found.sort(-1).values == torch.arange(7)).all()
    assert torch.equal(found[0::2], found[1::2].flip(-1))
    assert not torch.equal(found[0], found[2])


def test_coalitions_along_an_order_take_one_band_more_each():
    found = along(torch.tensor([2, 0, 1]))
    assert found.int().tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1]]
    several = orders(5, 4, torch.Generator().manual_seed(1)).view(2, 2, 5)
    assert along(several).shape == (2, 2, 6, 5)
    assert torch.equal(along(several)[1, 0], along(several[1, 0]))


def test_all_orders_sampled_once_give_the_exact_values():
    worth = game(4, 2)
    half = [order for order in permutations(range(4)) if order < order[::-1]]
    some = torch.tensor([way for order in half for way in (order, order[::-1])]).expand(2, -1, -1)
    along_them = worth.T.gather(1, place(along(some)).flatten(1)).view(2, 24, 5)
    torch.testing.assert_close(sampled(some, along_them).values, exact(worth).T)


def test_sampled_values_add_up_to_the_whole_and_their_error_is_that_of_their_pairs():
    worth = game(6, 1)[:, 0]
    draws = []
    for seed in range(200):
        some = orders(6, 8, torch.Generator().manual_seed(seed))[None]
        found = sampled(some, worth[place(along(some))])
        torch.testing.assert_close(found.values.sum(), worth[-1] - worth[0])
        draws.append(torch.stack([found.values[0], found.errors[0]]))
    values, errors = torch.stack(draws).unbind(1)
    assert (values.mean(0) - exact(worth[:, None])[:, 0]).abs().max() < 4 * values.std() / 200**0.5
    torch.testing.assert_close(errors.square().mean(0).sqrt(), values.std(0), rtol=0.2, atol=0)


def test_an_additive_game_needs_one_order_and_has_no_error():
    some = orders(4, 4, torch.Generator().manual_seed(2))[None]
    worth = along(some).double() @ torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    found = sampled(some, worth)
    torch.testing.assert_close(found.values, torch.tensor([[1.0, 2.0, 3.0, 4.0]], dtype=torch.float64))
    assert found.errors.abs().max() < 1e-12


def test_one_pair_of_orders_tells_no_error():
    some = orders(3, 2, torch.Generator().manual_seed(0))[None]
    assert sampled(some, torch.rand(1, 2, 4)).errors.isnan().all()
