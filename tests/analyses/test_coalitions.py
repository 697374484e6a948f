"""The evaluator of coalitions, and what is read off the logits."""

import gc
import weakref

import pytest
import torch
from planted_made import smooth_trial

import fourierscope as fs
from fourierscope.analyses.coalitions import Coalitions, blocks
from fourierscope.analyses.targets import VALUES, unit_of, values_of
from fourierscope.fourier.filters import apply
from fourierscope.runs.batching import batch_size_of
from fourierscope.subjects.remembered import remembered
from fourierscope.treatments.infills import Infills

SIZES = [(6, 6), (7, 7), (5, 6), (6, 5)]


def coalitions_of(trial, target="label", value="logit", kind="zero", index=None):
    index = torch.arange(len(trial.samples)) if index is None else index
    return Coalitions.of(trial, index, Infills.of(trial.samples, kind), target, value)


def drawn(count, pairs, seed=3):
    return torch.rand(count, pairs, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["zero", "random-phase"])
def test_answers_are_those_to_filtered_images(size, kind):
    trial = smooth_trial(size)
    found = coalitions_of(trial, kind=kind)
    gains = drawn(3, len(found.pairs))
    answers = found.under(gains)
    infill, images = Infills.of(trial.samples, kind).images(0, 5).expand(5, 3, *size), trial.samples.batch()
    for place, gain in enumerate(found.pairs.spread(gains)):
        logits = trial.classifier(apply(images, gain) + apply(infill, 1 - gain))
        own = logits[torch.arange(5), trial.samples.labels]
        torch.testing.assert_close(answers.values[place], own, atol=1e-4, rtol=1e-4)
        assert torch.equal(answers.predictions[place], logits.argmax(1))


@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_answers_do_not_depend_on_what_shares_a_batch(size):
    trial = smooth_trial()
    found = coalitions_of(trial)
    gains = drawn(3, len(found.pairs))
    with batch_size_of(size):
        batched = found.under(gains).values
    alone = torch.cat([coalitions_of(trial, index=torch.tensor([one])).under(gains).values for one in range(5)], dim=1)
    torch.testing.assert_close(batched, alone, atol=1e-5, rtol=1e-5)


def test_images_may_come_in_any_order_each_with_its_own_gains():
    found = coalitions_of(smooth_trial())
    gains, index = drawn(4, len(found.pairs)), torch.tensor([3, 0, 3, 1])
    with batch_size_of(3):
        answers = found.answers(index, lambda rows: gains[rows])
    whole = found.under(gains).values
    torch.testing.assert_close(answers.values, whole[torch.arange(4), index], atol=1e-5, rtol=1e-5)


def test_the_target_may_be_the_prediction_on_the_whole_image():
    trial = smooth_trial()
    found = coalitions_of(trial, "prediction")
    predicted = trial.classifier(trial.samples.batch()).argmax(1)
    assert not torch.equal(predicted, trial.samples.labels)
    assert torch.equal(found.targets, predicted)
    unlabelled = fs.Trial(trial.classifier, fs.Samples(trial.samples.images))
    assert torch.equal(coalitions_of(unlabelled, "prediction").targets, predicted)


def test_values_are_those_of_one_softmax():
    logits = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    targets = torch.arange(6) % 5
    for row, target in enumerate(targets.tolist()):
        probability = logits[row].exp()[target] / logits[row].exp().sum()
        others = [float(one) for place, one in enumerate(logits[row]) if place != target]
        slow = {
            "log-probability": probability.log(),
            "log-odds": (probability / (1 - probability)).log(),
            "logit": logits[row, target],
            "margin": logits[row, target] - max(others),
        }
        for value in VALUES:
            torch.testing.assert_close(values_of(value, logits, targets)[row], slow[value].double())
    assert {unit_of(one) for one in VALUES} == {"nat", "logit"}


def test_log_odds_are_not_flat_where_the_classifier_is_sure():
    logits = torch.tensor([[60.0, 0.0]], requires_grad=True)
    values_of("log-odds", logits, torch.tensor([0])).sum().backward()
    assert logits.grad.tolist() == [[1.0, -1.0]]


def test_cells_cover_all_images_in_their_order():
    trial = smooth_trial(count=5)
    assert [tuple(one) for one in blocks(trial, 1)] == [(0, 5)]
    many = [tuple(one) for one in blocks(trial, 2**26 // 42 // 2)]
    assert many == [(0, 2), (2, 4), (4, 5)]
    assert [tuple(one) for one in blocks(trial, 2**40)] == [(one, one + 1) for one in range(5)]


def test_work_on_a_set_is_done_once_and_forgotten_with_it():
    seen = []

    @remembered
    def work(samples, word):
        seen.append((samples.name, word))
        return torch.zeros(3)

    first, second = (fs.Samples(torch.rand(2, 1, 4, 4), name=name) for name in ("first", "second"))
    for one in (first, second, first):
        assert work(one, "a") is work(one, "a")
    work(first, "b")
    assert seen == [("first", "a"), ("second", "a"), ("first", "b")]
    gone = weakref.ref(first)
    del first, one
    gc.collect()
    assert gone() is None
