"""Training: it learns, it leaves everything else alone, and it survives a kill bit for bit."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import torch
from safetensors import safe_open
from torch import nn

from fourierscope.runs import StoreError
from fourierscope.subjects import Classifier, Samples
from fourierscope.training import Affine, Crops, Flips, GaussianNoise, Recipe, loop, train
from fourierscope.treatments import LinfPGD

RECIPE = Recipe(epochs=3, batch=16, learning_rate=0.05)


def some_samples(count=50, labels=True):
    """Dark images on the left, bright ones on the right: two classes."""
    generator = torch.Generator().manual_seed(1)
    label = torch.arange(count) % 2
    images = torch.rand(count, 2, 6, 5, generator=generator) * 0.5 + 0.5 * label[:, None, None, None]
    return Samples(images, label if labels else None, "halves")


def a_network(classes=2, dropout=0.3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        convolution = [nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(dropout)]
        return nn.Sequential(*convolution, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes))


def a_classifier(**options):
    return Classifier(a_network(**options), "small", mean=(0.5, 0.4), std=(0.2, 0.3))


def same_weights(first, second):
    pairs = zip(first.network.state_dict().values(), second.network.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_training_learns_what_the_labels_say():
    samples = some_samples(100)
    trained = train(a_classifier(dropout=0.0), samples, Recipe(epochs=12, batch=10))
    right = trained(samples.batch()).argmax(1) == samples.needed_labels()
    assert float(right.float().mean()) > 0.95
    assert not any(module.training for module in trained.network.modules())
    assert (trained.mean, trained.std, trained.name) == ((0.5, 0.4), (0.2, 0.3), "small")


def test_training_changes_nothing_that_was_given():
    classifier, samples = a_classifier(), some_samples()
    before, state = {name: one.clone() for name, one in classifier.network.state_dict().items()}, samples.digest
    trained = train(classifier, samples, RECIPE)
    assert all(torch.equal(one, before[name]) for name, one in classifier.network.state_dict().items())
    assert classifier.network.training
    assert Samples(samples.images, samples.labels).digest == state
    assert not same_weights(trained, classifier)


def test_training_neither_reads_nor_changes_the_global_random_state():
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first = train(a_classifier(), some_samples(), RECIPE)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(6)
    assert same_weights(first, train(a_classifier(), some_samples(), RECIPE))


def test_another_seed_gives_other_weights():
    first, second = (train(a_classifier(), some_samples(), RECIPE, seed=seed) for seed in (0, 1))
    assert not same_weights(first, second)


def test_every_epoch_sees_every_image_once_in_another_order():
    seen = []

    def watched(classifier, images, labels, generator):
        seen.append(images.flatten(1).sum(1))
        return images

    train(a_classifier(), some_samples(50), Recipe(watched, epochs=2, batch=16))
    assert [len(one) for one in seen] == [13, 13, 12, 12] * 2  # no batch is tiny
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert not torch.equal(first, second)
    torch.testing.assert_close(first.sort().values, second.sort().values)


@pytest.mark.parametrize("perturbation", [GaussianNoise(), LinfPGD(steps=2)])
def test_every_image_is_perturbed_before_it_is_learned(perturbation):
    plain = train(a_classifier(), some_samples(), Recipe(epochs=1))
    assert not same_weights(plain, train(a_classifier(), some_samples(), Recipe(perturbation, epochs=1)))


def test_a_step_is_that_of_stochastic_gradient_descent_written_out():
    """One epoch of one batch: w - rate (1 + momentum) (gradient + decay w), Nesterov from rest."""
    samples, classifier = some_samples(20), a_classifier(dropout=0.0)
    recipe_twice = Recipe(epochs=2, batch=20, warmup=0.0, augmentations=(), weight_decay=0.1, momentum=0.5)
    assert recipe_twice.rate(1.0) == pytest.approx(0)  # the second step changes nothing
    network = a_network(dropout=0.0)
    images = (samples.batch() - torch.tensor([0.5, 0.4]).view(-1, 1, 1)) / torch.tensor([0.2, 0.3]).view(-1, 1, 1)
    nn.functional.cross_entropy(network(images), samples.needed_labels()).backward()
    rate = recipe_twice.rate(0.5)
    for one, trained in zip(
        network.parameters(), train(classifier, samples, recipe_twice).network.parameters(), strict=True
    ):
        torch.testing.assert_close(trained, one - rate * 1.5 * (one.grad + 0.1 * one), rtol=1e-4, atol=1e-6)


def same_trainable(first, second):
    pairs = zip(first.network.parameters(), second.network.parameters(), strict=True)
    return all(torch.allclose(one, other, atol=1e-7) for one, other in pairs)


class Stopped(Exception):
    pass


def stop_after(monkeypatch, epochs):
    """Let training die right after that many epochs are kept."""
    from fourierscope.training.checkpoint import Checkpoint

    keep = Checkpoint.keep

    def kept(self, network, optimiser, done, precision):
        keep(self, network, optimiser, done, precision)
        if done == epochs:
            raise Stopped

    monkeypatch.setattr(Checkpoint, "keep", kept)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"perturbation": GaussianNoise()},
        {"perturbation": LinfPGD(steps=2)},
        {"optimiser": "adam", "learning_rate": 0.01, "schedule": "one-cycle"},
        {"precision": "bfloat16", "channels_last": True, "mixup": 0.4},
        {"augmentations": (Crops(1), Affine(), Flips())},
        {"precision": "auto"},
    ],
)
def test_a_training_that_died_goes_on_to_the_same_weights(tmp_path, monkeypatch, options):
    recipe = Recipe(**{"epochs": 3, "batch": 16} | options)
    monkeypatch.setattr("fourierscope.training.loop.faster_precision", lambda *_: "bfloat16")
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Stopped):
            train(a_classifier(), some_samples(), recipe, checkpoint=tmp_path / "kept")
        whole = train(a_classifier(), some_samples(), recipe)
    resumed = train(a_classifier(), some_samples(), recipe, checkpoint=tmp_path / "kept")
    assert same_weights(resumed, whole)
    again = train(a_classifier(), some_samples(), recipe, checkpoint=tmp_path / "kept")  # nothing is left to do
    assert same_weights(resumed, again)


KILLED = """
import os, signal, sys
import torch
torch.set_num_threads(int(sys.argv[3]))
sys.path.insert(0, sys.argv[2])
from test_loop import RECIPE, a_classifier, some_samples
from fourierscope.training import checkpoint, train

