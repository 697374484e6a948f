"""The tracker: it tells what was learned, and the training never knows."""

import copy
import sys
import types

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.training.unseen import bare, unseen

POINTS = torch.arange(32) / 32
SINES = torch.stack([torch.sin(2 * np.pi * POINTS), torch.cos(6 * np.pi * POINTS)], dim=1)
VIEWS = [fs.views.Grid(), fs.views.Projection(frequencies=(1, 2)), fs.views.KernelModes(edges=(0, 4, 32))]


def network(seed=0):
    """One with batch norm and dropout, which would tell a careless watcher."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(1, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Dropout(0.2), nn.Linear(16, 2))


def trained(tracked, steps=30, wrap=lambda one: one, **options):
    """A network after some steps, with whoever watches it."""
    torch.manual_seed(1)
    learner = network()
    called = wrap(learner)
    optimiser = torch.optim.Adam(learner.parameters(), 1e-2)
    tracker = fs.SpectralTracker(called, POINTS[:, None], SINES, VIEWS, **options) if tracked else None
    learner.train()
    torch.manual_seed(2)
    for step in range(steps):
        if tracker is not None:
            tracker.step(step)
        loss = (called(POINTS[:, None]) - SINES).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return learner, tracker


def same(first, second):
    held = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in held)


def test_training_is_the_same_bit_for_bit_with_a_tracker():
    watched, tracker = trained(True, schedule=1)
    alone, _ = trained(False)
    assert same(watched, alone)
    assert tracker.steps == list(range(30))
    assert not same(alone, network()), "nothing was learned"


def test_it_leaves_no_hook_no_gradient_and_every_mode():
    watched, _ = trained(True)
    for module in watched.modules():
        assert module.training
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
    fresh = network().train()
    fresh[3].eval()
    fs.SpectralTracker(fresh, POINTS, SINES, VIEWS).step(0)
    assert [one.training for one in fresh] == [True, True, True, False, True]
    assert all(one.grad is None for one in fresh.parameters())


def test_buffers_and_chance_come_back_after_an_error_too():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("asked", torch.zeros(()))
            self.line = nn.Linear(1, 2)

        def forward(self, points):
            self.asked += torch.rand(())
            return self.line(points)

    counting = Counting().train()
    state = torch.get_rng_state()

    def failing():
        with unseen(counting):
            counting(POINTS[:, None])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert float(counting.asked) == 0
    assert counting.training
    assert torch.equal(torch.get_rng_state(), state)


def test_a_compiled_network_is_asked_itself():
    compiled = torch.compile(network(), backend="eager")
    assert bare(compiled) is compiled._orig_mod
    watched, _ = trained(True, wrap=lambda one: torch.compile(one, backend="eager"))
    alone, _ = trained(False, wrap=lambda one: torch.compile(one, backend="eager"))
    assert same(watched, alone)


def test_the_error_is_the_complex_difference_over_the_target():
    learner, tracker = trained(True, schedule=5)
    tracker.measure(30)
    learner.eval()
    with torch.no_grad():
        answers = learner(POINTS[:, None]).numpy().astype(float)
    found, wanted = (np.fft.rfft(one, axis=0) / 32 for one in (answers, SINES.numpy().astype(float)))
    error = np.linalg.norm(found - wanted, axis=1)[[1, 3]] / np.linalg.norm(wanted, axis=1)[[1, 3]]
    result = tracker.result()
    np.testing.assert_allclose(result["grid_error"].isel(step=-1).sel(grid_frequency=[1, 3]), error, rtol=1e-6)
    assert np.isnan(result["grid_error"].sel(grid_frequency=2)).all(), "there is no target at 2"
    kept = result["grid_coefficients"].isel(step=-1).values
    np.testing.assert_allclose(kept[..., 0] + 1j * kept[..., 1], found, atol=1e-6)


def test_a_flipped_sign_is_an_error_of_two():
    class Flipped(nn.Module):
        def __init__(self):
            super().__init__()
            self.none = nn.Parameter(torch.zeros(()))

        def forward(self, points):
            return -torch.sin(2 * np.pi * points) + self.none

    tracker = fs.SpectralTracker(Flipped(), POINTS, torch.sin(2 * np.pi * POINTS), [fs.views.Grid((1,))])
    tracker.step(0)
    assert float(tracker.result()["grid_error"][0, 0]) == pytest.approx(2, abs=1e-5)


def test_the_log_schedule_is_dense_at_first_and_twenty_a_decade_later():
    tracker = fs.SpectralTracker(network(), POINTS, SINES, VIEWS[:1])
    for step in range(2001):
        tracker.step(step)
    assert tracker.steps[:11] == list(range(11))
    assert 18 <= sum(100 <= one < 1000 for one in tracker.steps) <= 20
    every = fs.SpectralTracker(network(), POINTS, SINES, VIEWS[:1], schedule=50)
    for step in range(0, 201, 10):
        every.step(step)
    assert every.steps == [0, 50, 100, 150, 200]


def test_a_step_asked_twice_is_measured_once_and_steps_ascend():
    tracker = fs.SpectralTracker(network(), POINTS, SINES, VIEWS[:1])
    assert tracker.step(3)
    assert not tracker.step(3)
    assert not tracker.step(2)
    tracker.measure(3)
    assert tracker.steps == [3]
    with pytest.raises(ValueError, match="ascend"):
        tracker.measure(1)
    with pytest.raises(ValueError, match="from 0"):
        tracker.step(-1)


def test_labels_become_one_hot_rows_against_softmaxed_answers():
    class Sure(nn.Module):
        def __init__(self):
            super().__init__()
            self.none = nn.Parameter(torch.zeros(()))

        def forward(self, points):
            return 40 * (nn.functional.one_hot((points[:, 0] * 4).long(), 4) - 0.5) + self.none

    many = torch.arange(400) / 400
    labels = (many * 4).long()
    tracker = fs.SpectralTracker(Sure(), many, labels, [fs.views.Projection(frequencies=(1, 2, 3))])
    tracker.step(0)
    assert tracker.result()["projection_usable"].values.tolist() == [True, True, True]
    assert float(tracker.result()["projection_error"].max()) < 1e-6
    raw = fs.SpectralTracker(Sure(), many, labels, [fs.views.Projection(frequencies=(1,))], outputs="raw")
    raw.step(0)
    assert float(raw.result()["projection_error"][0, 0]) > 1


def test_two_views_of_one_kind_keep_their_own_axes(tmp_path):
    several = [fs.views.Projection(frequencies=(1, 2)), fs.views.Projection(frequencies=(1, 2, 3), name="again")]
    tracker = fs.SpectralTracker(network(), POINTS, SINES, several)
    tracker.step(0)
    result = tracker.result()
    assert result["projection_error"].shape == (1, 2)
    assert result["again_error"].shape == (1, 3)
    result.save(tmp_path / "views.nc")
    again = fs.load(tmp_path / "views.nc")
    np.testing.assert_array_equal(again["again_error"], result["again_error"])


def test_a_checkpoint_carries_what_was_measured(tmp_path):
    _, tracker = trained(True)
    torch.save(tracker.state_dict(), tmp_path / "state.pt")
    other = fs.SpectralTracker(network(), POINTS, SINES, VIEWS)
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    np.testing.assert_array_equal(other.result()["kernel_error"], tracker.result()["kernel_error"])
    with pytest.raises(ValueError, match="views are grid"):
        fs.SpectralTracker(network(), POINTS, SINES, VIEWS[:1]).load_state_dict(tracker.state_dict())


def test_a_writer_is_given_usable_bands_alone():
    told = []

    class Writer:
        def add_scalar(self, tag, value, step):
            told.append((tag, value, step))

    tracker = fs.SpectralTracker(network(), POINTS, SINES, VIEWS[:1], writer=Writer())
    tracker.step(7)
    assert [tag for tag, _, _ in told] == ["fourierscope/grid/frequency 1", "fourierscope/grid/frequency 3"]
    assert {step for _, _, step in told} == {7}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"network": lambda points: points}, "torch module"),
        ({"points": POINTS.numpy()}, "tensors"),
        ({"values": SINES[:5]}, "one value"),
        ({"values": SINES[:, :1]}, "2 outputs"),
        ({"values": torch.full((32,), 5)}, "from 0 to 1"),
        ({"views": []}, "one view or more"),
        ({"views": [fs.views.Grid(), fs.views.Grid()]}, "different names"),
        ({"views": fs.views.Grid()}, "list"),
        ({"schedule": 0}, "from 1 on"),
        ({"outputs": "logits"}, "auto, raw or softmax"),
        ({"threshold": 0}, "above 0"),
    ],
)
def test_what_does_not_fit_is_told_at_the_door(change, says):
    given = {"network": network(), "points": POINTS, "values": SINES, "views": VIEWS} | change
    with pytest.raises((TypeError, ValueError), match=says):
        fs.SpectralTracker(**given)


def test_nothing_measured_has_no_result_and_answers_are_finite():
    broken = network()
    tracker = fs.SpectralTracker(broken, POINTS, SINES, VIEWS)
    with pytest.raises(ValueError, match="Nothing was measured"):
        tracker.result()
    with torch.no_grad():
        broken[0].weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="step 4: the training diverged"):
        tracker.step(4)


def test_copies_of_a_network_are_not_asked_in_its_place():
    learner = network()
    tracker = fs.SpectralTracker(learner, POINTS, SINES, VIEWS[:1])
    tracker.step(0)
    with torch.no_grad():
        copy.deepcopy(learner)[4].weight.zero_()
        learner[4].weight.mul_(3)
    tracker.step(1)
    first, second = tracker.result()["grid_error"].sel(grid_frequency=1).values
    assert first != second


def test_the_live_picture_stays_in_one_place(monkeypatch):
    class Display:
        updates = 0

        def update(self, figure):
            assert figure._repr_png_().startswith(b"\x89PNG")
            Display.updates += 1

    made = []

    def display(figure, display_id):
        made.append(figure)
        return Display()

    stand_in = types.ModuleType("IPython.display")
    stand_in.display = display
    around = types.ModuleType("IPython")
    around.version_info, around.get_ipython = (9, 0, 0), lambda: None  # which matplotlib asks
    monkeypatch.setitem(sys.modules, "IPython", around)
    monkeypatch.setitem(sys.modules, "IPython.display", stand_in)
    tracker = fs.SpectralTracker(network(), POINTS, SINES, VIEWS[:1], live=True)
    for step in range(5):
        tracker.step(step)
    assert len(made) == 1
    assert Display.updates == 2
