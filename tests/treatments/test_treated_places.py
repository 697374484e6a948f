"""Every treatment of samples knows where its images stood in the set that they were drawn from."""

import pytest
import torch

import fourierscope as fs
from fourierscope.treatments import TREATMENTS, treated

WEIGHT = torch.linspace(-1, 1, 3 * 64).reshape(192, 1) * torch.tensor([[1.0, -1.0]])


@pytest.mark.parametrize("word", ["corruption:fog", "gaussian-noise", "low-pass", "high-pass", "fgsm", "wave-search"])
def test_a_treatment_leaves_labels_classes_and_places(word):
    images = torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    samples = fs.Samples(images, torch.arange(8) % 2, classes=("even", "odd")).subset([5, 2, 7])
    after = treated(
        fs.Trial(fs.Classifier(lambda given: given.flatten(1) @ WEIGHT), samples), word, TREATMENTS[word].strengths[1]
    )
    assert after.places.tolist() == [5, 2, 7]
    assert after.classes == samples.classes
    assert torch.equal(after.labels, samples.labels)
    assert not torch.equal(after.batch(), samples.batch())
