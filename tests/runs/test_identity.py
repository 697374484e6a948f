"""What makes two questions, or two classifiers, different ones for a store."""

import pytest
import torch

import fourierscope as fs

SAMPLES = fs.Samples(torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 2)
LIMIT = 0.5


class Turned(torch.nn.Module):
    def forward(self, images):
        means = images.mean((1, 2, 3))
        return torch.stack([means, 1 - means], 1)


class TurnedBack(Turned):
    def forward(self, images):
        return 1 - super().forward(images)


TurnedBack.__name__ = TurnedBack.__qualname__ = "Turned"


def asked(network, store, score="flips"):
    return fs.run(fs.HeatMap(score=score), fs.Trial(fs.Classifier(network, name="network"), SAMPLES), store=store)


def test_a_network_with_other_code_in_forward_is_another(tmp_path):
    asked(Turned().eval(), tmp_path / "store")
    with pytest.raises(fs.StoreError, match="answers"):
        asked(TurnedBack().eval(), tmp_path / "store")


def test_a_network_with_a_hook_is_another(tmp_path):
    network = Turned().eval()
    asked(network, tmp_path / "store")
    network.register_forward_hook(lambda module, given, outputs: -outputs)
    with pytest.raises(fs.StoreError, match="answers"):
        asked(network, tmp_path / "store")


def summed(columns):
    return lambda outputs, labels: outputs[:, columns].sum(1)


def within(allowed):
    return eval(f"lambda outputs, labels: (outputs.argmax(1) * 0.0) + (1.0 if 1 in {allowed} else 0.0)")


def keyed(weight):
    def score(outputs, labels, *, weight=weight):
        return outputs[:, 0] * weight

    return score


@pytest.mark.parametrize(
    ("one", "other"),
    [(summed([0]), summed([0, 1])), (within("{0, 1}"), within("{0, 2}")), (keyed(1.0), keyed(2.0))],
    ids=["list", "set", "keyword"],
)
def test_score_functions_that_hold_other_constants_are_others(one, other, tmp_path):
    asked(Turned().eval(), tmp_path / "store", one)
    asked(Turned().eval(), tmp_path / "store", one)
    with pytest.raises(fs.StoreError, match="score"):
        asked(Turned().eval(), tmp_path / "store", other)


def test_a_score_function_that_reads_another_global_is_another(tmp_path, monkeypatch):
    def score(outputs, labels):
        return (outputs[:, 0] > LIMIT).float()

    asked(Turned().eval(), tmp_path / "store", score)
    monkeypatch.setitem(globals(), "LIMIT", 0.6)
    with pytest.raises(fs.StoreError, match="score"):
        asked(Turned().eval(), tmp_path / "store", score)
