"""What is of the wrong kind is told at once, with what to write: subjects of questions, options of questions."""

import numpy as np
import pytest
import torch

import fourierscope as fs

SAMPLES = fs.Samples(torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(0)), [0, 1, 0, 1])
CLASSIFIER = fs.Classifier(lambda images: images[:, 0, :2, 0])
TRIAL = fs.Trial(CLASSIFIER, SAMPLES)
PAIR = fs.Pair(SAMPLES, SAMPLES)


@pytest.mark.parametrize(
    ("question", "subject", "said"),
    [
        (fs.HeatMap(), SAMPLES, r"HeatMap takes a Trial; Samples came. Write fs.Trial\("),
        (fs.HeatMap(), CLASSIFIER, "takes a Trial; Classifier came"),
        (fs.Robustness("fgsm"), PAIR, "takes a Trial; Pair came"),
        (fs.ShiftSpectrum(), SAMPLES, r"ShiftSpectrum takes a Pair; Samples came. Write fs.Pair\("),
        (fs.HighFrequencyShare(), TRIAL, "takes a Pair; Trial came"),
        (fs.PowerSpectrum(), TRIAL, "PowerSpectrum takes Samples; Trial came. Write its .samples"),
        (fs.PowerSpectrum(), PAIR, r"takes Samples; Pair came. Write fs.Samples\("),
        (fs.PowerSpectrum(), fs.Samples, "the class Samples came"),
    ],
)
def test_a_subject_of_another_kind_is_told_with_the_one_that_fits(question, subject, said):
    with pytest.raises(TypeError, match=said):
        question(subject)


def test_an_analysis_of_an_analysis_takes_its_subject():
    class Finer(fs.HeatMap):
        """A heat map by another name."""

    with pytest.raises(TypeError, match="Finer takes a Trial"):
        Finer()(SAMPLES)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: fs.CorruptionProfile(corruptions=["fog", "snow"]),
            'corruptions is a text; .*Write corruptions="fog,snow"',
        ),
        (lambda: fs.CorruptionProfile(corruptions=("fog",)), 'Write corruptions="fog"'),
        (
            lambda: fs.CorruptionProfile(severities=3),
            r"severities is a tuple of numbers; 3 came. Write severities=\(3,\)",
        ),
        (lambda: fs.CorruptionProfile(severities="3"), "severities is a tuple of numbers"),
        (lambda: fs.Robustness("fgsm", 0.1), r"Write strengths=\(0.1,\)"),
        (lambda: fs.Robustness("fgsm", np.array([0.1, 0.2])), "strengths is a tuple of numbers"),
        (lambda: fs.Robustness(fs.treatments.pgd), "treatment is a text; .* came. Functions have no place here"),
        (lambda: fs.LayerHeatMap(layers="nope"), r"Write layers=\('nope',\)"),
        (lambda: fs.LayerHeatMap(layers=(3, 7)), "layers is a tuple of texts"),
        (lambda: fs.HeatMap(norm="4"), "norm is a number; '4' came"),
        (lambda: fs.HeatMap(crop="4"), "crop is a number"),
        (lambda: fs.HeatMap(seed=None), "seed is a number; None came"),
        (lambda: fs.BandNoise(bandwidths=7), r"Write bandwidths=\(7,\)"),
    ],
)
def test_an_option_of_another_kind_is_told_when_the_question_is_made(make, said):
    with pytest.raises(TypeError, match=said):
        make()


def test_options_of_their_own_kinds_pass():
    assert fs.HeatMap(norm=np.float32(2), crop=None, seed=np.int64(3)).crop is None
    assert fs.PassCurve(sizes=[1, 3]).sizes == [1, 3]
    assert fs.HeatMap(score=lambda outputs, labels: outputs[:, 0]).norm == 4.0