write_tensors, saved = checkpoint.write_tensors, []

def killed(tensors, path, header):
    saved.append(write_tensors(tensors, path, header))
    if len(saved) == 2:  # in the middle of the second epoch's file
        os.truncate(path, os.path.getsize(path) // 2)
        os.kill(os.getpid(), signal.SIGKILL)

checkpoint.write_tensors = killed
train(a_classifier(), some_samples(), RECIPE, checkpoint=sys.argv[1])
"""


def test_a_training_killed_while_it_writes_goes_on_to_the_same_weights(tmp_path):
    path, here = tmp_path / "kept", os.path.dirname(__file__)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    command = [sys.executable, "-c", KILLED, str(path), here, str(torch.get_num_threads())]
    assert subprocess.run(command, env=environment, timeout=60).returncode == -signal.SIGKILL
    with safe_open(path, "pt") as file:
        assert '"done": 1' in file.metadata()["training"]
    resumed = train(a_classifier(), some_samples(), RECIPE, checkpoint=path)
    assert same_weights(resumed, train(a_classifier(), some_samples(), RECIPE))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"recipe": Recipe(epochs=4, batch=16, learning_rate=0.05)}, "recipe.epochs was 3 and is now 4"),
        ({"seed": 1}, "seed was 0 and is now 1"),
        ({"samples": some_samples(48)}, "samples.count was 50 and is now 48"),
        ({"classifier": a_classifier(classes=3)}, "classifier.digest is another"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused_and_left(tmp_path, other, told):
    asked = {"classifier": a_classifier(), "samples": some_samples(), "recipe": RECIPE}
    train(**asked, checkpoint=tmp_path / "kept")
    held = (tmp_path / "kept").read_bytes()
    with pytest.raises(StoreError, match=told):
        train(**asked | other, checkpoint=tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == held


@pytest.mark.parametrize("content", [b"", b"\x80\x04}", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "kept").write_bytes(content)
    with pytest.raises(StoreError, match="no checkpoint, or damaged"):
        train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="has no labels"):
        train(a_classifier(), some_samples(labels=False), RECIPE)
    with pytest.raises(ValueError, match="labels of another task"):
        train(a_classifier(), Samples(torch.rand(3, 2, 6, 5), [0, 1, 2]), RECIPE)


def test_what_cannot_learn_is_refused():
    with pytest.raises(TypeError, match="no weights to train"):
        train(Classifier(lambda images: images.mean((2, 3))), some_samples(), RECIPE)
    with pytest.raises(ValueError, match="nothing to train"):
        train(Classifier(a_network().requires_grad_(False)), some_samples(), RECIPE)


def test_another_kind_of_argument_is_told_with_what_to_write():
    with pytest.raises(TypeError, match="classifier is a Classifier; Sequential came"):
        train(a_network(), some_samples(), RECIPE)
    with pytest.raises(TypeError, match=r"recipe is a Recipe; str came.*recipe_named"):
        train(a_classifier(), some_samples(), "natural")
    with pytest.raises(TypeError, match="seed is a int"):
        train(a_classifier(), some_samples(), RECIPE, seed="a")


def test_an_interrupted_training_says_what_is_kept(tmp_path, monkeypatch):
    from fourierscope.training.loop import _Epoch

    over = _Epoch.over

    def interrupted(self, samples, order, epoch):
        if epoch == 1:
            raise KeyboardInterrupt
        return over(self, samples, order, epoch)

    monkeypatch.setattr(_Epoch, "over", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")
    assert "kept in" in caught.value.__notes__[0]
    with pytest.raises(KeyboardInterrupt) as caught:
        train(a_classifier(), some_samples(), RECIPE)
    assert "lost: give a checkpoint" in caught.value.__notes__[0]


def test_every_epoch_and_a_resumed_start_are_logged(tmp_path, caplog):
    caplog.set_level("INFO", "fourierscope.training")
    train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")
    assert [one.message.split(",")[0] for one in caplog.records] == [f"small: epoch {one} of 3" for one in (1, 2, 3)]
    train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")
    assert "3 of 3 epochs are done already" in caplog.records[-1].message


def test_a_training_that_diverges_says_in_which_epoch():
    with pytest.raises(ValueError, match="NaN or infinite") as caught:
        train(a_classifier(), some_samples(), Recipe(epochs=4, batch=4, learning_rate=1e30, warmup=0.0))
    assert "learning_rate=1e+30" in caught.value.__notes__[0]


def test_bfloat16_learns_too_and_keeps_its_weights_in_float32():
    samples = some_samples(100)
    recipe = Recipe(epochs=12, batch=10, precision="bfloat16", channels_last=True)
    trained = train(a_classifier(dropout=0.0), samples, recipe)
    assert float((trained(samples.batch()).argmax(1) == samples.needed_labels()).float().mean()) > 0.95
    assert {one.dtype for one in trained.network.parameters()} == {torch.float32}
    assert trained.precision == "float32"
    assert not same_weights(trained, train(a_classifier(dropout=0.0), samples, Recipe(epochs=12, batch=10)))


def test_a_step_of_adam_is_that_of_torch_with_decoupled_decay():
    samples, classifier = some_samples(20), without_batch_norm()  # which leaves gradients of 0, and Adam their signs
    recipe = Recipe(epochs=2, batch=20, warmup=0.0, augmentations=(), optimiser="adam", weight_decay=0.1)
    network = without_batch_norm().network
    adam = torch.optim.AdamW(network.parameters(), recipe.rate(0.5), betas=(0.9, 0.999), weight_decay=0.1)
    nn.functional.cross_entropy(network(samples.batch()), samples.needed_labels()).backward()
    adam.step()
    trained = train(classifier, samples, recipe).network  # the second of its two steps has rate 0
    for one, other in zip(network.parameters(), trained.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=2e-4)


def test_mixup_lets_images_and_labels_be_mixed_in_the_same_share():
    from fourierscope.training.loop import _Epoch

    recipe = Recipe(mixup=1.0)
    classifier = a_classifier().network.eval()
    learner = Classifier(classifier, "small")
    optimiser = torch.optim.SGD(classifier.parameters(), 0.1)
    epoch = _Epoch(learner, classifier, optimiser, recipe, torch.Generator().manual_seed(0))
    labels = torch.arange(40) % 2
    images = labels[:, None, None, None].float().expand(40, 2, 6, 5)  # an image's brightness is its label
    mixed, targets = epoch._mixed(images, labels)
    torch.testing.assert_close(mixed[:, 0, 0, 0], targets[:, 1])
    torch.testing.assert_close(targets.sum(1), torch.ones(40))
    assert len(targets[:, 1].unique()) > 2


def test_automatic_precision_is_timed_once_and_then_kept(tmp_path, monkeypatch):
    recipe, asked = Recipe(epochs=2, batch=16, precision="auto"), []

    def timed(learner, images, labels):
        asked.append(len(images))
        return "bfloat16"

    monkeypatch.setattr("fourierscope.training.loop.faster_precision", timed)
    first = train(a_classifier(), some_samples(), recipe, checkpoint=tmp_path / "kept")
    monkeypatch.setattr("fourierscope.training.loop.faster_precision", lambda *_: "float32")
    again = train(a_classifier(), some_samples(), recipe, checkpoint=tmp_path / "kept")
    assert asked == [16]
    assert same_weights(first, again)


def test_timing_the_precisions_changes_nothing():
    from fourierscope.training.precision import faster_precision

    learner, images = a_classifier(), torch.rand(4, 2, 6, 5)
    held = {name: one.clone() for name, one in learner.network.state_dict().items()}
    state = torch.random.get_rng_state()
    assert faster_precision(learner, images, torch.tensor([0, 1, 0, 1])) in ("float32", "bfloat16")
    assert all(torch.equal(one, held[name]) for name, one in learner.network.state_dict().items())
    assert all(one.grad is None for one in learner.network.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)


TOGETHER = """
import sys
from contextlib import contextmanager
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from test_loop import some_samples, without_batch_norm
from safetensors.torch import save_file
from fourierscope.training import Recipe, train
from fourierscope.training.processes import rank
recipe = Recipe(epochs=2, batch=16, augmentations=())
trained = train(without_batch_norm(), some_samples(), recipe, checkpoint=sys.argv[2] + "/kept")
save_file(trained.network.state_dict(), f"{sys.argv[2]}/{rank()}.safetensors")
"""


def without_batch_norm():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Classifier(nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)), "plain")


def test_two_processes_learn_what_one_does(tmp_path):
    from safetensors.torch import load_file

    (tmp_path / "script.py").write_text(TOGETHER)
    here = os.path.dirname(__file__)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command += ["--local-addr", "127.0.0.1", str(tmp_path / "script.py"), here, str(tmp_path)]
    done = subprocess.run(
        command, env=environment | {"GLOO_SOCKET_IFNAME": "lo"}, timeout=120, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    alone = train(without_batch_norm(), some_samples(), Recipe(epochs=2, batch=16, augmentations=()))
    first, second = (load_file(tmp_path / f"{one}.safetensors") for one in (0, 1))
    for name, expected in alone.network.state_dict().items():
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], expected, rtol=2e-2, atol=2e-3)
    with pytest.raises(StoreError, match="processes was 2 and is now 1"):
        train(without_batch_norm(), some_samples(), Recipe(epochs=2, batch=16, augmentations=()), 0, tmp_path / "kept")


class Headed(nn.Module):
    """A network with a layer that no forward pass uses."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(60, 2), nn.Linear(4, 4)

    def forward(self, images):
        return self.used(images.flatten(1))


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_a_layer_that_is_never_used_does_not_keep_a_training_from_going_on(tmp_path, monkeypatch, optimiser):
    recipe = Recipe(epochs=3, batch=16, optimiser=optimiser, learning_rate=0.01)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        classifier = Classifier(Headed(), "headed")
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Stopped):
            train(classifier, some_samples(), recipe, checkpoint=tmp_path / "kept")
    resumed = train(classifier, some_samples(), recipe, checkpoint=tmp_path / "kept")
    assert same_weights(resumed, train(classifier, some_samples(), recipe))


