"""The report card of an average: rows by hand, what a linear classifier must give, claims, and doors."""

from math import sqrt

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.averaging_defence import Tried, _sanity
from fourierscope.analyses.defence_attacks import LEAST_VOTES, Defence, _votes, certified
from fourierscope.results import paired_rates
from fourierscope.theory.averaging import certified_radius
from fourierscope.treatments import apgd, just_across, post_average, square_attack

QUICK = {"radius": 0.3, "directions": 2, "steps": 4, "queries": 6, "redraws": 3, "noise": 10, "units": "pixel"}
ROWS = [
    "clean", "smallest changes, transferred", "full changes, transferred", "APGD-CE", "APGD-DLR", "Square",
    "worst of full size",
]  # fmt: skip


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def trial(count=24, seed=0, classes=4):
    """A random convolutional network on images labelled by its own predictions, some of them wrongly."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 6 * 5, classes)]
        network = nn.Sequential(*layers).eval()
    images = nn.functional.avg_pool2d(torch.rand(count, 3, 8, 7, generator=chance(seed + 1)), 3, 1, 1)
    classifier = fs.Classifier(network, "made", mean=0.5, std=0.1)
    with torch.no_grad():
        labels = classifier(images).argmax(1)
    labels[0] = (labels[0] + 1) % classes
    return fs.Trial(classifier, fs.Samples(images, labels))


def rights(classifier, samples):
    with torch.no_grad():
        return (classifier(samples.batch()).argmax(1) == samples.labels).numpy()


def test_every_row_is_its_attack_asked_by_hand():
    subject = trial(14)
    result = fs.AveragingDefence(**QUICK, eps=0.03)(subject)
    assert result["averaged"]["test"].values.tolist() == ROWS
    own = post_average(subject.classifier, 0.3, 2, per_input=True)
    averaged = fs.Trial(own, subject.samples)
    full = apgd(subject, eps=0.03, steps=4)
    attacks = {
        "clean": (subject.samples, subject.samples),
        "smallest changes, transferred": (just_across(subject, full),) * 2,
        "full changes, transferred": (full, full),
        "APGD-CE": (apgd(averaged, "ce", eps=0.03, steps=4), full),
        "APGD-DLR": (apgd(averaged, "dlr", eps=0.03, steps=4), apgd(subject, "dlr", eps=0.03, steps=4)),
        "Square": (square_attack(averaged, 0.03, 6), square_attack(subject, 0.03, 6)),
    }
    kept = []
    for row, (after, bare) in attacks.items():
        kept.append(rights(own, after))
        assert float(result["averaged"].sel(test=row)) == pytest.approx(kept[-1].mean())
        assert float(result["undefended"].sel(test=row)) == pytest.approx(rights(subject.classifier, bare).mean())
        drawn = [post_average(subject.classifier, 0.3, 2, per_input=True, seed=1000 * k) for k in (1, 2, 3)]
        again = [rights(one, after) for one in drawn]
        assert float(result["redrawn"].sel(test=row)) == pytest.approx(np.mean(again), abs=1e-6)
    worst = np.min(kept[2:], axis=0)
    assert float(result["averaged"].sel(test=ROWS[-1])) == pytest.approx(worst.mean())
    assert float(result["overclaimed"]) == pytest.approx(kept[1].mean() - worst.mean())
    fooled = rights(subject.classifier, subject.samples) & ~rights(subject.classifier, full)
    sizes = (just_across(subject, full).images - subject.samples.images).abs().flatten(1).amax(1).numpy()
    assert 0 < fooled.sum() < 14
    assert float(result["smallest_change"]) == pytest.approx(float(sizes[fooled].mean()), rel=1e-4)
    assert int(result["smallest_change_counts"]) == fooled.sum()
    assert int(result["n"]) == 14


def test_smallest_changes_look_like_a_defence_and_honest_attacks_undo_it():
    subject = trial(30)
    result = fs.AveragingDefence(**QUICK | {"steps": 6, "redraws": 1}, eps=0.04)(subject)
    averaged, undefended = (result[name].values for name in ("averaged", "undefended"))
    assert averaged[1] > undefended[1] + 0.2
    assert averaged[-1] <= undefended[2] + 0.05
    told = result["averaged"].attrs["told"]
    assert "the claim does not survive attacks that know of the average" in told
    assert "30 images" in told
    assert "13 points" in told
    assert float(result["overclaimed_low"]) > 0
    swept = result["swept"]
    assert swept["eps"].values.tolist() == pytest.approx([0, 2 / 255, 0.04, 64 / 255])
    assert bool((swept.diff("eps") <= 0).all())
    assert float(swept[0]) == pytest.approx(averaged[0])
    assert float(swept[-1]) == 0
    assert "as it must" in told
    assert int(result["without_gradient"]) == 0


def test_where_nothing_fooled_the_undefended_network_there_is_no_claim_and_no_smallest_change():
    subject = trial(5)
    right = fs.Samples(subject.samples.images[1:], subject.samples.labels[1:])
    result = fs.AveragingDefence(**QUICK, eps=1e-6, sweep=())(fs.Trial(subject.classifier, right))
    assert result["undefended"].values.tolist() == [1.0] * len(ROWS)
    assert "smallest_change" not in result
    wrong = fs.Samples(right.images, (right.labels + 1) % 4)
    found = fs.AveragingDefence(**QUICK, eps=1e-6, sweep=())(fs.Trial(subject.classifier, wrong))
    assert "has no image right: check labels" in found["averaged"].attrs["told"]
    assert (
        "Verdict: none, for full changes fooled the undefended classifier on no image"
        in result["averaged"].attrs["told"]
    )


def test_pieces_of_before_that_did_not_keep_who_felt_a_gradient_are_read():
    subject, question = trial(5), fs.AveragingDefence(**QUICK, eps=0.02, sweep=())
    pieces = {cell: question.measure(cell, subject) for cell in question.cells(subject)}
    whole = question.assemble(pieces, subject)
    old = {
        cell: {name: one for name, one in piece.items() if cell.test != "clean" or name != "felt"}
        for cell, piece in pieces.items()
    }
    assert question.assemble(old, subject)["averaged"].equals(whole["averaged"])


def test_directions_may_go_to_the_hyperplanes_of_a_named_layer():
    subject = trial(3)
    result = fs.AveragingDefence(**QUICK | {"directions": 6}, drawing="approx", layer="0", eps=0.02, sweep=())(subject)
    own = post_average(subject.classifier, 0.3, 6, "approx", layer="0")
    assert float(result["averaged"][0]) == rights(own, subject.samples).mean()
    with pytest.raises(ValueError, match=r"has 4 units.*Name a wider layer"):
        fs.AveragingDefence(**QUICK | {"directions": 6}, drawing="approx", eps=0.02)(subject)


def test_the_certificate_is_smaller_than_the_distance_of_a_linear_border():
    way = torch.randn(3, 8, 7, generator=chance(3))
    way /= way.norm()

    def network(images):
        height = ((images - 0.5) * way).sum((1, 2, 3)) * 50
        return torch.stack([-height, height], 1)

    distances = torch.tensor([0.001, 0.01, 0.05, 0.2, -0.05])
    images = 0.5 + distances.view(-1, 1, 1, 1) * way
    subject = fs.Trial(fs.Classifier(network), fs.Samples(images, [1] * 5))
    question = fs.AveragingDefence(**QUICK | {"noise": 100, "radius": 0.6}, eps=0.001, sweep=(0.2,))
    result = question(subject)
    found = result.dataset["certified_radius_outcomes"].values
    assert bool((found <= np.maximum(distances.numpy(), 0)).all())
    sigma = 0.6 / sqrt(3 * 8 * 7 + 2)
    assert found[3] == pytest.approx(sigma * 1.4985, rel=0.02)  # all votes: (1/1000)^(1/100) = .9333
    assert found[4] == 0
    assert float(result["reach"]) == pytest.approx(0.001 * sqrt(168))
    assert result["averaged"]["test"].values.tolist() == [one for one in ROWS if one != "APGD-DLR"]


def test_the_certificate_holds_along_the_channel_that_noise_moves_least():
    """Normalised by .1, .2 and .4, only the first channel counts: its noise is the narrowest, and its border exact."""

    def network(images):  # of images after normalisation
        return torch.stack([-images[:, 0].mean((1, 2)), images[:, 0].mean((1, 2))], 1)

    classifier = fs.Classifier(network, mean=(0.5,) * 3, std=(0.1, 0.2, 0.4))
    subject = fs.Trial(classifier, fs.Samples(torch.full((1, 3, 8, 7), 0.9), [1]))
    found = certified(subject, Defence(6.0, 2, "random", "normalised", "softmax", 1, 0), 100)["radius"]
    assert found.tolist() == pytest.approx([0.1 * 6 / sqrt(170) * 1.4985], rel=0.02)


@pytest.mark.parametrize(("later", "radius"), [([1] * 20, True), ([0] * 20, False), ([1] * 10 + [0] * 10, False)])
def test_the_draws_that_choose_a_class_do_not_vote_on_it(monkeypatch, later, radius):
    subject = trial(1)
    subject = fs.Trial(subject.classifier, fs.Samples(subject.samples.images, [1]))
    votes = iter([torch.tensor([1] * 20 + later)])
    monkeypatch.setattr("fourierscope.analyses.defence_attacks._votes", lambda *_: votes)
    found = certified(subject, Defence(0.5, 2, "random", "pixel", "softmax", 1, 0), 20)["radius"]
    assert bool(found[0] > 0) is radius


def test_rows_that_all_differ_are_put_together_as_told():
    """Cells written by hand, in two pieces of images, so that no row can stand for another."""
    subject, eps = trial(8), 0.02
    question = fs.AveragingDefence(**QUICK, eps=eps, sweep=(0.1,))
    drawn = np.random.default_rng(1)
    made = {
        name: {kind: drawn.random(8) < 0.8 for kind in ("bare", "averaged")} | {"redrawn": drawn.random(8)}
        for name in ROWS[:-1]
    }
    made["full changes, transferred"]["averaged"][:] = [False, False, *[True] * 6]
    felt = {"APGD-CE": np.arange(8) > 2, "APGD-DLR": np.arange(8) > 4}  # neither climbs at images 0 to 2
    swept = drawn.random(8) < 0.5
    measured = {}
    for cell in (Tried(test, eps, *ends) for test in ("clean", *ROWS[3:-1], "noise") for ends in ((0, 5), (5, 8))):
        some, names = slice(cell.start, cell.stop), ROWS[:3] if cell.test == "clean" else [cell.test]
        piece = (
            {kind: np.stack([made[one][kind][some] for one in names]) for kind in ("bare", "averaged", "redrawn")}
            if cell.test != "noise"
            else {"radius": np.ones(8)[some]}
        )
        measured[cell] = piece | {"felt": felt.get(cell.test, np.full(8, True))[some], "size": np.ones(8)[some]}
    measured |= {Tried("APGD-CE", 0.1, *ends): {"averaged": swept[slice(*ends)]} for ends in ((0, 5), (5, 8))}
    with pytest.warns(UserWarning, match="gradient of"):
        found = question.assemble(measured, subject)
    for name, kind in (("averaged", "averaged"), ("undefended", "bare"), ("redrawn", "redrawn")):
        rows = [made[one][kind] for one in ROWS[:-1]]
        rows.append(np.min(rows[2:], axis=0))
        assert found[name].values == pytest.approx(np.mean(rows, axis=1))
        if kind == "averaged":
            assert not np.array_equal(rows[-1], np.min(rows[3:-1], axis=0))
            gap = paired_rates(rows[1], rows[-1])
    shown = [float(found[one]) for one in ("overclaimed", "overclaimed_low", "overclaimed_high")]
    assert shown == pytest.approx([gap.value, gap.low, gap.high])
    assert int(found["without_gradient"]) == 3
    wanted = [made[one]["averaged"].mean() for one in ("clean", "APGD-CE")] + [swept.mean()]
    assert found["swept"].values == pytest.approx(wanted)


def test_noise_is_as_wide_as_the_ball_in_its_units():
    subject = trial(1)
    seen = []

    def network(images):
        seen.append(images)
        return torch.zeros(len(images), 2)

    held = fs.Trial(fs.Classifier(network, mean=(0.0,) * 3, std=(0.1, 0.2, 0.4)), subject.samples)
    list(_votes(held, Defence(5.0, 2, "random", "normalised", "softmax", 1, 0), 400))
    noise = torch.cat(seen) - (subject.samples.batch() / torch.tensor([0.1, 0.2, 0.4]).view(-1, 1, 1))
    assert float(noise.std()) == pytest.approx(5 / sqrt(170), rel=0.02)


@pytest.mark.parametrize("drawing", ["fixed", "approx"])
def test_averages_without_chance_are_asked_once(drawing):
    result = fs.AveragingDefence(**QUICK, drawing=drawing, eps=0.02, sweep=())(trial(6))
    assert result["redrawn"].values == pytest.approx(result["averaged"].values)
    assert "no eps from 0.251 on was tried" in result["averaged"].attrs["told"]


def test_cells_are_blocks_of_images_and_agree_with_one_block(monkeypatch):
    subject = trial(10)
    whole = fs.AveragingDefence(**QUICK, eps=0.02)(subject)
    monkeypatch.setattr("fourierscope.analyses.averaging_defence._PIECE", 4)
    pieces = fs.AveragingDefence(**QUICK, eps=0.02)(subject)
    for name in ("averaged", "undefended", "redrawn", "swept", "certified_radius"):
        assert pieces[name].values == pytest.approx(whole[name].values)


def deaf_to_some(images):
    """Logits without a gradient for images whose first pixel is white."""
    means = images.mean((1, 2, 3))
    heard = torch.where(images[:, 0, 0, 0] < 0.95, means, means.detach())
    return torch.stack([heard, 0.6 - heard, torch.zeros_like(heard)], 1)


def test_images_without_a_gradient_are_counted_over_all_cells(monkeypatch):
    """Which images share a cell must not matter: the last one holds nothing but one without a gradient."""
    images = torch.rand(5, 1, 4, 4, generator=chance()) * 0.4 + 0.3
    images[4, 0, 0, 0] = 1.0
    subject = fs.Trial(fs.Classifier(deaf_to_some), fs.Samples(images, [0] * 5))
    options = QUICK | {"radius": 0.03, "eps": 0.02, "sweep": ()}
    with pytest.warns(UserWarning, match="gradient of 1 of 5"):
        whole = fs.AveragingDefence(**options)(subject)
    monkeypatch.setattr("fourierscope.analyses.averaging_defence._PIECE", 4)
    with pytest.warns(UserWarning, match="gradient of 1 of 5"):
        pieces = fs.AveragingDefence(**options)(subject)
    assert int(whole["without_gradient"]) == int(pieces["without_gradient"]) == 1
    assert pieces["averaged"].values.tolist() == whole["averaged"].values.tolist()


def test_an_attack_that_does_nothing_is_told_from_a_defence():
    axes = fs.AveragingDefence(**QUICK, eps=0.02)(trial(6))["swept"]
    assert "more than an attack may leave" in _sanity(axes.copy(data=np.array([1.0, 0.9, 0.9, 0.8])))
    assert "rises with eps somewhere" in _sanity(axes.copy(data=np.array([1.0, 0.5, 0.9, 0.0])))


def test_it_is_drawn_and_told_on_a_page(tmp_path):
    result = fs.AveragingDefence(**QUICK, eps=0.02)(trial(6))
    fs.draw_together([result["averaged"], result["undefended"]], ["averaged", "undefended"])
    page = fs.report([result], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Verdict: " in page
    assert "The certified L2 radius of Gaussian smoothing" in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"vote": "hard"}, "vote is"),
        ({"steps": 0}, "steps is"),
        ({"queries": 0}, "queries is"),
        ({"redraws": 0}, "redraws is"),
        ({"noise": 1.5}, "noise is"),
        ({"noise": 9}, "noise is a whole number from 10 on; 9"),
        ({"radius": -1.0}, r"radius is a finite number above 0.*-1\.0 came"),
        ({"radius": 0.0}, "without which nothing is averaged"),
        ({"directions": 0}, "directions"),
        ({"drawing": "rnd"}, "drawing is random, fixed, approx; 'rnd' came"),
        ({"units": "pixels"}, "units is pixel or normalised; 'pixels' came"),
        ({"seed": -1}, "seed is a whole number from 0 on"),
        ({"layer": "0"}, 'goes with drawing="approx"'),
        ({"eps": 8.0}, "eps and sweep"),
        ({"sweep": (0.0,)}, "eps and sweep"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        fs.AveragingDefence(**options)


def test_fewer_votes_than_are_asked_for_prove_nothing():
    assert certified_radius(1.0, LEAST_VOTES - 1, LEAST_VOTES - 1) == 0
    assert certified_radius(1.0, LEAST_VOTES, LEAST_VOTES) > 0


def test_a_defence_that_cannot_be_made_is_refused_before_anything_is_attacked():
    subject = trial(3)
    plain = fs.Trial(fs.Classifier(lambda images: subject.classifier(images)), subject.samples)
    with pytest.raises(ValueError, match=r'does not normalise.*say units="pixel"'):
        fs.AveragingDefence(radius=1.0)(plain)
    with pytest.raises(ValueError, match="has 4 units"):
        fs.AveragingDefence(radius=1.0, drawing="approx")(subject)
    with pytest.raises(ValueError, match="no labels"):
        fs.AveragingDefence(radius=1.0)(fs.Trial(subject.classifier, fs.Samples(subject.samples.images)))
