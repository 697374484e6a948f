"""Insertion and deletion: the ends, filtered images written a second time, and orders of known worth."""

import numpy as np
import pytest
import torch
from planted_made import planted, smooth_trial

import fourierscope as fs
from fourierscope.analyses.coalitions import Coalitions
from fourierscope.analyses.orderings import curves, falls, ranks, sizes, worth
from fourierscope.fourier.filters import apply
from fourierscope.fourier.pairs import Pairs
from fourierscope.results import unpacked
from fourierscope.runs import run
from fourierscope.treatments.infills import Infills

PLANES = [fs.Plane(6, 6), fs.Plane(5, 5), fs.Plane(4, 7), fs.Plane(7, 4)]
ALL = ("integrated", "gradient", "leave-one-out")


def outcomes(result, name):
    """Each image's values (orders, shares, n)."""
    return torch.from_numpy(unpacked(result.dataset, name)).double()


def coalitions_of(trial, value="log-odds"):
    return Coalitions.of(trial, torch.arange(len(trial.samples)), Infills.of(trial.samples), "label", value)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_the_order_of_amplitude_is_that_of_filtered_images(plane):
    trial, shares = smooth_trial(plane.shape), (0.0, 0.2, 0.55, 1.0)
    found = fs.InsertionDeletion((), shares)(trial)
    images, pairs = trial.samples.batch(), Pairs(plane)
    origin = images.mean((0, 2, 3), keepdim=True)
    spectrum = torch.fft.fftshift(torch.fft.fft2(images - origin), dim=(-2, -1))
    amplitude = spectrum.abs().square().sum(1).sqrt()
    for one in range(5):
        order = sorted(pairs.frequencies, key=lambda at: -float(amplitude[one][plane.position(at)]))
        for place, share in enumerate(shares):
            gain = torch.zeros(plane.shape)
            for frequency in order[: round(share * len(order))]:
                gain[plane.position(frequency)] = gain[plane.position(plane.partner(frequency))] = 1
            for mode, kept in (("insertion", gain), ("deletion", 1 - gain)):
                with torch.no_grad():
                    logits = trial.classifier(apply(images[one : one + 1] - origin, kept) + origin)[0]
                label = int(trial.samples.labels[one])
                assert found.dataset["order"].values[0] == "amplitude"
                probability = outcomes(found, f"{mode}_probability")[0, place, one]
                assert float(probability) == pytest.approx(float(logits.softmax(0)[label]), abs=1e-4)
                loss = outcomes(found, f"{mode}_loss")[0, place, one]
                assert float(loss) == pytest.approx(-float(logits.log_softmax(0)[label]), abs=1e-3)
                right = outcomes(found, f"{mode}_accuracy")[0, place, one]
                assert bool(right) == (int(logits.argmax()) == label)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_all_curves_meet_at_the_ends_and_the_controls_stand_beside_every_method(plane):
    trial = smooth_trial(plane.shape)
    found = fs.InsertionDeletion(ALL)(trial)
    assert found["insertion_accuracy"]["order"].values.tolist() == [*ALL, "amplitude", "random"]
    np.testing.assert_allclose(found["insertion_accuracy"]["share"], np.linspace(0, 1, 21), atol=1e-12)
    into, out = (outcomes(found, f"{mode}_probability") for mode in ("insertion", "deletion"))
    whole = trial.classifier(trial.samples.batch()).softmax(1)[torch.arange(5), trial.samples.labels].double()
    for ends in (into[:, -1], out[:, 0]):
        torch.testing.assert_close(ends, whole.detach().expand_as(ends), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(into[:, 0], out[:, -1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(into[:, 0], into[:1, 0].expand_as(into[:, 0]))


def test_deletion_by_an_order_is_insertion_by_its_reverse():
    found = coalitions_of(smooth_trial())
    places = ranks(torch.rand(5, len(found.pairs), generator=torch.Generator().manual_seed(0)))
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    backwards = len(found.pairs) - 1 - places
    removed = curves(found, places, shares).deletion.values
    kept = curves(found, backwards, shares).insertion.values
    torch.testing.assert_close(removed[[0, 2, 4]], kept[[4, 2, 0]], atol=1e-4, rtol=1e-4)


def test_a_learned_mask_gives_an_order_too():
    trial, heard, _ = planted(fs.Plane(6, 5), "and")
    found = coalitions_of(trial)
    gains = torch.full((3, len(found.pairs)), 0.1)
    gains[:, [found.pairs.frequencies.index(one) for one in heard]] = 0.9
    answers = curves(found, ranks(gains), (0.0, 2 / len(found.pairs), 1.0))
    torch.testing.assert_close(answers.insertion.values[1], torch.ones(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(answers.deletion.values[1], torch.zeros(3), atol=1e-4, rtol=0)


@pytest.mark.parametrize("order", ALL)
@pytest.mark.parametrize("plane", [fs.Plane(6, 6), fs.Plane(5, 7)], ids=str)
def test_an_attribution_finds_waves_below_a_louder_one_and_amplitude_does_not(order, plane):
    trial, heard, loud = planted(plane, "product")
    found = coalitions_of(trial)
    places = {name: ranks(worth(name, found)) for name in (order, "amplitude")}
    planted_at = [found.pairs.frequencies.index(one) for one in heard]
    assert places[order][:, planted_at].max() == 1
    assert (places["amplitude"][:, found.pairs.frequencies.index(loud)] == 0).all()
    result = fs.InsertionDeletion((order,))(trial)
    low = result.dataset["insertion_advantage_low"]
    assert float(low.sel(comparison=f"{order} against amplitude")) > 0


@pytest.mark.parametrize(
    ("order", "rule", "finds"),
    [
        ("leave-one-out", "or", False), ("gradient", "or", False), ("integrated", "or", True),
        ("leave-one-out", "and", True), ("gradient", "and", True), ("integrated", "and", True),
        ("leave-one-out", "xor", False), ("gradient", "xor", False),
    ],
)  # fmt: skip
def test_orders_fail_where_theory_says_they_must(order, rule, finds):
    trial, heard, _ = planted(fs.Plane(6, 6), rule)
    found = coalitions_of(trial)
    value = worth(order, found)
    planted_at = [found.pairs.frequencies.index(one) for one in heard]
    rest = [one for one in range(len(found.pairs)) if one not in planted_at]
    above = bool((value[:, planted_at].amin(1) > value[:, rest].amax(1) + 1e-3).all())
    assert above == finds


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_worth_is_the_effect_of_a_pair(plane):
    found = coalitions_of(smooth_trial(plane.shape), "logit")
    every = torch.ones(1, len(found.pairs))
    whole = found.under(every).values[0]
    one_out = 1 - torch.eye(len(found.pairs))
    torch.testing.assert_close(
        worth("leave-one-out", found).T, (whole - found.under(one_out).values).double(), atol=1e-3, rtol=1e-3
    )
    which = torch.tensor([3, 0])
    torch.testing.assert_close(falls(found, which), worth("leave-one-out", found).T[which], atol=1e-3, rtol=1e-3)
    little = 0.01
    slope = (whole - found.under(1 - little * torch.eye(len(found.pairs))).values) / little
    torch.testing.assert_close(worth("gradient", found).T, slope.double(), atol=0.05, rtol=0.02)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_the_worth_of_all_pairs_by_integrated_gradients_is_the_rise_of_the_value(plane):
    found = coalitions_of(smooth_trial(plane.shape), "logit")
    empty, whole = found.under(torch.tensor([[0.0], [1.0]]).expand(2, len(found.pairs))).values.double()
    torch.testing.assert_close(worth("integrated", found).sum(1), whole - empty, atol=0.02, rtol=0.01)


def test_ranks_count_from_the_largest_and_ties_keep_their_order():
    assert ranks(torch.tensor([[0.2, 0.9, 0.2, -1.0]])).tolist() == [[1, 0, 2, 3]]


def test_sizes_are_rounded_and_no_share_above_none_is_empty():
    assert sizes((0.0, 0.001, 0.25, 1.0), 10).tolist() == [0, 1, 2, 10]


def test_random_orders_differ_from_image_to_image_and_agree_between_models():
    first = smooth_trial()
    doubled = fs.Trial(fs.Classifier(lambda images: first.classifier(images) + 0.0), first.samples)
    question = fs.InsertionDeletion(("gradient",))
    one, other = question(first), question(doubled)
    assert one.dataset["insertion_loss"].equals(other.dataset["insertion_loss"])
    drawn = question._by_chance(torch.tensor([0, 1]), 20)
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(question._by_chance(torch.tensor([1]), 20)[0], drawn[1])
    assert not torch.equal(fs.InsertionDeletion(seed=1)._by_chance(torch.tensor([0]), 20)[0], drawn[0])


def test_areas_are_those_under_the_curves_and_advantages_their_paired_differences():
    found = fs.InsertionDeletion(("gradient",), (0.0, 0.5, 0.6, 1.0))(smooth_trial())
    widths = torch.tensor([0.5, 0.1, 0.4], dtype=torch.float64)
    areas = {}
    for mode in ("insertion", "deletion"):
        curve = outcomes(found, f"{mode}_probability")
        areas[mode] = ((curve[:, 1:] + curve[:, :-1]) / 2 * widths[:, None]).sum(1)
        torch.testing.assert_close(outcomes(found, f"{mode}_area"), areas[mode], atol=1e-5, rtol=1e-4)
    words = found["insertion_advantage"]["comparison"].values.tolist()
    assert words == ["gradient against amplitude", "gradient against random", "amplitude against random"]
    into, out = areas["insertion"], areas["deletion"]
    torch.testing.assert_close(outcomes(found, "insertion_advantage")[0], into[0] - into[1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(outcomes(found, "deletion_advantage")[2], out[2] - out[1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("orders", [("integrated",), ("gradient", "leave-one-out")])
def test_an_image_fares_alike_whatever_its_neighbours_and_batch(orders, monkeypatch):
    trial = smooth_trial((4, 7))
    question = fs.InsertionDeletion(orders, (0.0, 0.3, 0.7, 1.0), origin="black")
    whole = outcomes(question(trial), "insertion_loss")
    torch.testing.assert_close(outcomes(run(question, trial, batch=2), "insertion_loss"), whole, atol=1e-3, rtol=1e-3)
    monkeypatch.setattr("fourierscope.analyses.coalitions._HELD", 2 * 28)
    assert len(list(question.cells(trial))) == 3
    torch.testing.assert_close(outcomes(question(trial), "insertion_loss"), whole, atol=1e-3, rtol=1e-3)
    first = fs.Trial(trial.classifier, trial.samples.subset([0]))
    torch.testing.assert_close(outcomes(question(first), "insertion_loss"), whole[..., :1], atol=1e-3, rtol=1e-3)


def test_amplitude_beats_chance_on_photographs():
    trial = fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=20))
    found = fs.InsertionDeletion((), (0.0, 0.1, 0.3, 1.0))(trial)
    for mode in ("insertion", "deletion"):
        assert float(found[f"{mode}_advantage_low"].sel(comparison="amplitude against random")) > 0


@pytest.mark.parametrize(
    "options",
    [
        {"orders": ("mask",)}, {"orders": ("gradient", "gradient")}, {"shares": (0.5,)}, {"shares": (0.5, 0.2)},
        {"shares": (0.0, 1.5)}, {"value": "p"}, {"target": "x"}, {"infill": "noise"}, {"origin": "grey"},
    ],
)  # fmt: skip
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.InsertionDeletion(**options)
