"""Response spectra along lines: known functions, exact against sampled, and what is refused."""

from math import pi

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.line_spectrum import Line, _of_samples


def images(count=4, height=5, width=6):
    return fs.Samples(torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(0)))


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(30, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 3))


def trial(one=None, samples=None):
    return fs.Trial(fs.Classifier(one or network(), "net", 0.5, 0.25), samples or images())


def test_a_linear_network_has_no_response_spectrum():
    torch.manual_seed(2)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(30, 3))
    result = fs.LineSpectrum(direction="pairs", frequencies=(1, 2))(trial(linear))
    assert float(result["energy"].max()) < 1e-20
    assert result["pieces"] == 1


def test_a_sine_along_the_line_has_its_frequency_alone():
    asked = trial()
    question = fs.LineSpectrum(length=2.0, method="sampled", frequencies=(1, 2, 3, 4), points=64)
    start, end = question._ends(Line(0), asked)
    way = ((end - start) / (end - start).norm()).flatten()

    def wavy(given):
        place = (given.flatten(1) - start.flatten()) @ way / 2.0
        return torch.stack([torch.sin(2 * pi * 3 * place), 0 * place], dim=1)

    one = fs.Trial(fs.Classifier(wavy, "wavy"), images(1))
    energy = question(one)["energy"].values
    np.testing.assert_allclose(energy, [0, 0, 0.25, 0], atol=1e-6)


@pytest.mark.parametrize("direction", ["pairs", "random"])
def test_many_samples_come_near_the_exact_transform(direction):
    options = {"direction": direction, "length": 6.0, "frequencies": (1, 3, 8)}
    exact = fs.LineSpectrum(**options)(trial())
    sampled = fs.LineSpectrum(**options, method="sampled", points=8000)(trial())
    np.testing.assert_allclose(sampled["energy"], exact["energy"], rtol=1e-3)
    assert float(exact["pieces"]) > 3


def test_the_error_of_few_samples_is_told_and_grows_with_frequency():
    wrong = fs.LineSpectrum(length=20.0, frequencies=(1, 90))(trial())["sampling_error"]
    assert float(wrong.sel(frequency=1)) < 0.05
    assert float(wrong.sel(frequency=90)) > 5 * float(wrong.sel(frequency=1))


def test_the_bend_bounds_the_transform():
    result = fs.LineSpectrum(length=20.0, frequencies=(1, 5, 40))(trial(samples=images(1)))
    bound = float(result["bend"]) / (2 * pi * result["energy"]["frequency"].values) ** 2
    assert (np.sqrt(result["energy"].values) <= bound * (1 + 1e-9)).all()


def test_lines_follow_from_the_seed_and_the_image_alone():
    few, more = trial(samples=images(2)), trial(samples=images(4))
    for line in (Line(0), Line(1)):
        for one, other in zip(fs.LineSpectrum()._ends(line, few), fs.LineSpectrum()._ends(line, more), strict=True):
            assert torch.equal(one, other)
    start, end = fs.LineSpectrum(length=3.0)._ends(Line(0), few)
    assert float((end - start).norm()) == pytest.approx(3, abs=1e-5)
    torch.testing.assert_close((start + end) / 2, few.samples.batch(0, 1)[0])
    other = fs.LineSpectrum(seed=1, length=3.0)._ends(Line(0), few)[1]
    assert not torch.equal(other, end)


def test_a_line_between_images_never_stays_where_it_is():
    asked = trial()
    for image in range(4):
        start, end = fs.LineSpectrum(direction="pairs")._ends(Line(image), asked)
        assert not torch.equal(start, end)
        assert torch.equal(start, asked.samples.batch(image, image + 1)[0])


def test_the_discrete_transform_is_that_of_numpy():
    values = np.random.default_rng(3).normal(size=(16, 2))
    wanted = np.fft.fft(values, axis=0)[[1, 5]] / 16
    np.testing.assert_allclose(_of_samples(values, np.array([1.0, 5.0])), wanted)


def test_what_does_not_fit_is_told():
    with pytest.raises(TypeError, match="plain function"):
        fs.LineSpectrum()(fs.Trial(fs.Classifier(lambda given: given.flatten(1)[:, :3]), images()))
    with pytest.raises(TypeError, match="Tanh"):
        fs.LineSpectrum()(trial(nn.Sequential(nn.Flatten(), nn.Linear(30, 3), nn.Tanh())))
    with pytest.raises(ValueError, match="two images"):
        fs.LineSpectrum(direction="pairs")(trial(samples=images(1)))
    for options, says in [
        ({"direction": "up"}, "pairs or random"),
        ({"method": "guessed"}, "exact or sampled"),
        ({"length": 0.0}, "above 0"),
        ({"frequencies": (0,)}, "from 1 on"),
        ({"frequencies": ()}, "from 1 on"),
        ({"method": "sampled", "points": 20}, "up to 10"),
    ]:
        with pytest.raises(ValueError, match=says):
            fs.LineSpectrum(**options)
