"""The search for a mask: what it may spend, what it may never lose, whom it leaves alone, and what a cut is for."""

import numpy as np
import pytest
import torch
from masks_made import asked_of, drawn, logistic, pictures, relu_network
from scipy.optimize import minimize

import fourierscope as fs
from fourierscope.analyses.masks.objective import GroupObjective, ImageObjective
from fourierscope.analyses.masks.search import Shakes, searched
from fourierscope.analyses.masks.solver import Evaluation, Masks, Penalty, Stop, least_masks
from fourierscope.runs.batching import batch_size_of

ALWAYS = Stop(certificate=1e-9, rest=-1)  # neither certified nor at rest
PARTS = {160: 40, 199: 60, 200: 60, 239: 80, 240: 60, 400: 100}  # steps, and how many go before the changes


class Counted:
    """An objective that counts how often each item is evaluated."""

    def __init__(self, objective, items):
        self.objective, self.bins, self.count = objective, objective.bins, torch.zeros(items, dtype=torch.long)

    def hold(self, items):
        self.held = items
        self.objective.hold(items)

    def scale(self):
        return self.objective.scale()

    def evaluate(self, gains):
        self.count[self.held] += 1
        return self.objective.evaluate(gains)


def bent(size=(6, 7), n=5, stop=ALWAYS):
    """An objective of images and a network with kinks, a penalty, where to start, and the shakes of a stop."""
    asked = asked_of(fs.Trial(relu_network(size), pictures(size, n)))
    shakes = Shakes.of(asked.gains, stop.steps, torch.Generator().manual_seed(4))
    return ImageObjective(asked, torch.arange(n)), Penalty(0.3), torch.full((n, *asked.gains), 0.5), shakes


def stopping(steps, certificate=ALWAYS.certificate):
    return Stop(certificate=certificate, rest=-1, steps=steps)


# --- what it may spend and what it may not lose


@pytest.mark.parametrize("steps", [1, 2, 39, 40, 80, 159, *PARTS])
def test_a_mask_takes_no_more_evaluations_than_it_may_and_tells_them(steps):
    objective, penalty, start, shakes = bent(n=3, stop=stopping(steps))
    counted = Counted(objective, 3)
    found = searched(counted, penalty, start, 2, stopping(steps), shakes)
    assert torch.equal(counted.count, found.steps)
    assert (found.steps <= steps).all()
    assert (found.steps[found.certificate > stopping(steps).certificate] == steps).all()  # where nothing ends it before
    assert (found.steps == steps).any()
    assert torch.equal(found.spent, found.certificate > stopping(steps).certificate)  # nothing else ends it here


def test_a_group_takes_no_more_evaluations_than_it_may():
    asked = asked_of(fs.Trial(relu_network((6, 6)), pictures((6, 6), 6)))
    counted = Counted(GroupObjective(asked, [torch.arange(3), torch.arange(3, 6)]), 2)
    shakes = Shakes.of(asked.gains, 200, torch.Generator())
    found = searched(counted, Penalty(0.3), torch.full((2, *asked.gains), 0.5), 64, stopping(200), shakes)
    assert counted.count.tolist() == found.steps.tolist()
    assert int(found.steps.max()) == 200


@pytest.mark.parametrize(("steps", "first"), PARTS.items())
def test_no_mask_ends_above_the_rest_of_its_first_part(steps, first):
    objective, penalty, start, shakes = bent(stop=stopping(steps))
    rest = least_masks(objective, penalty, start, 5, stopping(first))
    found = searched(objective, penalty, start, 5, stopping(steps), shakes)
    assert (found.objective <= rest.objective).all()
    assert (found.objective < rest.objective - 1e-5).any()


