"""Gains on the frequencies of kernels, and noise on the amplitudes of images."""

import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.fourier import Plane, to_spectrum
from fourierscope.theory.filters import band_form, energy
from fourierscope.training import AmplitudeNoise, PowerSpectrumNoise, SpectralModulatedConv2d, folded
from fourierscope.training.amplitude_noise import amplitude_noise, ring_places

SIZES = [(8, 8), (7, 9), (6, 5)]


def modulated(size=3, gains=(2.0, 1.0, 0.5, 0.1), **options):
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 6, size, padding=1, stride=2, groups=2, padding_mode="reflect")
    made = SpectralModulatedConv2d(layer, len(gains), **options)
    with torch.no_grad():
        made.raw_gains.copy_(torch.tensor(gains).expm1().log() - torch.tensor(1.0).expm1().log())
    return made


def pictures(*size, n=2):
    return 0.3 + 0.4 * torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [3, (5, 3), (1, 5)])
def test_a_modulated_convolution_folds_into_a_plain_one(size):
    made, maps = modulated(size).eval(), torch.rand(2, 4, 9, 10)
    plain = made.folded()
    assert type(plain) is nn.Conv2d
    torch.testing.assert_close(plain(maps), made(maps), atol=1e-6, rtol=0)
    network = nn.Sequential(nn.Sequential(made, nn.ReLU()), nn.Conv2d(6, 2, 1)).eval()
    once = folded(network)
    torch.testing.assert_close(once(maps), network(maps), atol=1e-6, rtol=0)
    assert type(once[0][0]) is nn.Conv2d
    assert isinstance(network[0][0], SpectralModulatedConv2d)


def test_at_the_start_nothing_is_modulated_and_the_layer_given_stays_apart():
    layer = nn.Conv2d(2, 3, 3)
    made, maps = SpectralModulatedConv2d(layer).eval(), torch.rand(1, 2, 6, 6)
    torch.testing.assert_close(made(maps), layer(maps), atol=1e-6, rtol=0)
    assert made.convolution.weight is not layer.weight


def test_kernels_are_those_of_a_padded_transform_in_the_limit():
    made, side = modulated(gains=(2.0, 0.5)).eval(), 512
    weight = made.convolution.weight.detach().double()
    steps = torch.fft.fftfreq(side).double()
    gain = torch.where(torch.hypot(steps[:, None], steps) < 0.25, 2.0, 0.5)
    wanted = torch.fft.ifft2(torch.fft.fft2(weight, s=(side, side)) * gain).real[..., :3, :3]
    torch.testing.assert_close(made.kernels().detach().double(), wanted, atol=1e-3, rtol=0)


def test_low_gains_make_kernels_low():
    low = modulated(gains=(2.0, 2.0, 0.01, 0.01)).eval()
    form = low.forms[:2].sum(0).double()
    share = [
        float(energy(one.double(), form).sum() / one.double().square().sum())
        for one in (low.convolution.weight.detach(), low.kernels().detach())
    ]
    assert share[1] > share[0] + 0.2


def test_noise_on_gains_is_there_in_training_alone():
    made = modulated(noise=0.3)
    first, second = made.kernels(), made.kernels()
    assert not torch.equal(first, second)
    torch.manual_seed(5)
    again = made.kernels()
    torch.manual_seed(5)
    assert torch.equal(made.kernels(), again)
    made.eval()
    assert torch.equal(made.kernels(), made.kernels())
    made.train()
    torch.testing.assert_close(made.folded().weight, made.eval().kernels())
    assert torch.equal(modulated(noise=0.0).kernels(), modulated(noise=0.0).eval().kernels())


def test_gains_learn_and_noise_does_where_asked():
    for learns in (False, True):
        made = modulated(learn_noise=learns)
        made(torch.rand(1, 4, 8, 8)).square().sum().backward()
        assert bool((made.raw_gains.grad != 0).all())
        assert made.raw_noise.requires_grad == learns
        assert (made.raw_noise.grad is not None) == learns
    with pytest.raises(ValueError, match="begins above 0"):
        modulated(noise=0.0, learn_noise=True)
    with pytest.raises(ValueError, match="rings is a whole number from 1 on"):
        SpectralModulatedConv2d(nn.Conv2d(1, 1, 3), 0)
    with pytest.raises(ValueError, match="one tap pass all frequencies alike: give a convolution of more taps"):
        SpectralModulatedConv2d(nn.Conv2d(3, 8, 1))
    assert SpectralModulatedConv2d(nn.Conv2d(3, 8, (1, 3))).gains.tolist() == pytest.approx([1] * 4)


