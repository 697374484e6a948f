"""What the page says of components: verdicts with numbers, and rates held against chance."""

import pytest
import torch

import fourierscope as fs
from fourierscope.reports.findings import findings
from fourierscope.reports.questions import questions


def told(result):
    return [one.says for one in findings(questions([result])[0])]


@pytest.fixture(scope="module")
def trial():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten(),
            torch.nn.Linear(4 * 36, 2),
        ).eval()  # fmt: skip
    images = torch.rand(60, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    classifier = fs.Classifier(network, "small")
    return fs.Trial(classifier, fs.Samples(images, classifier(images).argmax(1), "noise"))


def test_each_claim_is_told_with_its_verdict(trial):
    found = fs.FrequencyAudit((2, 3))(trial)
    said = told(found)
    assert said[0].startswith("The accuracy on clean images is 1 (")
    for line, claim in zip(said[1:], found["verdict"].claim.values, strict=True):
        assert line.lower().startswith(f"{claim}: ")
        verdicts = found["verdict"].sel(claim=claim).values
        for value, word in ((1, "robust at"), (0, "undecided at"), (-1, "switch-dependent at")):
            assert (word in line) == (value in verdicts)
    most = float(found["most"].sel(quantity="accuracy on high", radius=3))
    assert f"{most:.3f} with" in said[2]


def test_a_switch_that_is_left_out_is_told(trial):
    plain = fs.Trial(fs.Classifier(lambda images: images.flatten(1)[:, :2]), trial.samples)
    assert "left out" in told(fs.FrequencyAudit((2,))(plain))[-1]


def test_rates_of_predictions_are_told_beside_chance(trial):
    found = fs.HighFrequencyPredictions((2, 3), bn_stats="batch")(trial)
    said = told(found)
    assert said[0] == "Rescaling is none; batch norms divide by batch statistics."
    for line, (one, other) in zip(said[2:], [("high", "low"), ("low", "high")], strict=True):
        assert line.startswith(f"The {one} component is right and the {other} one wrong")
    rates = found["only_right"].sel(only="low")
    most = int(rates.values.argmax())
    surely = float(rates["only_right_low"][most]) > float(found["expected"].sel(only="low")[most])
    assert ("not surely more than" in said[3]) != surely


def test_no_such_image_is_told_too(trial):
    def deaf(images):
        return torch.tensor([[1.0, 0.0]]).repeat(len(images), 1)

    samples = fs.Samples(trial.samples.images, torch.zeros(60, dtype=torch.long))
    said = told(fs.HighFrequencyPredictions((2,))(fs.Trial(fs.Classifier(deaf), samples)))
    assert all("at no radius" in line for line in said[2:])


def test_the_page_draws_both_questions_for_two_classifiers(trial, tmp_path):
    other = fs.Trial(fs.Classifier(trial.classifier.network, "other", mean=0.1, std=1.0), trial.samples)
    asked = [fs.FrequencyAudit((2, 3)), fs.HighFrequencyPredictions((2, 3))]
    page = fs.report([one(each) for one in asked for each in (trial, other)], tmp_path / "page.html").read_text()
    assert "Not drawn" not in page
    for words in ("Frequency audit", "High frequency predictions", "small minus other", "high component"):
        assert words in page
