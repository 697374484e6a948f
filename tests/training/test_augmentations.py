"""Augmentations: what each does to an image, that it stays an image, and that chance is the generator's alone."""

import pytest
import torch

from fourierscope.fourier import Plane, to_spectrum, wave
from fourierscope.fourier.plane import Frequency
from fourierscope.subjects import Pair, Samples
from fourierscope.training import Affine, AugMix, AutoAugment, Crops, Flips, OnlyComponent, ShapedNoise, Tints

ALL = [Flips(rows=True), Tints(0.2), Crops(2), Affine(), AutoAugment(), AugMix()]


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("augmentation", ALL, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 9, 6)])
def test_images_stay_images_and_follow_from_the_generator(augmentation, shape):
    images = torch.rand(6, *shape, generator=chance(3))
    held, state = images.clone(), torch.random.get_rng_state()
    first, again = augmentation(images, chance(1)), augmentation(images, chance(1))
    assert first.shape == images.shape
    assert first.dtype == images.dtype
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert torch.equal(first, again)
    assert torch.equal(images, held)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not torch.equal(torch.stack([augmentation(images, chance(seed)) for seed in range(2, 8)]).amax(0), first)
    assert augmentation.trace()["kind"] == type(augmentation).__name__


def test_a_flip_mirrors_about_half_of_the_images_and_nothing_else():
    images = torch.rand(400, 3, 4, 5, generator=chance(1))
    columns = Flips()(images, chance())
    mirrored = (columns == images.flip(3)).flatten(1).all(1)
    same = (columns == images).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert 150 < int(mirrored.sum()) < 250
    rows = Flips(columns=False, rows=True)(images, chance())
    assert bool(((rows == images.flip(2)).flatten(1).all(1) ^ (rows == images).flatten(1).all(1)).all())


def test_a_tint_moves_each_channel_of_each_image_as_a_whole():
    moved = Tints(0.2)(torch.full((500, 3, 4, 5), 0.5), chance()) - 0.5
    assert bool((moved == moved[:, :, :1, :1]).all())
    offsets = moved[:, :, 0, 0]
    assert float(offsets.abs().max()) <= 0.2 + 1e-6
    assert float(offsets.std()) == pytest.approx(0.2 / 3**0.5, rel=0.05)
    assert abs(float(torch.corrcoef(offsets.T)[0, 1])) < 0.15


def test_a_crop_moves_an_image_by_whole_pixels_each_way_equally_often():
    images = torch.zeros(900, 2, 7, 9)
    images[:, :, 3, 4] = 1
    moved = Crops(1)(images, chance())
    assert bool((moved.sum((2, 3)) == 1).all())
    assert torch.equal(moved[:, 0], moved[:, 1])
    places = moved[:, 0].mean(0)
    assert float(places[2:5, 3:6].sum()) == pytest.approx(1)
    assert float(places[2:5, 3:6].min()) > 0.07
    bright = Crops(2)(torch.ones(50, 1, 5, 5), chance())  # what comes in is black
    assert 0 < float((bright == 0).float().mean()) < 0.6


def test_an_affine_change_of_nothing_is_the_identity_and_a_turn_keeps_the_middle():
    images = torch.rand(4, 3, 9, 6, generator=chance(2))
    torch.testing.assert_close(Affine(0.0, (1.0, 1.0), 0.0)(images, chance()), images, atol=1e-5, rtol=0)
    spot = torch.zeros(20, 1, 9, 9)
    spot[:, :, 4, 4] = 1
    turned = Affine(90.0, (1.0, 1.0), 0.0)(spot, chance())
    torch.testing.assert_close(turned[:, 0, 4, 4], torch.ones(20), atol=1e-4, rtol=0)