@pytest.mark.parametrize("size", SIZES)
def test_noise_on_amplitudes_leaves_phases_and_the_mean_as_they_are(size):
    given = pictures(*size).double()
    noisy = amplitude_noise(given, torch.full((4,), 0.3).double(), torch.Generator().manual_seed(0))
    before, after = to_spectrum(given), to_spectrum(noisy)
    ratio = after / before
    torch.testing.assert_close(ratio.imag, torch.zeros_like(ratio.imag), atol=1e-6, rtol=0)
    assert float(ratio.real.min()) > 0
    torch.testing.assert_close(noisy.mean((2, 3)), given.mean((2, 3)))
    assert float((noisy - given).abs().max()) > 0.01


def test_the_noise_is_normal_with_the_strength_of_its_ring_at_every_frequency():
    size, strengths = (6, 7), torch.tensor([0.1, 0.2, 0.3]).double()
    given = pictures(*size, n=1).double().expand(3000, -1, -1, -1)
    noisy = amplitude_noise(given, strengths, torch.Generator().manual_seed(0))
    logs = (to_spectrum(noisy).abs() / to_spectrum(given).abs()).log()
    wanted = strengths[ring_places(Plane(*size), 3)]
    wanted[3, 3] = 0
    torch.testing.assert_close(logs.std((0, 1)), wanted, atol=0.01, rtol=0.03)
    torch.testing.assert_close(logs.mean((0, 1)), torch.zeros(size).double(), atol=0.02, rtol=0)


def test_the_module_is_noise_in_training_alone_and_stays_within_0_and_1():
    noise, given = PowerSpectrumNoise(4, 0.9, 1.0), pictures(8, 8)
    noisy = noise(given)
    assert not torch.equal(noisy, given)
    assert 0 <= float(noisy.min()) <= float(noisy.max()) <= 1
    assert torch.equal(noise.eval()(given), given)
    assert noise.strengths.tolist() == pytest.approx([0.9] * 4)


def test_each_image_and_channel_has_noise_of_its_own():
    given = pictures(7, 8, n=1)[:, :1].expand(400, 2, -1, -1).double()
    noisy = amplitude_noise(given, torch.full((3,), 0.3).double(), torch.Generator().manual_seed(0))
    logs = (to_spectrum(noisy).abs() / to_spectrum(given).abs()).log()[..., 3, 5]  # (400, 2)
    apart = torch.corrcoef(torch.stack([logs[:, 0], logs[:, 1], logs[:, 0].roll(1)]))
    assert float((apart - torch.eye(3)).abs().max()) < 0.2


def test_noise_of_a_recipe_stays_within_0_and_1():
    given = pictures(8, 8)
    noisy = AmplitudeNoise((0.9,) * 4)(None, given, None, torch.Generator().manual_seed(0))
    assert (float(noisy.min()), float(noisy.max())) == (0, 1)


def test_strengths_learn_by_ascent():
    noise, given = PowerSpectrumNoise(4, 0.2), pictures(8, 8)
    optimiser = torch.optim.SGD(noise.parameters(), 20.0, maximize=True)
    for step in range(5):
        optimiser.zero_grad()
        loss = (noise(given, torch.Generator().manual_seed(step)) - given).square().mean()
        loss.backward()
        optimiser.step()
    assert float(noise.strengths[0]) > 0.2
    fixed = noise.fixed()
    assert fixed.strengths == tuple(noise.strengths.tolist())
    perturbed = fixed(None, given, None, torch.Generator().manual_seed(3))
    torch.testing.assert_close(perturbed, noise(given, torch.Generator().manual_seed(3)))
    assert fixed.trace()["kind"] == "AmplitudeNoise"


def test_strengths_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="between 0 and most"):
        PowerSpectrumNoise(8, 2.0)
    with pytest.raises(ValueError, match="which is finite"):
        PowerSpectrumNoise(8, 0.3, float("inf"))
    for made in (lambda: PowerSpectrumNoise(2.5), lambda: SpectralModulatedConv2d(nn.Conv2d(1, 1, 3), 2.5)):
        with pytest.raises(TypeError, match="rings is a whole number"):
            made()
    with pytest.raises(ValueError, match="one finite number from 0 on"):
        AmplitudeNoise((0.1, -0.1))
    for other in (0.3, "abc", None, (0.1, "a")):
        with pytest.raises(TypeError, match=r"for each ring, such as \(0\.3, 0\.3\); .* came"):
            AmplitudeNoise(other)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (pictures(8, 8) * 255, r"values from .* to .* came: divide by 255"),
        (pictures(8, 8) * 4 - 2, "normalise after the noise"),
        (torch.full((1, 3, 8, 8), float("nan")), "some hold NaN"),
        (pictures(8, 8)[0], r"\(n, c, h, w\) in \[0, 1\]; torch.float32 of shape \(3, 8, 8\) came"),
        (pictures(8, 8)[0, 0], r"shape \(8, 8\) came"),
        (pictures(8, 8).mul(255).byte(), "torch.uint8 of shape"),
        (pictures(8, 8).numpy(), "a tensor; .* came"),
    ],
)
def test_what_are_no_images_from_0_to_1_gets_no_noise(images, says):
    for noise in (PowerSpectrumNoise(), lambda given: AmplitudeNoise()(None, given, None, torch.Generator())):
        with pytest.raises((TypeError, ValueError), match=says):
            noise(images)


