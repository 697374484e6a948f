"""The audit: a claim that batch norm turns round, known by construction; and every number written out again."""

from itertools import combinations

import numpy as np
import pytest
import torch
from components_made import bright, noisy

import fourierscope as fs
from fourierscope.analyses.claims import Audit
from fourierscope.analyses.component_answers import HOUSE
from fourierscope.results.intervals import paired_means, wilson
from fourierscope.results.measured import unpacked
from fourierscope.treatments.batch_statistics import batch_statistics
from fourierscope.treatments.components import components


@pytest.mark.parametrize("size", [(8, 8), (9, 6), (7, 9)])
def test_batch_norm_turns_the_claim_that_high_components_tell_the_class(size):
    found = fs.FrequencyAudit((2, 3), rescales=("none", "std"))(bright(size))
    high = found["high_accuracy"]
    for setting in high.setting.values:
        _, statistics, cut = setting.split(", ")
        if cut != "soft":
            assert float(high.sel(setting=setting, radius=2)) == (0.5 if statistics == "running" else 1.0)
    assert float(high.sel(setting="none, running, soft", radius=2)) == 0.5
    at = {"radius": 2}
    assert int(found["verdict"].sel(claim="accuracy on high", **at)) == -1
    assert int(found["verdict"].sel(claim="high beats chance", **at)) == -1
    assert float(found["spread"].sel(quantity="accuracy on high", **at)) == 0.5
    assert float(found["high_moved"].sel(switch="batch-norm statistics", **at)) == 0.5
    told = found["verdict"].attrs["told"]
    assert "Accuracy on high: switch-dependent at radius 2 (0.500 with none, running, hard below to 1.000" in told
    assert "moved most by batch-norm statistics, 0.500)" in told


def test_a_number_that_no_switch_moves_is_robust():
    trial = bright(count=400)
    found = fs.FrequencyAudit((3,), bn_stats=("running",), masks=("hard",))(trial)
    at = {"radius": 3}
    assert float(found["spread"].sel(quantity="accuracy on low", **at)) == 0
    assert int(found["verdict"].sel(claim="accuracy on low", **at)) == 1
    assert float(found["holds"].sel(comparison="low beats chance", **at)) == 1
    assert int(found["verdict"].sel(claim="low beats chance", **at)) == 1
    assert float(found["holds"].sel(comparison="high beats low", **at)) == 0
    assert int(found["verdict"].sel(claim="high beats low", **at)) == 1


def settings(found):
    return [one.split(", ") for one in found["low_accuracy"].setting.values]


def quantities(found):
    low, high = (unpacked(found.dataset, f"{kept}_accuracy").astype(float) for kept in ("low", "high"))
    return {"low": low, "high": high, "lead": high - low}


@pytest.mark.parametrize("normed", [True, False])
def test_spreads_movements_and_verdicts_are_those_written_out(normed):
    trial = noisy(normed=normed)
    found = fs.FrequencyAudit((1, 2, 3), tolerance=0.1)(trial)
    names = settings(found)
    switches = ["rescaling", *(["batch-norm statistics"] if normed else []), "mask", "edge"]
    for (name, outcomes), told in zip(quantities(found).items(), found["spread"]["quantity"].values, strict=True):
        rates = outcomes.mean(-1)
        assert found[f"{name}_moved"].switch.values.tolist() == switches
        for place, radius in enumerate((1, 2, 3)):
            at = {"quantity": told, "radius": radius}
            least, most = rates[:, place].argmin(), rates[:, place].argmax()
            assert float(found["least"].sel(**at)) == pytest.approx(rates[least, place])
            assert float(found["most"].sel(**at)) == pytest.approx(rates[most, place])
            assert float(found["spread"].sel(**at)) == pytest.approx(rates[most, place] - rates[least, place])
            wide = paired_means(outcomes[most, place], outcomes[least, place])
            assert float(found["spread"].sel(**at)["spread_low"]) == pytest.approx(float(wide.low), abs=0.03)
            for switch in switches:
                moved = [0.0]
                for a, b in combinations(range(len(names)), 2):
                    cuts = sorted((names[a][2], names[b][2]))
                    differs = [
                        names[a][0] != names[b][0],
                        names[a][1] != names[b][1],
                        "soft" in cuts and cuts[0] != cuts[1],
                    ]
                    differs.append(cuts == ["hard below", "hard within"])
                    if (
                        sum(differs) == 1
                        and differs[["rescaling", "batch-norm statistics", "mask", "edge"].index(switch)]
                    ):
                        moved.append(abs(rates[a, place] - rates[b, place]))
                assert float(found[f"{name}_moved"].sel(switch=switch, radius=radius)) == pytest.approx(max(moved))