def test_a_training_of_one_step_takes_it():
    classifier = a_classifier()
    assert not same_trainable(train(classifier, some_samples(24), Recipe(epochs=1, batch=128)), classifier)


def test_weights_that_are_no_longer_finite_are_told_and_not_kept(tmp_path):
    def broken(classifier, images, labels, generator):
        for parameter in classifier.network.parameters():
            parameter.register_hook(lambda gradient: gradient * torch.nan)
        return images

    broken.trace = lambda: {"kind": "broken"}
    with pytest.raises(ValueError, match="holds values that are NaN or infinite after this epoch"):
        train(a_classifier(), some_samples(24), Recipe(broken, epochs=1, batch=128), checkpoint=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def tampered(path, change):
    """The checkpoint with its header's table changed."""
    from safetensors.torch import load_file, save_file

    with safe_open(path, "pt") as file:
        told = json.loads(file.metadata()["training"])
    save_file(load_file(path), path, {"training": change(told)})


@pytest.mark.parametrize(
    "change",
    [
        lambda told: json.dumps(told | {"done": -1}),
        lambda told: json.dumps(told | {"done": 99}),
        lambda told: json.dumps(told | {"done": "x"}),
        lambda told: json.dumps(told).replace('"done": 3', '"done": 1e400'),
        lambda told: json.dumps(told | {"precision": "float128"}),
        lambda told: "[" * 100_000,
    ],
)
def test_a_tampered_checkpoint_is_refused(tmp_path, change):
    train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")
    tampered(tmp_path / "kept", change)
    with pytest.raises(StoreError, match="no checkpoint, or damaged"):
        train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")


def test_a_checkpoint_with_weights_of_another_kind_of_number_is_refused(tmp_path):
    from safetensors.torch import load_file, save_file

    train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")
    with safe_open(tmp_path / "kept", "pt") as file:
        header = file.metadata()
    halved = {
        name: one.half() if one.is_floating_point() else one for name, one in load_file(tmp_path / "kept").items()
    }
    save_file(halved, tmp_path / "kept", header)
    with pytest.raises(StoreError, match="does not hold this network's weights"):
        train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "kept")


