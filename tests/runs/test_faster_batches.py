"""A faster copy gets twice the images at a time, where nobody said how many; every question of a run asks so."""

import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.wave_set import put_on
from fourierscope.runs.engines.engine import largest_batch
from fourierscope.runs.precision import in_precision
from fourierscope.subjects import trial as trials
from fourierscope.subjects.prepared import Plan, Prepared, choosing, compiling
from fourierscope.subjects.prepared.watching import Watched


def trial(count, side=32):
    chance = torch.Generator().manual_seed(0)
    images = torch.rand(count, 1, side, side, generator=chance)
    network = nn.Sequential(nn.Flatten(), nn.Linear(side * side, 2, bias=False)).eval()
    nn.init.normal_(network[1].weight, generator=chance)
    return fs.Trial(fs.Classifier(network), fs.Samples(images, torch.arange(count) % 2))


@pytest.fixture
def chosen(monkeypatch):
    """The steps that every plan takes."""

    def steps(*names):
        monkeypatch.setattr(trials, "plan_for", lambda classifier, samples, kind, size: Plan(kind, names))

    return steps


@pytest.fixture
def sizes(monkeypatch):
    """How many images copies were asked about, call by call."""
    found, answer = [], Prepared.__call__

    def counted(self, given, *moments):
        found.append(len(given))
        return answer(self, given, *moments)

    monkeypatch.setattr(Prepared, "__call__", counted)
    return found


@pytest.mark.parametrize(
    ("steps", "count", "side", "batch", "made_for", "automatic"),
    [
        (("bfloat16",), 128, 32, "auto", 128, 128),
        (("folding",), 128, 32, "auto", 128, 128),
        (("bfloat16",), 127, 32, "auto", 64, 64),
        (("bfloat16",), 128, 32, 64, 64, 64),
        (("bfloat16",), 16, 224, "auto", 8, 8),
        ((), 128, 32, "auto", 128, 64),
    ],
)
def test_how_many_images_a_copy_is_made_for_and_asked(chosen, steps, count, side, batch, made_for, automatic):
    chosen(*steps)
    made = in_precision(fs.HeatMap(), trial(count, side), "auto", None, batch)
    assert made.classifier.prepared.shape[0] == made_for
    assert largest_batch(made) == automatic


def test_a_copy_made_by_hand_for_other_batches_leaves_the_automatic_size(chosen):
    chosen("bfloat16")
    assert largest_batch(trial(64, 224).at("auto")) == 8  # it was made for 64


@pytest.mark.parametrize(
    "question",
    [
        fs.HeatMap(crop=3),
        fs.BandNoise(),
        fs.PassCurve(),
        fs.Robustness("gaussian-noise", (0.1,)),
        fs.BandImportance(),
        fs.HighFrequencyPredictions(),
        fs.FrequencyAudit(),
    ],
    ids=lambda one: type(one).__name__,
)
def test_every_question_of_a_run_asks_in_the_batches_of_the_copy(chosen, sizes, question):
    chosen("bfloat16")
    fs.run(question, trial(256), precision="auto")
    assert max(sizes) == 128
    assert sizes.count(128) > len(sizes) / 2


def test_the_batch_of_a_run_comes_first(chosen, sizes):
    chosen("bfloat16")
    fs.run(fs.PassCurve(), trial(256), precision="auto", batch=32)
    assert max(sizes) == 32


def test_when_memory_runs_out_the_batch_is_halved_kept_and_what_the_next_copy_is_made_for(
    chosen, monkeypatch, tmp_path
):
    chosen("bfloat16")
    shapes, answer = [], Prepared.__call__

    def cramped(self, given):
        shapes.append((len(given), self.shape[0]))
        if len(given) > 64:
            raise MemoryError
        return answer(self, given)

    monkeypatch.setattr(Prepared, "__call__", cramped)
    fs.run(fs.PassCurve(), trial(256), precision="auto", store=tmp_path / "store")
    assert [one for one, _ in shapes if one > 1][:2] == [128, 64]
    assert (tmp_path / "store" / "batch.json").read_text().startswith('{"batch": 64}')
    for cell in (tmp_path / "store").glob("cell-*"):
        cell.unlink()
    shapes.clear()
    fs.run(fs.PassCurve(), trial(256), precision="auto", store=tmp_path / "store")
    assert set(shapes) == {(1, 64), (64, 64)}  # one image: whether the network answers at all


