"""Odd networks, asked faster: what is unsound is left out by itself, and nothing is answered for a changed network."""

import copy
import types
from dataclasses import dataclass

import pytest
import torch
import xarray as xr
from torch import nn

import fourierscope as fs
from fourierscope.runs.batching import Part
from fourierscope.subjects.prepared import Plan, choosing, compiling, looked_at_once, prepared
from fourierscope.treatments.batch_statistics import batch_statistics


@pytest.fixture
def all_steps(monkeypatch):
    """Every step that applies seems to be worth it, whatever the machine."""
    monkeypatch.setattr(choosing, "_timed", lambda several: {steps: 1.0 / (1 + len(steps)) for steps in several})
    monkeypatch.setattr(choosing, "MOST_FLIPS", 1.0)


class Around(nn.Module):
    """Parts under a forward pass of one's own."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.asked = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, images):
        return self.asked(self, images)


def plain():
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)
    )
    chance = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(torch.randn(values.shape, generator=chance))
        network[1].running_mean.copy_(torch.randn(6, generator=chance))
    return network.eval()


def trial(network):
    images = torch.rand(24, 3, 9, 8, generator=torch.Generator().manual_seed(1))
    return fs.Trial(fs.Classifier(network, "network"), fs.Samples(images, torch.arange(24) % 4))


def chosen(faster):
    return faster.trace()["classifier"]["precision"]


def test_a_network_that_cannot_be_folded_loses_that_step_alone(all_steps):
    def forward(self, images):
        if float(images.mean()) > 9:  # nobody can trace this
            return None
        return self.head((self.part[0](images) + self.part(images)).mean((2, 3)))

    part = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3))
    told = chosen(trial(Around(forward, part=part, head=nn.Linear(3, 4)).eval()).at("auto", 8))
    assert told["steps"] == ["channels_last", "bfloat16"]
    assert "subscriptable" in told["left_out"]["folding"]


def test_bfloat16_hides_no_step_that_is_unsound(all_steps):
    def forward(self, images):
        return self.n(images) if isinstance(images, torch.Tensor) else 0.9 * self.n(images)  # a trace sees no tensor

    network = Around(forward, n=plain()).eval()
    one = trial(network)
    faster = one.at("auto", 8)
    assert chosen(faster)["steps"] == ["channels_last", "bfloat16"]
    assert chosen(faster)["left_out"]["folding"] == "answers would differ by more than rounding"


@pytest.mark.parametrize("where", ["the network", "a part"])
def test_a_forward_pass_put_upon_an_object_is_asked_as_it_is_and_changes_nothing(all_steps, where):
    network = plain().train()
    parts = list(network)

    def forward(images):
        for part in parts:
            images = part(images)
        return images

    network.forward = forward
    network = network if where == "the network" else nn.Sequential(network)
    before = copy.deepcopy(network.state_dict())
    faster = trial(network).at("auto", 8)
    with torch.no_grad(), pytest.warns(UserWarning, match="train mode"):
        faster.classifier(faster.samples.batch())
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())
    assert "forward pass" in chosen(trial(network.eval()).at("auto", 8))["left_out"]["bfloat16"]


def test_choosing_moves_no_random_state(all_steps):
    def forward(self, images):
        return self.n(images) + 1e-9 * torch.randn(len(images), 4)

    one = trial(Around(forward, n=plain()).eval())
    before = torch.get_rng_state()
    one.at("auto", 8)
    assert torch.equal(torch.get_rng_state(), before)


CHANGES = {
    "a weight, through .data": lambda network: network.n[0].weight.data.mul_(2),
    "a weight's data replaced": lambda network: setattr(network.n[5].weight, "data", network.n[5].weight.data * 2),
    "a buffer": lambda network: network.n[1].running_mean.add_(1),
    "a number": lambda network: setattr(network, "gain", 3.0),
    "a tensor that is no buffer": lambda network: network.offset.add_(1),
    "a part": lambda network: network.n.__setitem__(2, nn.Tanh()),
    "all attributes of a part": lambda network: setattr(network.n[0], "__dict__", nn.Conv2d(3, 6, 3).__dict__),
    "a pair of numbers": lambda network: setattr(network.n[0], "stride", (2, 2)),
    "a forward pass": lambda network: setattr(network.n[2], "forward", torch.tanh),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_network_answers_itself(what):
    def forward(self, images):
        return self.gain * self.n(images) + self.offset

    network = Around(forward, n=plain(), gain=1.0).eval()
    network.offset = torch.zeros(4)
    one = trial(network)
    faster = prepared(one.classifier, Plan("auto", ("bfloat16",)), (8, 3, 9, 8))
    images = one.samples.batch()
    with torch.no_grad():
        before = one.classifier(images)
        assert not torch.equal(faster(images), before)  # bfloat16 answers
        CHANGES[what](network)
        after = one.classifier(images)
        assert not torch.equal(after, before)
        assert torch.equal(faster(images), after)


@pytest.mark.parametrize("what", ["a buffer", "a tensor that is no buffer", "hook"])
def test_where_networks_are_looked_at_once_hooks_and_written_tensors_are_noticed_still(what):
    network = Around(lambda self, images: self.n(images) + self.offset, n=plain()).eval()
    network.offset = torch.zeros(4)
    change = CHANGES.get(what, lambda network: network.n.register_forward_hook(lambda *given: given[2] * 2))
    one = trial(network)
    faster = prepared(one.classifier, Plan("auto", ("bfloat16",)), (8, 3, 9, 8))
    with torch.no_grad(), looked_at_once():
        before = one.classifier(one.samples.batch())
        assert not torch.equal(faster(one.samples.batch()), before)
        change(network)
        assert torch.equal(faster(one.samples.batch()), one.classifier(one.samples.batch()))


def test_where_networks_are_looked_at_once_each_time_is_a_new_look():
    network = Around(lambda self, images: self.gain * self.n(images), n=plain(), gain=1.0).eval()
    one = trial(network)
    faster = prepared(one.classifier, Plan("auto", ("bfloat16",)), (8, 3, 9, 8))
    with torch.no_grad():
        with looked_at_once():
            before = faster(one.samples.batch())
        network.gain = 3.0
        with looked_at_once():
            after = faster(one.samples.batch())
        assert torch.equal(after, one.classifier(one.samples.batch()))
        assert not torch.equal(after, before)
        with looked_at_once():
            network.gain = 1.0  # what it was when it was copied
            assert torch.equal(faster(one.samples.batch()), before)


def test_an_analysis_that_alters_the_network_between_two_questions_hears_it_each_time():
    @dataclass(frozen=True)
    class Twice(fs.runs.Analysis):
        def cells(self, trial):
            return [Part(0, len(trial.samples))]

        def measure(self, cell, trial):
            images = trial.samples.batch()
            with torch.no_grad():
                first = trial.classifier(images)
                with batch_statistics(trial.classifier.network, "batch"):
                    return {"moved": (trial.classifier(images) - first).numpy()}

        def assemble(self, measured, trial):
            return {"moved": xr.DataArray(next(iter(measured.values()))["moved"], dims=("image", "class"))}

    one = trial(plain())
    faster = fs.Trial(prepared(one.classifier, Plan("auto", ("channels_last",)), (24, 3, 9, 8)), one.samples)
    moved, known = (fs.run(Twice(), subject).dataset["moved"].values for subject in (faster, one))
    torch.testing.assert_close(torch.tensor(moved), torch.tensor(known), atol=1e-4, rtol=0)
    assert abs(known).max() > 0.1


@pytest.mark.parametrize(
    "nothing",
    [
        lambda network: setattr(network, "gain", float("1.5")),  # the same number, as another object
        lambda network: network.train().eval(),
        lambda network: network.train(),
    ],
)
def test_a_network_that_stays_what_it_was_is_still_answered_for(nothing):
    network = Around(lambda self, images: self.gain * self.n(images), n=plain(), gain=float("1.5")).eval()
    one = trial(network)
    faster = prepared(one.classifier, Plan("auto", ("bfloat16",)), (8, 3, 9, 8))
    with torch.no_grad():
        before = faster(one.samples.batch())
        nothing(network)
        assert torch.equal(faster(one.samples.batch()), before)
        assert not torch.equal(one.classifier(one.samples.batch()), before)


def test_hooks_that_listen_are_heard_after_a_plan_that_was_remembered():
    network, heard = plain(), []
    one = trial(network)
    told = Plan("auto", ("folding",)).trace()
    network[1].register_forward_hook(lambda *_: heard.append(1))
    faster = one.at("auto", 8, told)
    with torch.no_grad():
        faster.classifier(one.samples.batch())
    assert heard == [1]


def test_no_copy_is_made_of_a_network_while_hooks_listen():
    network, heard = plain(), []
    faster = prepared(fs.Classifier(network), Plan("auto", ("channels_last",)), (8, 3, 9, 8))
    hook = network[0].register_forward_hook(lambda *given: heard.append(1))
    images = trial(network).samples.batch()
    with torch.no_grad():
        faster(images)
        assert len(heard) == 1
        hook.remove()
        faster(images)
    assert len(heard) == 1  # a copy made before would have had the hook


def test_normalisation_put_upon_a_classifier_is_used():
    classifier = fs.Classifier(plain(), mean=0.5, std=0.5)
    classifier.normalised = lambda images, spare=False: 1 - images
    images = trial(plain()).samples.batch()
    with torch.no_grad():
        known = classifier(images)
        faster = prepared(classifier, Plan("auto", ("channels_last",)), (8, 3, 9, 8))
        torch.testing.assert_close(faster(images), known, atol=1e-5, rtol=0)


def test_another_network_in_a_prepared_classifier_answers():
    one = trial(plain())
    faster = prepared(one.classifier, Plan("auto", ("bfloat16",)), (8, 3, 9, 8))
    faster.network = nn.Sequential(nn.Flatten(), nn.Linear(216, 4))
    images = one.samples.batch()
    with torch.no_grad():
        assert torch.equal(faster(images), faster.network(images.flatten(1)))


@pytest.mark.skipif(compiling.compiler() is None, reason="no C++ compiler")
@pytest.mark.parametrize("kind", ["a number beside the logits", "an object"])
def test_compiled_code_serves_no_smaller_batch_where_outputs_are_not_rows(kind):
    def forward(self, images):
        logits = self.n(images)
        told = {"logits": logits, "loss": logits.sum()}
        return told if kind == "a number beside the logits" else types.SimpleNamespace(**told)

    one = trial(Around(forward, n=plain()).eval())
    faster = prepared(one.classifier, Plan("fast", ("compilation",)), (8, 3, 9, 8))
    with torch.no_grad():
        for count in (8, 6):
            images = one.samples.batch(0, count)
            torch.testing.assert_close(faster(images), one.classifier(images), atol=1e-4, rtol=0)


def test_a_network_whose_answers_depend_on_the_batch_is_not_compiled(all_steps, monkeypatch):
    monkeypatch.setattr(choosing, "compiler", lambda: "a compiler")
    network = nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), nn.Flatten(), nn.Linear(216, 4))
    told = chosen(trial(network.eval()).at("fast", 8))
    assert told["left_out"]["compilation"] == "an answer depends on the other images of its batch"


class Twice(fs.Classifier):
    """Answers in its own way, from images alone."""

    def __call__(self, images):
        return 2 * super().__call__(images)


class Inverted(fs.Classifier):
    """Sees the negatives."""

    def normalised(self, images):
        return 1 - images


@pytest.mark.parametrize("kind", [Twice, Inverted])
@pytest.mark.parametrize("precision", ["exact", "auto"])
def test_a_class_of_ones_own_that_takes_images_alone_is_asked_so(all_steps, kind, precision):
    samples = trial(plain()).samples
    question = fs.HeatMap(norm=1.0, stride=4, score="margin")
    found = fs.run(question, fs.Trial(kind(plain()), samples), precision=precision).dataset["margin"]
    network = plain()
    ways = {Twice: lambda images: 2 * network(images), Inverted: lambda images: network(1 - images)}
    known = question(fs.Trial(fs.Classifier(ways[kind]), samples)).dataset["margin"]
    torch.testing.assert_close(
        torch.tensor(found.values), torch.tensor(known.values), atol=1e-4 if precision == "exact" else 0.2, rtol=0
    )