def test_a_full_disk_is_told_and_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    from safetensors import SafetensorError

    def full(held, path, header):
        raise SafetensorError("Error while serializing: I/O error: No space left on device")

    train(a_classifier(), some_samples(), Recipe(epochs=1, batch=16), checkpoint=tmp_path / "kept")
    held = (tmp_path / "kept").read_bytes()
    monkeypatch.setattr("fourierscope.subjects.trained.save_file", full)
    with pytest.raises(OSError, match=r"Cannot write other.*No space left"):
        train(a_classifier(), some_samples(), RECIPE, checkpoint=tmp_path / "other")
    assert (tmp_path / "kept").read_bytes() == held
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]


def test_processes_draw_noise_of_their_own_in_one_order(monkeypatch):
    from fourierscope.training.loop import _draws

    def drawn(rank, world):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(world))
        with _draws(some_samples(), "0 epoch 0", torch.device("cpu")) as (order, generator):
            return order, torch.rand(3, generator=generator), torch.rand(3)

    alone, first, second = drawn(0, 1), drawn(0, 2), drawn(1, 2)
    assert torch.equal(alone[0], first[0])
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[1], second[1])
    assert not torch.equal(first[2], second[2])  # dropout


def test_too_small_a_batch_for_the_processes_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(ValueError, match="4 processes share each batch, and the smallest has 6 images"):
        train(a_classifier(), some_samples(), Recipe(epochs=1, batch=7))


def test_freed_memory_is_kept_within_an_epoch_and_given_back_after_each(monkeypatch):
    said = []

    @contextmanager
    def kept():
        said.append("kept")
        yield
        said.append("back")

    monkeypatch.setattr(loop, "freed_memory_kept", kept)
    train(a_classifier(), some_samples(), Recipe(epochs=2, batch=25), watch=lambda network, step: said.append(step))
    assert [one for one in said if one in ("kept", "back")] == ["kept", "back"] * 2
    assert said.index("kept") < said.index(1) < said.index("back")