def test_a_network_is_looked_at_in_full_once_a_cell(chosen, monkeypatch):
    looks, still = [], Watched.still
    monkeypatch.setattr(Watched, "still", lambda self: looks.append(1) or still(self))
    chosen("channels_last")
    question, subject = fs.HeatMap(stride=4, score="flips"), trial(150)  # labels would be looked at before, once
    fs.run(question, subject, precision="auto")
    assert len(looks) == len(list(question.cells(subject))) > 1


@pytest.mark.skipif(compiling.compiler() is None, reason="no C++ compiler")
@pytest.mark.parametrize("clip", [True, False])
def test_where_the_network_is_compiled_compiled_code_puts_waves_on_full_batches_and_nothing_changes(
    monkeypatch, chosen, clip
):
    question, subject = fs.HeatMap(stride=8, clip=clip, score="margin", norm=12.0), trial(75, 20)
    put, compiled = [], compiling.compiled_function

    def counted(function, shape):
        def answer(images, *others):
            put.append(len(images))
            return compiled(function, shape)(images, *others)

        return answer

    monkeypatch.setattr(choosing, "compiled_function", counted)
    plain = fs.run(question, subject, batch=50).dataset  # a full batch, and one that is not
    assert not put
    chosen("compilation")
    faster = fs.run(question, subject, batch=50, precision="fast").dataset
    assert put == [50] * len(subject.samples.plane.waves(None, 8))
    for name in ("margin", "effective_norm"):
        torch.testing.assert_close(*(torch.tensor(one[name].values) for one in (faster, plain)), atol=0, rtol=1e-5)


@pytest.mark.skipif(compiling.compiler() is None, reason="no C++ compiler")
def test_compiled_code_puts_on_the_very_same_waves():
    chance = torch.Generator().manual_seed(3)
    images, waves = torch.rand(6, 3, 9, 8, generator=chance), torch.randn(1, 9, 8, generator=chance)
    signs = torch.randn(6, 3, generator=chance).sign()
    for clip in (True, False):
        rooms = [torch.empty(1, 6, 3, 9, 8) for _ in range(2)]
        norms = [
            one(images, signs, waves, clip, room)
            for one, room in zip((put_on, compiling.compiled_function(put_on, images.shape)), rooms, strict=True)
        ]
        assert torch.equal(*rooms)
        torch.testing.assert_close(*norms)
        added = (images + signs[..., None, None] * waves[0]).clamp(*((0, 1) if clip else (None, 9)))
        assert torch.equal(rooms[0][0], added)
        torch.testing.assert_close(norms[0][0], (added - images).square().sum(-1).sqrt())


@pytest.mark.skipif(compiling.compiler() is None, reason="no C++ compiler")
def test_compiled_code_gives_the_same_bits_on_any_number_of_threads():
    chance, threads, found = torch.Generator().manual_seed(4), torch.get_num_threads(), []
    images, waves = torch.rand(8, 1, 224, 224, generator=chance), torch.randn(1, 224, 224, generator=chance)
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            compiling.compiled_function.cache_clear()
            put, room = compiling.compiled_function(put_on, images.shape), torch.empty(1, *images.shape)
            found.append(put(images, torch.ones(8, 1), waves, True, room))
    finally:
        torch.set_num_threads(threads)
        compiling.compiled_function.cache_clear()
    assert torch.equal(*found)


@pytest.mark.parametrize("layer", ["0", "output"])
def test_a_layers_change_makes_no_copy(chosen, layer):
    chosen("channels_last")
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2)).eval()
    subject = fs.Trial(fs.Classifier(network), trial(6, 8).samples)
    subject = in_precision(fs.HeatMap(), subject, "auto", None, "auto")
    fs.HeatMap(stride=4, score=f"layer:{layer}")(subject)
    assert subject.classifier.prepared._made is None