def test_a_turn_keeps_lengths_on_oblong_planes():
    """A spot three pixels right of the middle stays three pixels from it."""
    spot = torch.zeros(40, 1, 9, 15)
    spot[:, :, 4, 10] = 1
    turned = Affine(80.0, (1.0, 1.0), 0.0)(spot, chance())[:, 0]
    rows, columns = torch.meshgrid(torch.arange(9.0) - 4, torch.arange(15.0) - 7, indexing="ij")
    weight = turned.sum((1, 2))
    distance = ((turned * rows).sum((1, 2)) / weight).hypot((turned * columns).sum((1, 2)) / weight)
    assert float((distance - 3).abs().max()) < 0.35


def test_auto_augment_leaves_out_what_it_is_told():
    from fourierscope.subjects.torchvision_import import torchvision_module

    seen = []
    original = torchvision_module().transforms.AutoAugment.forward

    def watched(self, image):
        seen.append({name for policy in self.policies for name, _, _ in policy})
        return original(self, image)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torchvision_module().transforms.AutoAugment, "forward", watched)
        AutoAugment()(torch.rand(1, 3, 8, 8), chance())
    assert "Posterize" in seen[0] or "Equalize" in seen[0]
    assert not {"Brightness", "Contrast"} & seen[0]


def test_a_misspelt_operation_is_told():
    with pytest.raises(ValueError, match=r"Operations are .*; brightness came"):
        AutoAugment(without=("brightness",))(torch.rand(1, 3, 8, 8), chance())


@pytest.mark.parametrize(
    "made",
    [lambda: Tints(1.5), lambda: Crops(0), lambda: Affine(scale=(1.2, 0.9)), lambda: AugMix(severity=11)],
)
def test_a_number_that_fits_no_augmentation_is_refused(made):
    with pytest.raises(ValueError, match="came"):
        made()


def test_two_channels_are_refused_where_pictures_are_needed():
    with pytest.raises(ValueError, match="1 or 3 channels; 2 came"):
        AugMix()(torch.rand(1, 2, 8, 8), chance())


@pytest.mark.parametrize("shape", [(8, 8), (9, 6)])
def test_shaped_noise_has_the_magnitude_of_the_change_it_is_like(shape):
    plane = Plane(*shape)
    change = 0.01 * wave(plane, Frequency(1, 2)).float()
    before = Samples(torch.full((10, 1, *shape), 0.5))
    noise = ShapedNoise.like(Pair(before, Samples(before.images + change)))
    drawn = noise(lambda one: one, torch.full((4000, 1, *shape), 0.5), torch.zeros(4000), chance()) - 0.5
    power = to_spectrum(drawn).abs().square().mean((0, 1))
    expected = to_spectrum(change).abs().square()
    torch.testing.assert_close(power, expected, rtol=0.1, atol=1e-9)
    assert float(power.sum()) == pytest.approx(1e-4, rel=0.1)


def test_noise_that_no_real_image_has_is_refused():
    lopsided = torch.zeros(8, 8)
    lopsided[4, 6] = 1
    with pytest.raises(ValueError, match="the same at a frequency and its partner"):
        ShapedNoise(lopsided)
    with pytest.raises(ValueError, match="This noise is for images of"):
        ShapedNoise(torch.ones(8, 8))(lambda one: one, torch.rand(2, 3, 9, 9), torch.zeros(2), chance())


def test_only_a_component_is_learned_and_nothing_is_clipped():
    images = torch.rand(4, 3, 9, 6, generator=chance())
    low, high = (OnlyComponent(2, kept)(images, chance()) for kept in ("low", "high"))
    assert torch.allclose(low + high, images, atol=1e-6)
    assert float(high.min()) < 0
    radius = Plane(9, 6).radius()
    assert float(to_spectrum(low)[..., radius >= 2].abs().max()) < 1e-5
    assert OnlyComponent(2, "high").trace() == {
        "kind": "OnlyComponent", "radius": 2, "kept": "high", "rescale": "none"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "says"), [((0,), "above 0"), ((2, "middle"), "low or high"), ((2, "low", "most"), "rescale")]
)
def test_a_component_that_is_none_is_refused(options, says):
    with pytest.raises(ValueError, match=says):
        OnlyComponent(*options)
