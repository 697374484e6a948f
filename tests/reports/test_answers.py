"""The sentences of the questions about changes and treatments, made from their numbers."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.figures.form import number
from fourierscope.papers.exhibit import Reading
from fourierscope.papers.reading import apart
from fourierscope.reports import told
from fourierscope.reports.blocks import blocks
from fourierscope.reports.findings import findings
from fourierscope.reports.questions import questions, shortened


def interval(values):
    return f"{number(values)} ({number(values[values.attrs['low']])} to {number(values[values.attrs['high']])})"


@pytest.fixture(scope="module")
def trials():
    images = torch.rand(24, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    weight = torch.randn(2, 3, 192, generator=torch.Generator().manual_seed(1))
    labels = (images.flatten(1) @ weight[0].T).argmax(1)
    networks = [torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3)).eval() for _ in range(2)]
    for network, one in zip(networks, weight, strict=True):
        with torch.no_grad():
            network[1].weight.copy_(one)
            network[1].bias.zero_()
    samples = fs.Samples((255 * images).byte(), labels)
    return [fs.Trial(fs.Classifier(one, name), samples) for one, name in zip(networks, ("right", "other"), strict=True)]


@pytest.fixture(scope="module")
def pair(trials):
    before = trials[0].samples
    change = torch.randint(-9, 9, before.images.shape, generator=torch.Generator().manual_seed(2))
    change[:3] = 0
    return fs.Pair(before, fs.Samples((before.images.int() + change).clamp(0, 255).byte(), before.labels))


def test_a_shift_spectrum_tells_size_extremes_and_ratio(pair):
    found = fs.ShiftSpectrum()(pair)
    said = " ".join(told(found))
    ring = found["profile"]
    most = ring[int(ring.values.argmax())]
    assert f"largest at radius {number(most.radius)}, {interval(most)}" in said
    assert f"The ratio of low to high frequencies is {interval(found['low_high_ratio'])}" in said
    nothing = fs.ShiftSpectrum()(fs.Pair(pair.before, pair.before))
    assert "There is no ratio here" in " ".join(told(nothing))


def test_a_share_tells_its_interval_and_the_images_left_out(pair):
    found = fs.HighFrequencyShare(5)(pair)
    (said,) = told(found)
    assert f"bandwidth 5 lies a share of {interval(found['share'])}" in said
    assert "3 of 24 images did not change" in said


def test_band_noise_tells_the_extremes_of_either_band_and_what_clipping_leaves(trials):
    found = fs.BandNoise(norm=3.0)(trials[0])
    said = " ".join(told(found))
    for band in ("low", "high"):
        curve = found["accuracy"].sel(noise=band)[1:]
        least = curve[int(curve.values.argmin())]
        assert f"noise of {band} frequencies the accuracy is lowest at bandwidth {number(least.bandwidth)}" in said
        assert interval(least) in said
    left = found["effective_norm"].values[:, 1:]
    assert f"clipping leaves {number(left.min())} to {number(left.max())}" in said
    assert "clipping" not in " ".join(told(fs.BandNoise(norm=3.0, clip=False)(trials[0])))


def test_robustness_tells_where_half_of_the_accuracy_is_gone(trials):
    found = fs.Robustness("fgsm", (0.0, 0.02, 0.2))(trials[0])
    said = " ".join(told(found))
    halved = [float(one.strength) for one in found["accuracy"] if float(one) <= 0.5]
    assert halved
    assert f"takes half of the clean accuracy is {number(halved[0])}" in said
    assert f"lowest, {interval(found['accuracy'][int(found['accuracy'].values.argmin())])}" in said
    assert "At none of these strengths" in " ".join(told(fs.Robustness("fgsm", (0.0, 1e-6))(trials[0])))
    assert "At all of these strengths" in " ".join(told(fs.Robustness("fgsm", (0.3, 0.4))(trials[0])))


def test_a_profile_and_a_trade_off_tell_extremes_slope_and_residual(trials):
    question = fs.CorruptionProfile("contrast,gaussian_noise,brightness", (1, 5), 5)
    profiles = [question(trial) for trial in trials]
    said = " ".join(told(profiles[1]))
    least = profiles[1]["corruption_accuracy"][int(profiles[1]["corruption_accuracy"].values.argmin())]
    assert f"lowest under {str(least.corruption.values).replace('_', ' ')}, {interval(least)}" in said
    assert f"all 3 corruptions and their severities is {interval(profiles[1]['mean_error'])}" in said
    line = fs.trade_off(profiles[1], profiles[0], draws=100)
    said = " ".join(told(line))
    assert "From right to other, accuracy" in said
    assert f"slope {interval(line['slope'])}" in said
    assert "The accuracy of other minus that of right is highest under" in said
    assert "that of the classifier named first minus that of the second" in questions([line])[0].note
    assert f"residual sum of squares {interval(line['residual'])}, over 3 corruptions" in said


def test_of_one_strength_or_corruption_no_extreme_is_told(trials):
    said = told(fs.Robustness("fgsm", (0.0,))(trials[0]))
    assert said[1:] == [
        "Under fgsm the accuracy is 1 (0.862 to 1) at eps 0.",
        "That is more than half of the clean accuracy (0.500).",
    ]
    assert "That is at most half" in " ".join(told(fs.Robustness("fgsm", (0.3,))(trials[0])))
    said = " ".join(told(fs.CorruptionProfile("brightness", (1, 5), 5)(trials[0])))
    assert "lowest" not in said
    assert "highest" not in said
    assert "The accuracy under brightness, " in said
    rising = fs.Robustness("fgsm", (0.0, 0.2))(trials[0])
    rising.dataset["accuracy"][:] = [0.2, 0.4]
    assert "lowest" not in " ".join(told(rising))


def test_how_far_an_attack_moved_the_images_is_no_difference_of_classifiers(trials):
    results = [fs.Robustness("pgd-linf", (0.01, 0.02))(trial) for trial in trials]
    results[1].dataset["change_outcomes"][:] = 5.0
    (question,) = questions(results)
    assert (question.differences[0].result["change_significant"] == 1).all()
    said = " ".join(one.says for one in findings(question) if " minus " in one.about)
    assert "The change of" not in said
    assert "accuracy" in said
    assert "difference in change" not in [one.heading for one in blocks(question)]
    assert "difference in accuracy" in [one.heading for one in blocks(question)]


def test_changes_of_other_images_are_compared_as_independent(pair):
    quiet = fs.Pair(pair.before, fs.Samples(pair.before.images.int().clamp(4, 250).byte(), pair.before.labels, "cut"))
    smooth = fs.Pair(pair.before, fs.treatments.corrupt(pair.before, "brightness", 3))
    first, second = (fs.ShiftSpectrum(2.0)(one) for one in (pair, smooth))
    (question,) = questions([first, second])
    (said,) = [one.says for one in findings(question) if " minus " in one.about]
    found = Reading(*(float(first[f"low_high_ratio{side}"]) for side in ("", "_low", "_high")), 24)
    other = Reading(*(float(second[f"low_high_ratio{side}"]) for side in ("", "_low", "_high")), 24)
    expected = apart(found, other)
    assert f"{number(expected.value)} ({number(expected.low)} to {number(expected.high)})" in said
    assert ("lower" in said) == (expected.high < 0)
    assert "as independent" in said
    assert "side by side" in question.note
    (same,) = [one.says for one in findings(questions([first, first])[0]) if " minus " in one.about]
    assert "does not differ surely: 0 (" in same
    with pytest.raises(ValueError, match=r"fs.report\(\[first, second\]\)"):
        first - fs.ShiftSpectrum(2.0)(quiet)


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["a under PGD, seed 0, on natural", "a under PGD, seed 0, on robust"], ["natural", "robust"]),
        (["a fog severity 3, seed 0", "a fog severity 5, seed 0"], ["severity 3", "severity 5"]),
        (["a fog 3", "a contrast 3"], ["fog", "contrast"]),
        (["a", "a fog"], ["a", "a fog"]),
        (["a (1)", "a (2)"], ["a (1)", "a (2)"]),
        (["one alone"], ["one alone"]),
    ],
    ids=str,
)
def test_short_names_tell_what_differs(names, short):
    assert shortened(names) == short


def test_the_page_holds_every_new_question_and_its_differences(trials, pair, tmp_path):
    asked = [
        fs.BandNoise(norm=3.0),
        fs.Robustness("gaussian-noise", (0.0, 0.3)),
        fs.CorruptionProfile("contrast,gaussian_noise,brightness", (1, 5), 5),
        fs.LayerHeatMap(stride=2),
        fs.HarmonicDistortion(second=(1, -1)),
    ]
    results = [question(trial) for question in asked for trial in trials]
    results += [fs.ShiftSpectrum()(pair), fs.HighFrequencyShare(5)(pair), fs.trade_off(*results[4:6], draws=100)]
    page = fs.report(results, tmp_path / "page.html").read_text()
    assert "Not drawn" not in page
    for words in (
        "right minus other",
        "Corruption profile",
        "Layer heat map",
        "Harmonic distortion",
        "Trade off",
        "under low noise",
    ):
        assert words in page


def test_layers_are_told_one_by_one(trials):
    found = fs.LayerHeatMap(stride=2)(trials[0])
    said = told(found)
    assert len(said) == found["relative_change"].sizes["layer"] == 2
    plane = found["relative_change"][0].values
    assert f"the mean over all waves is {number(np.mean(plane))}" in said[0]


def test_harmonic_distortion_is_told_from_the_first_layer_to_the_last(trials):
    bent = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(192, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)
    ).eval()
    trial = fs.Trial(fs.Classifier(bent), trials[0].samples)
    found = fs.HarmonicDistortion(second=(1, -1), layers=("1", "2", "output"))(trial)
    said = told(found)
    distortion, higher = found["distortion"], found["higher_harmonics"].values
    most = int(distortion.values.argmax())
    layers = ("1", "2", "output")
    assert f"goes from 1, {interval(distortion[0])}, to output, {interval(distortion[2])}" in said[0]
    assert (
        f"lowest in 1, {interval(distortion[0])}, and highest in {layers[most]}, {interval(distortion[most])}"
        in said[0]
    )
    assert most > 0
    assert f"Above harmonic 16 lies a share of at most {number(higher.max())} of the energy." in said[2]
    tone = found["intermodulation_difference"]
    most = int(tone.values.argmax())
    assert f"the one at their difference in {layers[most]}, {interval(tone[most])}" in said[3]
    alone = told(fs.HarmonicDistortion(layers=("2",))(trial))
    assert alone[0].startswith("The total harmonic distortion is that of 2, ")
    assert len(alone) == 3


def test_too_few_points_are_told(trials):
    def sawtooth(images):
        return (20 * (images.flatten(1)[:, :3] - 0.5)).frac()

    found = fs.HarmonicDistortion(points=8)(fs.Trial(fs.Classifier(sawtooth), trials[0].samples))
    assert float(found["higher_harmonics"][0]) > 0.01
    assert "take more points" in told(found)[2]