def test_verdicts_follow_from_their_definition():
    found = fs.FrequencyAudit((1, 2, 3), tolerance=0.2)(noisy(count=300))
    spread, verdict = found["spread"], found["verdict"]
    for kept in ("low", "high"):
        wide = spread.sel(quantity=f"accuracy on {kept}")
        numbers = verdict.sel(claim=f"accuracy on {kept}").values
        assert (numbers == np.where(wide.spread_high <= 0.2, 1, np.where(wide.spread_low > 0.2, -1, 0))).all()
        sure = wilson(found[f"{kept}_accuracy"].values, 300).low > 1 / 3
        assert np.allclose(found["holds"].sel(comparison=f"{kept} beats chance"), sure.mean(0))
        mixed = sure.any(0) & ~sure.all(0)
        wanted = np.where(~mixed, 1, np.where(wide.spread_low > 0, -1, 0))
        assert (verdict.sel(claim=f"{kept} beats chance").values == wanted).all()
    assert set(np.unique(verdict)) <= {-1, 0, 1}


def audited(rights, count, tolerance=0.05, chance=0.1):
    """An audit of two settings whose high components are right for the first so many images, at one radius."""
    pair = [HOUSE, HOUSE._replace(rescale="max")]
    high = np.array([[np.arange(count) < right] for right in rights])
    return Audit(np.zeros_like(high), high, pair, (4,), chance, tolerance)


@pytest.mark.parametrize(
    ("rights", "comparison", "number"),
    [
        ((29, 28), 0, 1),  # one setting surely above chance and one not, by a single image
        ((60, 28), -1, -1),
        ((62, 50), 1, 0),  # apart by six hundredths, and perhaps by less than five
        ((20, 10), 1, 0),
        ((60, 60), 1, 1),
    ],
)
def test_what_chance_may_have_done_is_undecided(rights, comparison, number):
    audit = audited(rights, 200)
    assert audit.verdict("high beats chance").tolist() == [comparison]
    assert audit.verdict("accuracy on high").tolist() == [number]


@pytest.mark.parametrize("statistics", ["running", "batch", "recalibrated"])
def test_each_setting_is_what_the_network_says_of_that_component(statistics):
    trial = noisy(count=50)
    found = fs.FrequencyAudit((2,), bn_stats=(statistics,))(trial)
    images, network = trial.samples.batch(), trial.classifier.network
    for kept in ("low", "high"):
        for rescale, _, cut in settings(found):
            mask, edge = (*cut.split(), "below")[:2]
            part = (components(images, 2, kept, edge, mask, rescale) - 0.5) / 0.25
            with (
                torch.no_grad(),
                batch_statistics(network, statistics, [part] if statistics == "recalibrated" else None),
            ):
                right = float((network(part).argmax(1) == trial.samples.labels).float().mean())
            name = f"{rescale}, {statistics}, {cut}"
            assert float(found[f"{kept}_accuracy"].sel(setting=name, radius=2)) == pytest.approx(right)


def test_a_network_without_batch_norm_has_no_such_switch_and_it_is_told():
    found = fs.FrequencyAudit((2,))(noisy(normed=False))
    assert found["low_accuracy"].sizes["setting"] == 12
    assert "batch-norm statistics" not in found["low_moved"].switch.values
    assert "no batch norm" in found["verdict"].attrs["told"]
    with_norm = fs.FrequencyAudit((2,))(noisy())
    assert with_norm["low_accuracy"].sizes["setting"] == 36
    assert "no batch norm" not in with_norm["verdict"].attrs["told"]


def test_the_batch_of_a_run_changes_nothing_and_neither_do_workers_or_the_network():
    trial = noisy(count=250)
    before = {name: one.clone() for name, one in trial.classifier.network.state_dict().items()}
    question = fs.FrequencyAudit((2,), rescales=("std",))
    once, again = fs.run(question, trial), fs.run(question, trial, batch=7)
    assert np.array_equal(once["high_accuracy"].values, again["high_accuracy"].values)
    assert all(torch.equal(one, before[name]) for name, one in trial.classifier.network.state_dict().items())


def test_two_networks_compare_setting_by_setting():
    question = fs.FrequencyAudit((1, 2), rescales=("none",))
    first, second = (question(noisy(seed=seed)) for seed in (0, 7))
    other = fs.Trial(noisy(seed=7).classifier, noisy().samples)
    gap = (first - question(other))["high_accuracy"]
    assert gap.dims == ("setting", "radius")
    with pytest.raises(ValueError, match="same images"):
        first - second


@pytest.mark.parametrize(
    "options",
    [
        {"radii": ()}, {"radii": (0,)}, {"radii": (2, 2)}, {"rescales": ("255",)}, {"rescales": ()},
        {"bn_stats": ("train",)}, {"masks": ("hard", "hard")}, {"edges": ("<",)}, {"tolerance": 0.0},
        {"tolerance": float("nan")},
    ],
    ids=str,
)  # fmt: skip
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.FrequencyAudit(**options)