def test_rings_reach_to_the_corners():
    places = ring_places(Plane(8, 8), 5)
    assert int(places[4, 4]) == 0
    assert int(places[0, 0]) == 4
    assert int(places[4, 0]) == int(0.5 / (2**-0.5) * 5) == 3


def test_weight_decay_leads_gains_to_one_and_noise_to_its_start():
    made = SpectralModulatedConv2d(nn.Conv2d(2, 3, 3), 2, noise=0.3, learn_noise=True)
    with torch.no_grad():
        made.raw_gains.add_(1.0)
        made.raw_noise.add_(2.0)
        for one in (made.raw_gains, made.raw_noise):
            one.mul_(0)  # what decay does in the end
    assert made.gains.tolist() == pytest.approx([1.0, 1.0], abs=1e-6)
    torch.manual_seed(0)
    noise = torch.randn(2)
    torch.manual_seed(0)
    form = torch.einsum("b,bpq->pq", (0.3 * noise).exp(), made.forms)
    wanted = (made.convolution.weight.flatten(2) @ form).reshape(3, 2, 3, 3)
    torch.testing.assert_close(made.train().kernels(), wanted, atol=1e-6, rtol=0)


def test_rings_of_dilated_kernels_are_in_cycles_per_pixel_of_the_maps():
    made = SpectralModulatedConv2d(nn.Conv2d(1, 1, 3, dilation=2), 2)
    torch.testing.assert_close(made.forms[0].double(), band_form(3, 0, 0.25, 2), atol=1e-6, rtol=0)


def test_kernels_that_are_not_in_use_are_neither_shown_nor_smoothed():
    network = nn.Sequential(SpectralModulatedConv2d(nn.Conv2d(3, 4, 3)), nn.Flatten(), nn.LazyLinear(2)).eval()
    network(torch.rand(1, 3, 8, 8))
    classifier = fs.Classifier(network)
    samples = fs.Samples(torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 0, 1]))
    with pytest.raises(ValueError, match="fold it first"):
        fs.KernelSpectrum()(fs.Trial(classifier, samples))
    with pytest.raises(ValueError, match="fold it first"):
        fs.treatments.smooth_kernels(classifier, 0.5)
    fs.treatments.smooth_kernels(fs.Classifier(folded(network)), 0.5)
    with pytest.raises(TypeError, match=r"a Classifier came: write folded\(classifier\.network\)"):
        folded(classifier)
    with pytest.raises(TypeError, match=r"torch\.nn\.Module; an? int came\."):
        folded(3)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_layers_of_other_precisions_are_modulated_in_their_own(kind, noise):
    layer, maps = nn.Conv2d(2, 3, 3).to(kind), torch.rand(1, 2, 5, 6).to(kind)
    made = SpectralModulatedConv2d(layer, noise=noise)
    assert made(maps).dtype == kind
    torch.testing.assert_close(made.eval()(maps), layer(maps), atol=3 * torch.finfo(kind).eps, rtol=0)
    assert made.folded().weight.dtype == kind


def test_a_modulated_layer_that_stands_twice_is_one_plain_layer_in_both_places():
    shared = SpectralModulatedConv2d(nn.Conv2d(3, 3, 3, padding=1))
    with torch.no_grad():
        shared.raw_gains.copy_(torch.tensor([1.0, 0.0, -1.0, -2.0]))
    network = nn.Sequential(shared, nn.ReLU(), shared, nn.Sequential(nn.Tanh(), shared)).eval()
    plain, maps = folded(network), torch.rand(1, 3, 7, 6)
    torch.testing.assert_close(plain(maps), network(maps), atol=1e-6, rtol=0)
    assert type(plain[0]) is nn.Conv2d
    assert plain[0] is plain[2] is plain[3][1]
    assert network[2] is shared
