"""A classifier that answers faster: its steps change no answer but by rounding, and nothing of the network."""

import copy

import cloudpickle
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.results import wilson
from fourierscope.subjects.prepared import Plan, choosing, compiling, prepared, remembered_plan
from fourierscope.subjects.prepared.folding import fold


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def settled(network, seed=0):
    """The network in eval mode, with weights and statistics drawn by a seed: batch norm does something."""
    chance = torch.Generator().manual_seed(seed)
    for part in network.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.copy_(torch.randn(part.num_features, generator=chance) * 0.3)
            part.running_var.copy_(torch.rand(part.num_features, generator=chance) + 0.5)
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(torch.randn(values.shape, generator=chance) * 0.4)
    return network.eval()


class Branches(nn.Module):
    """Its forward pass depends on the images: nobody can trace it; one of its parts can be."""

    def __init__(self):
        super().__init__()
        self.part = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(inplace=True))
        self.head = nn.Linear(5, 4)

    def forward(self, images):
        seen = self.part(images * 2 if float(images.mean()) > 0.5 else images)
        return {"logits": self.head(seen.mean((2, 3)))}


class Shared(nn.Module):
    """One convolution with two batch norms behind it: neither can be folded."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.one, self.two, self.head = nn.BatchNorm2d(3), nn.BatchNorm2d(3), nn.Linear(3, 4)

    def forward(self, images):
        return self.head((self.one(self.conv(images)) + self.two(self.conv(self.conv(images)))).mean((2, 3)))


def head(channels, classes=4):
    return (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


NETWORKS = {
    "plain": (lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(inplace=True), *head(6)), 1),
    "grouped, no bias": (
        lambda: nn.Sequential(nn.Conv2d(3, 6, 3, groups=3, bias=False), nn.BatchNorm2d(6), *head(6)),
        1,
    ),
    "no affine": (lambda: nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.BatchNorm2d(6, affine=False), *head(6)), 1),
    "large eps": (lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, eps=0.5), *head(6)), 1),
    "behind linear": (lambda: nn.Sequential(*head(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4)), 1),
    "in front": (lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 6, 3), *head(6)), 0),
    "shared": (Shared, 0),
    "branches": (Branches, 1),
}


def logits(outputs):
    return outputs["logits"] if isinstance(outputs, dict) else outputs


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [(9, 8), (7, 13)])
def test_a_folded_network_answers_as_the_network_does(name, size):
    make, norms = NETWORKS[name]
    network, images = settled(make()), uniform(5, 3, *size)
    folded, count = fold(copy.deepcopy(network))
    assert count == norms
    with torch.no_grad():
        torch.testing.assert_close(logits(folded(images.clone())), logits(network(images.clone())), atol=1e-5, rtol=0)


def trial(network, n=24, size=(9, 8), seed=1):
    images = uniform(n, 3, *size, seed=seed)
    return fs.Trial(fs.Classifier(network, "network", mean=0.4, std=0.3), fs.Samples(images, torch.arange(n) % 4))


def state(network):
    modes = [one.training for one in network.modules()]
    return {key: values.clone() for key, values in network.state_dict().items()}, modes


@pytest.fixture
def all_steps(monkeypatch):
    """Every step that applies seems to be worth it, whatever the machine."""
    monkeypatch.setattr(choosing, "_timed", lambda several: {steps: 1.0 / (1 + len(steps)) for steps in several})
    monkeypatch.setattr(choosing, "MOST_FLIPS", 1.0)


def asked(trial, kind):
    """Without compiling, which takes long."""
    return trial.at(kind, size=8)


def test_exact_is_the_trial_itself():
    one = trial(settled(NETWORKS["plain"][0]()))
    assert one.at("exact") is one
    assert one.trace()["classifier"]["precision"] == "float32"


@pytest.mark.parametrize("name", NETWORKS)
def test_faster_answers_are_those_of_the_network_to_rounding_and_the_network_stays_as_it_was(name, all_steps):
    network = settled(NETWORKS[name][0]())
    network.train(name == "plain")
    before, modes = state(network)
    hooks = [len(one._forward_hooks) for one in network.modules()]
    plain = trial(network)
    fast = asked(plain, "auto")
    told = fast.trace()["classifier"]["precision"]
    assert told["steps"][-2:] == ["channels_last", "bfloat16"]
    assert ("folding" in told["steps"]) == (NETWORKS[name][1] > 0)
    assert told["low"] <= told["flip_rate"] <= told["high"]
    images = plain.samples.batch()
    with torch.no_grad():
        found, known = fast.classifier(images), plain.classifier(images)
    assert found.dtype == torch.float32
    assert not torch.equal(found, known)  # bfloat16 did answer
    torch.testing.assert_close(found, known, atol=0.03 * float(known.abs().max()), rtol=0)
    assert all(torch.equal(values, before[key]) for key, values in network.state_dict().items())
    assert [one.training for one in network.modules()] == modes
    assert [len(one._forward_hooks) for one in network.modules()] == hooks


def test_gradients_layers_and_changed_weights_are_those_of_the_network(all_steps):
    network = settled(NETWORKS["plain"][0]())
    plain = trial(network)
    fast, images = asked(plain, "auto"), plain.samples.batch()
    given = images.clone().requires_grad_()
    fast.classifier(given).sum().backward()
    assert float(given.grad.abs().max()) > 0
    question = fs.LayerHeatMap(layers=("0",), stride=4)
    assert question(fast).dataset.identical(question(plain).dataset)
    with torch.no_grad():
        fast.classifier(images)
        network[0].weight.mul_(2)
        assert torch.equal(fast.classifier(images), plain.classifier(images))


def test_what_cannot_be_changed_answers_as_it_is_and_says_why(all_steps):
    hooked = settled(NETWORKS["plain"][0]())
    hooked[0].register_forward_hook(lambda module, given, outputs: outputs + 1)
    half = settled(NETWORKS["plain"][0]()).double()
    for network, reason in (
        (lambda images: images.flatten(1)[:, :4], "function"),
        (hooked, "hooks"),
        (half, "float64"),
    ):
        plain = trial(network)
        fast = asked(plain, "fast")
        told = fast.trace()["classifier"]["precision"]
        assert told["steps"] == []
        assert all(reason in one for one in told["left_out"].values())
        with torch.no_grad():
            assert torch.equal(fast.classifier(plain.samples.batch()), plain.classifier(plain.samples.batch()))


def test_no_compiler_is_recorded(all_steps, monkeypatch):
    monkeypatch.setattr(choosing, "compiler", lambda: None)
    told = asked(trial(settled(NETWORKS["plain"][0]())), "fast").trace()["classifier"]["precision"]
    assert told["left_out"] == {"compilation": "no C++ compiler was found"}


def test_a_store_of_a_machine_with_a_compiler_goes_on_without_one_and_warns(monkeypatch):
    monkeypatch.setattr("fourierscope.subjects.prepared.network.compiler", lambda: None)
    plain = trial(settled(NETWORKS["plain"][0]()))
    classifier = prepared(plain.classifier, Plan("fast", ("folding", "compilation")), (8, 3, 9, 8))
    with torch.no_grad(), pytest.warns(UserWarning, match="Not compiled here: no C\\+\\+ compiler"):
        found = classifier(plain.samples.batch())
    torch.testing.assert_close(found, plain.classifier(plain.samples.batch()).detach(), atol=1e-4, rtol=0)


@pytest.mark.skipif(compiling.compiler() is None, reason="no C++ compiler")
def test_compiled_answers_are_those_of_the_network_for_full_and_smaller_batches():
    plain = trial(settled(NETWORKS["plain"][0]()))
    classifier = prepared(plain.classifier, Plan("fast", ("folding", "channels_last", "compilation")), (8, 3, 9, 8))
    with torch.no_grad():
        for count in (8, 6, 2, 11):
            images = plain.samples.batch(0, count)
            torch.testing.assert_close(classifier(images), plain.classifier(images), atol=1e-4, rtol=0)


@pytest.mark.skipif(compiling.compiler() is None, reason="no C++ compiler")
def test_no_network_goes_uncompiled_because_others_were_before():
    plain = [trial(settled(NETWORKS["plain"][0]())) for _ in range(3)]
    with torch.no_grad(), torch._dynamo.config.patch(recompile_limit=1, fail_on_recompile_limit_hit=True):
        for one, steps in zip(plain, (("compilation",), ("bfloat16", "compilation"), ("compilation",)), strict=True):
            made = prepared(one.classifier, Plan("fast", steps), (8, 3, 9, 8))
            made(one.samples.batch(0, 8))
            assert made.prepared.runs_compiled()


MOMENTS = {
    "none": (None, None),
    "one for all channels": (0.4, 0.3),
    "one each": ((0.1, 0.4, 0.7), (0.2, 0.3, 0.5)),
    "one and three": (0.4, (0.2, 0.3, 0.5)),
}


@pytest.mark.parametrize("compilation", [False, True])
@pytest.mark.parametrize(("mean", "std"), MOMENTS.values(), ids=MOMENTS)
def test_a_copy_normalises_as_the_classifier_does_and_leaves_the_images_alone(mean, std, compilation):
    if compilation and compiling.compiler() is None:
        pytest.skip("no C++ compiler")
    network = nn.Sequential(nn.ReLU(inplace=True), settled(NETWORKS["plain"][0]())).eval()
    plain = fs.Classifier(network, mean=mean, std=std)
    steps = ("folding", "channels_last", "compilation") if compilation else ("folding", "channels_last")
    faster = prepared(plain, Plan("fast", steps), (8, 3, 9, 8))
    images = torch.rand(8, 3, 9, 8, generator=torch.Generator().manual_seed(2))
    kept = images.clone()
    with torch.no_grad():
        known = plain(images)
        torch.testing.assert_close(faster(images), known, atol=1e-4, rtol=0)
        torch.testing.assert_close(faster(images.double()), known, atol=1e-4, rtol=0)
        assert torch.equal(images, kept)
        torch.testing.assert_close(faster(images, spare=True), known, atol=1e-4, rtol=0)


def test_a_copy_refuses_channels_that_moments_do_not_fit():
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 4)).eval()
    plain = fs.Classifier(network, mean=(0.1, 0.2, 0.3), std=1.0)
    with torch.no_grad(), pytest.raises(ValueError, match="Images have 2 channels"):
        prepared(plain, Plan("auto", ("channels_last",)), (8, 2, 9, 8))(torch.rand(8, 2, 9, 8))


def test_bfloat16_that_flips_too_much_is_left_out(all_steps, monkeypatch):
    monkeypatch.setattr(choosing, "MOST_FLIPS", 0.01)
    network = nn.Sequential(nn.Flatten(), nn.Linear(216, 2, bias=False)).eval()
    with torch.no_grad():
        network[1].weight.fill_(1)
        network[1].weight[1] += 1e-4 * torch.randn(216, generator=torch.Generator().manual_seed(0))
    told = asked(trial(network), "auto").trace()["classifier"]["precision"]
    assert "bfloat16" not in told["steps"]
    assert "predictions flip" in told["left_out"]["bfloat16"]


def test_the_fastest_is_taken_and_ties_go_to_the_network_as_it_is(monkeypatch):
    plain = trial(settled(NETWORKS["plain"][0]()))
    monkeypatch.setattr(choosing, "_timed", lambda several: dict.fromkeys(several, 1.0))
    told = asked(plain, "auto").trace()["classifier"]["precision"]
    assert told["steps"] == []
    assert told["left_out"]["bfloat16"] == "no faster here"
    slow = {("folding",): 0.5}
    monkeypatch.setattr(choosing, "_timed", lambda several: {steps: slow.get(steps, 1.0) for steps in several})
    assert asked(plain, "auto").trace()["classifier"]["precision"]["steps"] == ["folding"]


def test_auto_asks_more_of_a_step_than_fast(monkeypatch):
    plain = trial(settled(NETWORKS["plain"][0]()))
    monkeypatch.setattr(choosing, "compiler", lambda: None)
    times = {("folding",): 0.96}
    monkeypatch.setattr(choosing, "_timed", lambda several: {steps: times.get(steps, 1.0) for steps in several})
    assert asked(plain, "auto").trace()["classifier"]["precision"]["steps"] == []
    assert asked(plain, "fast").trace()["classifier"]["precision"]["steps"] == ["folding"]


def test_predictions_are_compared_under_waves_of_the_size_that_is_told():
    grey = fs.Samples(torch.full((5, 3, 9, 8), 0.5), torch.arange(5) % 4)
    plain = fs.Classifier(settled(NETWORKS["plain"][0]()))
    probe = choosing.Probe.of(plain, grey, 8)
    added = probe.images - 0.5
    torch.testing.assert_close(added.pow(2).mean((2, 3)).sqrt(), torch.full((512, 3), 0.1), atol=1e-5, rtol=0)
    assert not torch.equal(added[1:], added[:-1])
    assert len({tuple(one) for one in (added[:, :, 0, 0] * added[:, :1, 0, 0]).sign().tolist()}) >= 4  # of channels
    with torch.no_grad():
        torch.testing.assert_close(probe.logits, plain(probe.images), atol=1e-5, rtol=0)


def test_flips_are_those_of_a_slow_count(all_steps):
    network = nn.Sequential(nn.Flatten(), nn.Linear(216, 2, bias=False)).eval()
    with torch.no_grad():
        network[1].weight.fill_(1)
        network[1].weight[1] += 1e-3 * torch.randn(216, generator=torch.Generator().manual_seed(0))
    plain = trial(network)
    faster = asked(plain, "auto")
    told = faster.trace()["classifier"]["precision"]
    images = choosing.Probe.of(plain.classifier, plain.samples, 8).images
    with torch.no_grad():
        parts = [(faster.classifier(one).argmax(1), plain.classifier(one).argmax(1)) for one in images.split(8)]
    flips = sum(int(first != second) for one in parts for first, second in zip(*one, strict=True))
    assert flips > 0
    assert told["n"] == len(images)
    assert told["flip_rate"] == round(flips / len(images), 6)
    bounds = wilson(flips / len(images), len(images))
    assert (told["low"], told["high"]) == (round(float(bounds.low), 6), round(float(bounds.high), 6))


def test_a_plan_is_remembered_as_it_was_and_another_kind_is_not(all_steps, monkeypatch):
    plain = trial(settled(NETWORKS["plain"][0]()))
    told = asked(plain, "auto").trace()["classifier"]["precision"]
    monkeypatch.setattr(choosing, "_timed", lambda several: pytest.fail("timed again"))
    again = plain.at("auto", 8, told)
    assert again.trace()["classifier"]["precision"] == told
    for broken in (None, "exact", {}, {**told, "steps": ["magic"]}, {**told, "steps": 3}, {**told, "left_out": None}):
        assert remembered_plan(broken, "auto") is None
    assert remembered_plan(told, "fast") is None


def test_a_prepared_classifier_travels_as_its_network_and_plan(all_steps):
    fast = asked(trial(settled(NETWORKS["plain"][0]())), "auto")
    images = fast.samples.batch()
    with torch.no_grad():
        here = fast.classifier(images)
        there = cloudpickle.loads(cloudpickle.dumps(fast)).classifier(images)
    assert torch.equal(here, there)


def test_doors_say_what_fits():
    plain = trial(settled(NETWORKS["plain"][0]()))
    with pytest.raises(ValueError, match="exact, fast or auto; 'float32' came"):
        plain.at("float32")
    with pytest.raises(ValueError, match="open it in float32"):
        fs.Trial(fs.Classifier(plain.classifier.network, precision="bfloat16"), plain.samples).at("fast")
