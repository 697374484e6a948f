"""The view on components: accuracies counted one by one, under every switch, in a loop that never knows."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.treatments.batch_statistics import batch_statistics
from fourierscope.treatments.components import components


def learner(seed=0, normed=True):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        norm = nn.BatchNorm2d(4) if normed else nn.Identity()
        return nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU(), nn.Flatten(), nn.Linear(4 * 30, 4))


def points(count=30, seed=1):
    images = torch.randn(count, 3, 8, 7, generator=torch.Generator().manual_seed(seed))
    return images, torch.arange(count) % 4


def held_out(count=20):
    images = torch.rand(count, 3, 8, 7, generator=torch.Generator().manual_seed(2))
    return fs.Samples(images, torch.arange(count) % 4)


@pytest.mark.parametrize("bn_stats", ["running", "batch", "recalibrated"])
@pytest.mark.parametrize("how", [("none", "below", "hard"), ("std", "within", "hard"), ("max", "below", "soft")])
def test_accuracies_are_those_counted_by_hand(bn_stats, how):
    rescale, edge, mask = how
    made, (images, labels) = learner().eval(), points()
    view = fs.views.Components((2, 3), rescale, bn_stats, edge, mask, held_out(), mean=(0.5,), std=(0.25,))
    found = view.ready(images, labels).measure(made)
    normalised = (held_out().batch() - 0.5) / 0.25
    for place, (given, wanted) in enumerate([(images, labels), (normalised, held_out().labels)]):
        parts = {"whole": given} | {
            (kept, radius): components(given, radius, kept, edge, mask, rescale)
            for kept in ("low", "high")
            for radius in (2, 3)
        }
        for which, part in parts.items():
            with torch.no_grad(), batch_statistics(made, bn_stats, [part] if bn_stats == "recalibrated" else None):
                right = float((made(part).argmax(1) == wanted).float().mean())  # below 100 images: one batch
            turn = None if which == "whole" else (place, ("low", "high").index(which[0]), (2, 3).index(which[1]))
            assert (found["whole"][place] if turn is None else found["accuracy"][turn]) == pytest.approx(right)


def watched(schedule, view, steps=6):
    made, (images, labels) = learner(), points()
    tracker = fs.SpectralTracker(made, images, labels, [view], schedule=schedule)
    optimiser = torch.optim.SGD(made.parameters(), 0.1)
    for step in range(steps):
        tracker.step(step)
        optimiser.zero_grad()
        nn.functional.cross_entropy(made(images), labels).backward()
        optimiser.step()
    tracker.step(steps)
    return made, tracker


@pytest.mark.parametrize("bn_stats", ["running", "batch", "recalibrated"])
def test_a_tracker_shows_it_from_step_to_step_and_the_training_stays_the_same(bn_stats):
    view = fs.views.Components((2, 3), bn_stats=bn_stats, tested=held_out())
    made, tracker = watched(1, view)
    alone, _ = watched(1000, view)
    for one, other in zip(made.state_dict().values(), alone.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    found = tracker.result()
    accuracy = found["components_accuracy"]
    assert accuracy.dims == ("step", "components_split", "components_kept", "components_radius")
    assert accuracy.step.values.tolist() == list(range(7))
    assert f"batch norm: {bn_stats} statistics" in accuracy.attrs["says"]
    assert "rescaling: none" in accuracy.attrs["says"]
    curve = found["components_high_test"].sel(components_part="radius 3")
    picked = accuracy.sel(components_split="test", components_kept="high", components_radius=3)
    np.testing.assert_allclose(curve.values, picked.values)
    np.testing.assert_allclose(curve["components_high_test_low"], picked["components_accuracy_low"])
    whole = found["components_whole_accuracy"].sel(components_split="train")
    np.testing.assert_allclose(found["components_low_train"].sel(components_part="whole image"), whole.values)
    assert float(whole[-1]) > float(whole[0])


def test_the_bounds_of_each_split_have_its_own_count():
    view = fs.views.Components((2,), tested=held_out(5)).ready(*points(100))
    found = view.assemble(np.array([0]), [view.measure(lambda images: torch.eye(4)[torch.zeros(len(images)).long()])])
    width = found["components_accuracy_high"] - found["components_accuracy_low"]
    assert float(width.sel(components_split="test").mean()) > 2 * float(width.sel(components_split="train").mean())


def test_its_result_can_be_saved_drawn_and_reported(tmp_path):
    _, tracker = watched(1, fs.views.Components((2, 3), tested=held_out(), name="pieces"), steps=3)
    path = tracker.result().save(tmp_path / "a.nc")
    again = fs.load(path)
    fs.draw(again["pieces_high_train"])
    assert "rescaling: none" in fs.report([again], tmp_path / "page.html").read_text()


def test_without_tests_there_is_one_split():
    found = fs.views.Components((2,)).ready(*points()).measure(learner().eval())
    assert found["accuracy"].shape == (1, 2, 1)


def test_what_does_not_fit_is_refused():
    images, labels = points()
    for view, given, wanted, says in [
        (fs.views.Components(), images.flatten(1), labels, "n, c, h, w"),
        (fs.views.Components(), images, torch.randn(30, 2), "whole labels"),
        (fs.views.Components(()), images, labels, "radii"),
        (fs.views.Components(rescale="255"), images, labels, "rescale is"),
        (fs.views.Components(bn_stats="train"), images, labels, "bn_stats is"),
        (fs.views.Components(tested=held_out(), mean=(0.5, 0.5), std=(1.0, 1.0)), images, labels, "mean and std"),
        (fs.views.Components(tested=fs.Samples(held_out().images)), images, labels, "no labels"),
    ]:
        with pytest.raises(ValueError, match=says):
            view.ready(given, wanted)
    for network in (learner(normed=False).eval(), lambda given: given.flatten(1)):
        with pytest.raises(ValueError, match="changes nothing"):
            fs.views.Components((2,), bn_stats="batch").ready(images, labels).measure(network)