def test_a_mask_found_is_what_is_told_of_it():
    objective, penalty, start, shakes = bent(stop=stopping(240))
    found = searched(objective, penalty, start, 3, stopping(240), shakes)
    objective.hold(found.items)
    again = objective.evaluate(found.gains)
    assert found.items.tolist() == list(range(5))
    assert ((found.gains >= 0) & (found.gains <= 1)).all()
    torch.testing.assert_close(found.fidelity, again.values, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(
        found.objective, again.values + penalty.values(found.gains, objective.bins), atol=1e-6, rtol=1e-5
    )
    torch.testing.assert_close(found.slopes, again.slopes + penalty.slopes(found.gains, objective.bins))
    assert torch.equal(found.kept, again.kept)


def test_below_160_steps_a_search_is_plain_descent():
    stop = stopping(159)
    objective, penalty, start, shakes = bent(stop=stop)
    found, plain = searched(objective, penalty, start, 5, stop, shakes), least_masks(objective, penalty, start, 5, stop)
    for name in Masks.__dataclass_fields__:
        assert torch.equal(getattr(found, name), getattr(plain, name))


def test_certified_masks_are_left_alone():
    objective, penalty, start, _ = bent(n=6)
    first = least_masks(objective, penalty, start, 6, stopping(100))
    middle = float(first.certificate.median())
    stop = stopping(400, certificate=middle)  # half of them are certified on their way
    shakes = Shakes.of(start.shape[1:], 400, torch.Generator())
    rest = least_masks(objective, penalty, start, 6, stopping(100, certificate=middle))
    counted = Counted(objective, 6)
    found = searched(counted, penalty, start, 6, stop, shakes)
    certified = rest.certificate <= middle
    assert 0 < int(certified.sum()) < 6
    assert torch.equal(found.gains[certified], rest.gains[certified])
    assert torch.equal(counted.count[certified], rest.steps[certified])
    assert (counted.count[~certified] > 100).all()


# --- shakes


def test_shakes_fill_half_of_the_steps_beside_two_cuts():
    for steps, many in {1: 0, 159: 0, 160: 0, 239: 0, 240: 1, 400: 3, 1000: 10}.items():
        shakes = Shakes.of((2, 5), steps, torch.Generator())
        assert shakes.lit.shape == shakes.staying.shape == (many, 2, 5)
        assert len(shakes.changes()) == many + 2


def masks_with(gains, slopes):
    each = torch.zeros(len(gains))
    return Masks(torch.arange(len(gains)), gains, each, each, each, slopes, each, each.long(), each > 0)


def test_a_shake_takes_some_gains_away_and_lights_the_others_a_little():
    gains, slopes = torch.rand(2, 1, 5000, generator=torch.Generator().manual_seed(1)), torch.zeros(2, 1, 5000)
    shakes = Shakes.of((1, 5000), 240, torch.Generator().manual_seed(2))
    shaken = shakes.changes()[1](masks_with(gains, slopes))
    assert ((shaken >= 0) & (shaken <= 1)).all()
    nothing, all_of_it = (shakes.changes()[1](masks_with(torch.full_like(gains, one), slopes)) for one in (0.0, 1.0))
    assert torch.equal(nothing[0], nothing[1])  # the same for all masks
    assert float(nothing.max()) <= 0.2
    assert float(nothing.mean()) == pytest.approx(0.1, abs=0.01)
    assert set(all_of_it.unique().tolist()) == {0.0, 1.0}
    assert float(all_of_it.mean()) == pytest.approx(0.8, abs=0.02)
    torch.testing.assert_close(shaken, gains * all_of_it + (1 - gains) * nothing)


def test_a_cut_removes_what_the_objective_would_have_lower_and_leaves_the_rest():
    gains = torch.tensor([[[0.3, 0.3, 0.3, 1.0, 0.0]]])
    found = masks_with(gains, torch.tensor([[[0.02, -0.03, 0.0, 0.01, -0.5]]]))
    changes = Shakes.of((1, 5), 400, torch.Generator()).changes()
    for cut in (changes[0], changes[-1]):
        assert cut(found).tolist() == [[[0.0, gains[0, 0, 1].item(), gains[0, 0, 2].item(), 0.0, 0.0]]]
    assert found.gains is gains
    assert gains[0, 0, 0] > 0  # the mask itself is as it was


@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_mask_depends_on_none_that_is_looked_for_with_it(width):
    stop = stopping(240)
    objective, penalty, start, shakes = bent(stop=stop)
    whole = searched(objective, penalty, start, 5, stop, shakes)
    others = searched(objective, penalty, start, width, stop, shakes)
    assert torch.equal(whole.gains, others.gains)
    asked = asked_of(fs.Trial(relu_network((6, 7)), pictures((6, 7), 5)))
    alone = searched(ImageObjective(asked, torch.tensor([3])), penalty, start[:1], width, stop, shakes)
    assert torch.equal(alone.gains[0], whole.gains[3])


def test_masks_are_the_same_however_images_are_cut_into_cells_and_others_for_another_seed(monkeypatch):
    trial = fs.Trial(relu_network((6, 7)), pictures((6, 7), 12))
    question = fs.Mask(sparsity=0.3, steps=240)
    whole = question(trial)
    monkeypatch.setattr("fourierscope.analyses.mask._PIXELS", 1)
    assert len(list(question.cells(trial))) == 2
    np.testing.assert_array_equal(question(trial)["mask"], whole["mask"])
    assert not np.array_equal(fs.Mask(sparsity=0.3, steps=240, seed=1)(trial)["mask"], whole["mask"])


# --- where it ends


class Hinges:
    """A fidelity that rises where one of the first four gains falls below a half, each with another slope; the last two
    it does not hear. The least mask is a half where it hears, 0 elsewhere.
    """

    bins = torch.ones(6, dtype=torch.float64)
    steep = torch.tensor([1000.0, 100, 10, 1])

    def hold(self, items):
        self.rows = len(items)

    def scale(self):
        return torch.ones(self.rows, 1, 6)

    def evaluate(self, gains):
        lack = (0.5 - gains[..., :4]).clamp_min(0)
        slopes = torch.cat([-self.steep * (lack > 0), torch.zeros_like(gains[..., 4:])], -1)
        return Evaluation((self.steep * lack).sum(-1)[:, 0], slopes, torch.ones(self.rows))


def test_a_cut_removes_gains_that_the_network_does_not_hear_where_descent_rests_at_kinks():
    start, penalty, stop = torch.full((1, 1, 6), 0.5), Penalty(0.03), Stop(certificate=1e-3, steps=400)
    plain = least_masks(Hinges(), penalty, start, 1, stop)
    assert (plain.gains[..., 4:] > 0.4).all()  # no step is possible in which those that are heard move too
    found = searched(Hinges(), penalty, start, 1, stop, Shakes.of((1, 6), 400, torch.Generator()))
    assert (found.gains[..., 4:] == 0).all()
    assert float(found.objective) == pytest.approx(0.03 * 4 * 0.5 / 6, rel=0.05)
    assert float(plain.objective) > 0.03 * 5 * 0.5 / 6


@pytest.mark.parametrize("size", [(8, 8), (6, 9), (7, 7)])
def test_a_convex_problem_still_ends_in_its_optimum(size):
    trial = fs.Trial(logistic(size), pictures(size, 4))
    asked = asked_of(trial)
    objective, penalty = ImageObjective(asked, torch.arange(4)), Penalty(0.3)
    stop = Stop(certificate=1e-3, rest=-1, steps=2000)
    shakes = Shakes.of(asked.gains, 200, torch.Generator())
    found = searched(objective, penalty, drawn(4, *asked.gains).sigmoid(), 4, stop, shakes)
    bins = objective.bins.numpy()
    for item in range(4):
        own = ImageObjective(asked, torch.tensor([item]))

        def whole(gains, own=own):
            given = torch.from_numpy(gains).float()[None, None]
            told = own.evaluate(given)
            slopes = (told.slopes + penalty.slopes(given, own.bins))[0, 0].double().numpy() * bins
            return float(told.values[0] + penalty.values(given, own.bins)[0]), slopes

        best = minimize(whole, np.ones(len(bins)), jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(bins),
                        options={"maxiter": 5000, "ftol": 1e-13, "gtol": 1e-9})  # fmt: skip
        assert float(found.objective[item]) == pytest.approx(best.fun, abs=1e-5)


def test_images_at_a_time_do_not_change_a_search():
    trial = fs.Trial(relu_network((6, 6)), pictures((6, 6), 6))
    found = []
    for size in (1, 4, 0):
        with batch_size_of(size):
            found.append(fs.Mask(sparsity=0.3, steps=160).measure(fs.analyses.mask.Block(0, 6), trial)["gains"])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
