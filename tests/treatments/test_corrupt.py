"""Corrupted samples: laws that hold for all 19 corruptions, and what the door refuses."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.treatments import CORRUPTIONS, corrupt
from fourierscope.treatments.corruptions import severities

NAMES = list(CORRUPTIONS)
STEPPED = ("pixelate", "jpeg_compression")  # a whole number of pixels, a whole quality


@pytest.fixture(autouse=True)
def _frost_may_be_synthetic():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Frost without pictures")
        yield


def patterned(count=4, channels=3, height=12, width=9, dtype=torch.uint8):
    """Smooth pictures with noise, so that every corruption has something to change."""
    generator = torch.Generator().manual_seed(count + height)
    coarse = torch.rand(count, channels, 3, 3, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=True)
    noisy = (0.8 * smooth + 0.2 * torch.rand(smooth.shape, generator=generator)).clamp(0, 1)
    return fs.Samples((noisy * 255).byte() if dtype == torch.uint8 else noisy, list(range(count)), "made")


@pytest.fixture(scope="module")
def photographs():
    return fs.open_samples("patches:test", limit=16)


def distance(before, after):
    """Mean L2 distance of images."""
    return float((after.batch() - before.batch()).flatten(1).norm(dim=1).mean())


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("name", NAMES)
def test_severity_0_leaves_the_images_as_they_are(name, dtype):
    samples = patterned(dtype=dtype)
    after = corrupt(samples, name, 0)
    assert torch.equal(after.images, samples.images)
    assert after.images.data_ptr() != samples.images.data_ptr()


@pytest.mark.parametrize("table", ["cifar", "imagenet"])
@pytest.mark.parametrize(("channels", "height", "width"), [(1, 11, 16), (3, 17, 10), (3, 12, 12)])
@pytest.mark.parametrize("name", NAMES)
def test_samples_keep_their_kind_on_any_plane(name, channels, height, width, table):
    samples = patterned(2, channels, height, width)
    kept = samples.images.clone()
    for severity in (0.5, 2.5, 5):
        after = corrupt(samples, name, severity, table)
        assert after.images.shape == samples.images.shape
        assert after.images.dtype == torch.uint8
        assert after.labels.tolist() == [0, 1]
    assert torch.equal(samples.images, kept)
    assert not torch.equal(after.images, kept) or (name, channels) == ("saturate", 1)


@pytest.mark.parametrize("severity", [0.4, 3, 4.5])
@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_corrupted_whatever_stands_beside_it(name, severity, monkeypatch):
    samples = patterned(5, dtype=torch.float32)
    whole = corrupt(samples, name, severity).images
    order = [3, 1, 4, 0, 2]
    assert torch.equal(corrupt(samples.subset(order), name, severity).images, whole[order])
    assert torch.equal(corrupt(samples.subset([2]), name, severity).images[0], whole[2])
    monkeypatch.setattr("fourierscope.treatments.corruptions.corrupting._BATCH", 2 * samples.images[0].numel())
    assert torch.equal(corrupt(samples, name, severity).images, whole)


@pytest.mark.parametrize("severity", [0.6, 2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_uint8_is_float_with_the_part_after_the_point_cut_off(name, severity):
    coarse = patterned()
    fine = fs.Samples(coarse.images.float() / 255)
    levels = corrupt(fine, name, severity).images * 255
    assert levels.dtype == torch.float32
    rest = levels - corrupt(coarse, name, severity).images
    assert float(rest.min()) > -0.001
    assert float(rest.max()) < 1


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("defocus_blur", "zoom_blur", "brightness")])
def test_the_seed_decides_what_is_left_to_chance(name):
    deterministic = name in ("contrast", "pixelate", "jpeg_compression", "gaussian_blur", "saturate")
    samples = patterned()
    first, again, other = (corrupt(samples, name, 5, seed=seed).images for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == deterministic


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize(
    "name",
    [
        *("gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "defocus_blur", "gaussian_blur"),
        *("brightness", "contrast", "jpeg_compression", "pixelate"),
    ],
)
def test_the_distance_grows_with_the_severity(name, dtype, photographs):
    samples = photographs if dtype == torch.uint8 else fs.Samples(photographs.batch())
    distances = [distance(samples, corrupt(samples, name, severity)) for severity in range(6)]
    assert all(one < other for one, other in pairwise(distances)), distances


@pytest.mark.parametrize("name", ["elastic_transform", "glass_blur", "saturate"])
def test_the_published_severities_of_three_corruptions_do_not_grow(name, photographs):
    distances = [distance(photographs, corrupt(photographs, name, severity)) for severity in range(1, 6)]
    assert distances != sorted(distances)


@pytest.mark.parametrize("table", ["cifar", "imagenet"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in STEPPED])
def test_a_little_more_severity_changes_little(name, table):
    samples = patterned(2, 3, 16, 16, torch.float32)
    for severity in (0, 1, 2.5, 4):
        here, there = (corrupt(samples, name, one, table) for one in (severity, severity + 1e-4))
        assert distance(here, there) < 0.05 * distance(samples, corrupt(samples, name, severity + 1, table))


@pytest.mark.parametrize("name", STEPPED)
def test_whole_numbers_step_between_the_severities(name):
    samples = patterned(2, 3, 32, 32)
    steps = {corrupt(samples, name, severity).digest for severity in np.linspace(3, 4, 21)}
    assert 3 < len(steps) <= 21


def test_between_two_rows_lie_their_means():
    assert severities.weighted_rows("contrast", 1.5, "cifar") == [(1.0, (0.625,))]
    assert severities.weighted_rows("contrast", 0.5, "cifar") == [(1.0, (0.875,))]
    assert severities.weighted_rows("fog", 0.5, "imagenet") == [(1.0, (0.75, 2))]
    assert severities.weighted_rows("glass_blur", 3.5, "cifar") == [(0.5, (0.4, 1, 1)), (0.5, (0.25, 1, 2))]
    assert severities.weighted_rows("elastic_transform", 0.5, "imagenet")[0][1][1] == pytest.approx(0.7 * 244 / 224)
    assert severities.weighted_rows("motion_blur", 3.25, "cifar") == [(0.75, (6, 2)), (0.25, (8, 2))]
    assert severities.weighted_rows("snow", 0.25, "cifar")[0] == (0.75, None)


@pytest.mark.parametrize("table", ["cifar", "imagenet"])
@pytest.mark.parametrize("name", NAMES)
def test_whole_severities_have_the_published_row_alone(name, table):
    rows = [severities.weighted_rows(name, severity, table) for severity in (1.0, 2.0, 3.0, 4.0, 5.0)]
    assert rows == [[(1.0, row)] for row in severities.TABLES[table][name]]


def test_mixed_pictures_are_the_means_of_those_of_the_neighbouring_rows():
    samples = patterned(dtype=torch.float32)
    low, between, high = (corrupt(samples, "motion_blur", severity).images for severity in (1, 1.25, 2))
    torch.testing.assert_close(between, 0.75 * low + 0.25 * high, atol=1e-6, rtol=0)


def test_the_name_tells_what_was_done():
    assert corrupt(patterned(), "fog", 3).name == "made corrupted by fog, severity 3, table cifar, seed 0"
    synthetic = corrupt(patterned(), "frost", 2.5, seed=7)
    assert synthetic.name == "made corrupted by frost (synthetic frost), severity 2.5, table cifar, seed 7"


@pytest.mark.parametrize(("side", "table"), [(64, "cifar"), (65, "imagenet")])
def test_auto_takes_the_table_of_the_size(side, table):
    samples = patterned(1, 1, 8, side)
    auto = corrupt(samples, "brightness", 5)
    assert f"table {table}," in auto.name
    assert torch.equal(auto.images, corrupt(samples, "brightness", 5, table).images)
    assert corrupt(samples, "brightness", 5, "cifar").digest != corrupt(samples, "brightness", 5, "imagenet").digest


def test_there_are_fifteen_corruptions_in_four_families_and_four_for_validation():
    families = [corruption.family for corruption in CORRUPTIONS.values() if corruption.test]
    assert {family: families.count(family) for family in families} == {
        "noise": 3,
        "blur": 4,
        "weather": 4,
        "digital": 4,
    }
    validation = [name for name, corruption in CORRUPTIONS.items() if not corruption.test]
    assert validation == ["speckle_noise", "gaussian_blur", "spatter", "saturate"]


@pytest.mark.parametrize(("name", "meant"), [("fogg", "fog"), ("gaussian_nois", "gaussian_noise"), ("jpeg", None)])
def test_an_unknown_corruption_is_answered_with_all_and_the_nearest(name, meant):
    with pytest.raises(ValueError, match=r"There are: gaussian_noise, shot_noise, .*, saturate") as caught:
        corrupt(patterned(), name, 1)
    assert (f"Did you mean {meant}?" in str(caught.value)) == (meant is not None)


@pytest.mark.parametrize("severity", [-1, -1e-9, 5.01, 6, float("nan"), float("inf"), "3", True, None])
def test_a_severity_outside_0_to_5_is_refused(severity):
    with pytest.raises(ValueError, match="A severity is a number from 0"):
        corrupt(patterned(), "fog", severity)


def test_what_does_not_fit_is_refused():
    with pytest.raises(TypeError, match="takes Samples; Tensor came"):
        corrupt(patterned().images, "fog", 1)
    with pytest.raises(ValueError, match='"cifar", "imagenet" and "auto"; \'tiny\' came'):
        corrupt(patterned(), "fog", 1, "tiny")
    with pytest.raises(ValueError, match=r"Grey \(1 channel\) and RGB \(3\)"):
        corrupt(patterned(channels=2), "fog", 1)
    with pytest.raises(ValueError, match="no effect on fog"):
        corrupt(patterned(), "fog", 1, frost="somewhere")
    with pytest.raises(TypeError, match="A seed is a whole number"):
        corrupt(patterned(), "fog", 1, seed=0.5)
