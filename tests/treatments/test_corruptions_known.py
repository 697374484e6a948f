"""Each corruption where the answer is known: by construction, or written a second time and slowly."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from skimage.color import hsv2rgb, rgb2hsv

import fourierscope as fs
from fourierscope.treatments import corrupt
from fourierscope.treatments.corruptions import blur, digital, noise, sampling, spatter, weather
from fourierscope.treatments.corruptions.frost import synthetic_frost
from fourierscope.treatments.corruptions.plasma import plasma

PLANES = [(32, 32), (9, 14), (12, 7)]


def streams(count, seed=0):
    return [np.random.default_rng([seed, one]) for one in range(count)]


def images(count=2, channels=3, height=9, width=14, seed=0):
    return np.random.default_rng(seed).random((count, channels, height, width))


def even(level, count=8, channels=3, side=32):
    return fs.Samples(torch.full((count, channels, side, side), level))


# noise


@pytest.mark.parametrize(("table", "deviation"), [("cifar", 0.10), ("imagenet", 0.38)])
def test_the_fifth_gaussian_noise_has_its_published_deviation_before_clipping(table, deviation):
    added = corrupt(even(0.5), "gaussian_noise", 5, table).images - 0.5
    inside = float((added.abs() < 0.05).float().mean())  # what clipping cannot touch tells the deviation before it
    expected = 2 * torch.distributions.Normal(0, deviation).cdf(torch.tensor(0.05)).item() - 1
    assert abs(inside - expected) < 0.01
    if table == "cifar":
        assert abs(float(added.std()) - deviation) < 5 * deviation / (2 * added.numel()) ** 0.5


def test_shot_noise_counts_light():
    flat = np.full((1, 3, 64, 64), 0.4)
    noisy = noise.shot_noise(flat, (1 / 50,), streams(1))
    np.testing.assert_allclose(noisy * 50, np.rint(noisy * 50), atol=1e-9)
    assert abs(noisy.mean() - 0.4) < 5 * (0.4 / 50 / noisy.size) ** 0.5
    assert noisy.var() == pytest.approx(0.4 / 50, rel=0.06)
    assert noise.shot_noise(np.zeros((1, 1, 4, 4)), (1 / 50,), streams(1)).max() == 0


@pytest.mark.parametrize(("level", "chance", "count"), [(0.02, 0.36, 0), (0.02, 0.38, 1), (0.02, 0.74, 2)])
def test_shot_noise_inverts_the_poisson_distribution(level, chance, count):
    class Fixed:  # P(0) = 0.3679, P(0 or 1) = 0.7358 at a mean of 1
        def random(self, shape):
            return np.full(shape, chance)

    assert noise.shot_noise(np.full((1, 1, 1, 1), level), (1 / 50,), [Fixed()]).item() == pytest.approx(count / 50)


def test_impulse_noise_makes_its_share_black_or_white_and_leaves_the_rest():
    after = corrupt(even(0.4), "impulse_noise", 5).images
    changed = after != np.float32(0.4)
    count = after.numel()
    assert abs(float(changed.float().mean()) - 0.07) < 5 * (0.07 * 0.93 / count) ** 0.5
    assert set(after[changed].tolist()) == {0.0, 1.0}
    assert abs(float(after[changed].mean()) - 0.5) < 5 * 0.5 / float(changed.sum()) ** 0.5
    assert bool((changed[:, 0] != changed[:, 1]).any())
    weaker = corrupt(even(0.4), "impulse_noise", 2).images != np.float32(0.4)
    assert bool((weaker <= changed).all())


def test_speckle_noise_is_in_proportion_to_brightness():
    bright, dark = (corrupt(even(level, side=8), "speckle_noise", 1).images / level - 1 for level in (0.5, 0.25))
    assert float(bright.std()) == pytest.approx(0.06, rel=0.1)
    assert float(dark.std()) == pytest.approx(0.06, rel=0.1)
    assert float(corrupt(even(0.0, side=8), "speckle_noise", 5).images.max()) == 0


# blur


@pytest.mark.parametrize("radius", [0.3, 0.5, 1, 1.5, 3, 6])
def test_a_defocused_point_is_a_disc_of_the_same_light(radius):
    kernel = blur.defocus_kernel(radius, 0.3)
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_allclose(kernel, kernel.T, atol=1e-15)
    assert len(kernel) == 2 * int(radius) + 3  # the disc and the softened edge


def test_a_defocus_below_radius_1_is_a_gaussian_of_three_pixels():
    side = np.exp(-1 / (2 * 0.4**2))
    weights = np.array([side, 1, side]) / (1 + 2 * side)
    np.testing.assert_allclose(blur.defocus_kernel(0.3, 0.4), np.outer(weights, weights))


def test_defocus_mirrors_about_the_outermost_pixels():
    given = np.arange(12.0).reshape(1, 1, 3, 4) / 12
    weights = blur.defocus_kernel(1, 0.2)
    padded = np.pad(given[0, 0], 2, mode="reflect")  # NumPy's word for it
    slow = sum(weights[y, x] * padded[y : y + 3, x : x + 4] for y in range(5) for x in range(5))
    np.testing.assert_allclose(blur.defocus_blur(given, (1, 0.2), [])[0, 0], slow)


@pytest.mark.parametrize(("reach", "passes"), [(1, 1), (1, 2), (2, 1), (3, 2)])
def test_the_swap_of_glass_is_a_copy(reach, passes):
    given = np.rint(images(1, 3, 13, 11) * 255) / 255
    pixels = given[0].transpose(1, 2, 0).copy()
    (chance,) = streams(1, 5)
    for _ in range(passes):
        drawn = chance.random((2, 13, 11))
        for y in range(13 - reach, reach, -1):
            for x in range(11 - reach, reach, -1):
                down, right = (int(2 * reach * one) - reach for one in drawn[:, y, x])
                pixels[y, x], pixels[y + down, x + right] = pixels[y + down, x + right], pixels[y, x]  # of views
    found = blur.glass_blur(given, (0.05, reach, passes), streams(1, 5))
    np.testing.assert_allclose(found[0], pixels.transpose(2, 0, 1), atol=1e-12)
    assert len(np.unique(pixels)) < len(np.unique(given))


def test_a_moved_point_is_smeared_to_one_side():
    point = np.zeros((3, 1, 9, 14))
    point[:, :, 4, 9] = 1
    weights = blur.motion_weights(2, 2.0)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights[1] / weights[0], np.exp(-0.125))
    level, up, slant = blur.moved(point, 2, 2.0, np.array([0.0, -90.0, 45.0]))[:, 0]
    rounded = np.rint(weights * 255) / 255
    np.testing.assert_allclose(level[4, 5:10], rounded[::-1])
    np.testing.assert_allclose(up[4:9, 9], rounded)
    twice = np.rint((weights[1] + weights[2]) * 255) / 255  # at 45 degrees the first two steps meet the same pixel
    np.testing.assert_allclose([slant[4, 9], slant[3, 8]], [rounded[0], twice])
    assert [np.count_nonzero(one.sum(0)) for one in (level, up)] == [5, 1]


def test_movement_repeats_the_outermost_pixels_and_keeps_even_pictures():
    flat = np.full((4, 3, 6, 5), 51 / 255)
    np.testing.assert_array_equal(blur.motion_blur(flat, (6, 1), streams(4)), flat)


def test_angles_of_motion_lie_within_45_degrees():
    wide = np.zeros((60, 1, 31, 31))
    wide[:, :, 15, 15] = 1
    rows, columns = np.nonzero(blur.motion_blur(wide, (6, 4), streams(60)).max((0, 1)))
    assert columns.max() == 15
    assert (np.abs(rows - 15) <= np.abs(columns - 15)).all()
    assert {np.sign(one) for one in rows - 15} == {-1, 0, 1}


@pytest.mark.parametrize(("height", "width"), PLANES)
@pytest.mark.parametrize("factor", [1, 1.01, 1.04, 1.07, 1.25, 2.25, 4.5])
def test_zooming_is_that_of_scipy_about_the_centre(factor, height, width):
    given = images(1, 2, height, width)
    crops, trims, made = [], [], []
    for side in (height, width):
        kept = int(np.ceil(side / factor))
        crops.append(slice((side - kept) // 2, (side - kept) // 2 + kept))
    slow = ndimage.zoom(given[:, :, crops[0], crops[1]], (1, 1, factor, factor), order=1)
    for side, made in zip((height, width), slow.shape[2:], strict=True):
        trims.append(slice((made - side) // 2, (made - side) // 2 + side))
    np.testing.assert_allclose(sampling.zoomed(given, factor), slow[:, :, trims[0], trims[1]], atol=1e-12)


def test_zoom_blur_is_the_mean_of_the_published_numbers_of_pictures():
    counts = [len(np.arange(1, end, 0.01)) for end in (1.06, 1.11, 1.16, 1.21, 1.26)]
    assert counts == [7, 12, 16, 21, 26]
    given = images()
    slow = (given + sum(sampling.zoomed(given, 1 + 0.01 * step) for step in range(7))) / 8
    np.testing.assert_allclose(blur.zoom_blur(given, (1.06, 0.01), []), slow, atol=1e-9)


@pytest.mark.parametrize(("edge", "mode"), [("mirror", "mirror"), ("reflect", "reflect")])
def test_reading_between_pixels_is_that_of_scipy(edge, mode):
    given = images(2, 1, 6, 9)
    places = np.random.default_rng(3).uniform(-20, 25, (2, 2, 6, 9))
    found = sampling.bilinear(given, places[0], places[1], edge)
    padded = np.pad(given, ((0, 0), (0, 0), (40, 40), (40, 40)), mode="reflect" if edge == "mirror" else "symmetric")
    slow = [ndimage.map_coordinates(padded[i, 0], places[:, i] + 40, order=1) for i in range(2)]
    np.testing.assert_allclose(found[:, 0], slow, atol=1e-12)


# weather


def test_brightness_of_a_grey_picture_is_added():
    for channels in (1, 3):
        after = corrupt(even(0.4, 1, channels, 8), "brightness", 4).images
        np.testing.assert_allclose(after, 0.6, atol=1e-6)
    assert float(corrupt(even(0.0, 1, 3, 8), "brightness", 5).images.min()) == pytest.approx(0.3)
    assert float(corrupt(even(0.9, 1, 3, 8), "brightness", 5).images.max()) == 1


def test_brightness_raises_the_value_of_hue_saturation_value():
    given = images(1)
    colours = rgb2hsv(given[0].transpose(1, 2, 0))
    colours[..., 2] = np.clip(colours[..., 2] + 0.3, 0, 1)
    np.testing.assert_allclose(weather.brightness(given, (0.3,), [])[0], hsv2rgb(colours).transpose(2, 0, 1), atol=1e-9)


@pytest.mark.parametrize("side", [32, 5, 16])
def test_plasma_is_built_from_squares_and_diamonds(side):
    heights = plasma(streams(2, 1), side, 1.75)
    size = {32: 32, 5: 8, 16: 16}[side]
    assert heights.shape == (2, size, size)
    random = [2 * one.random((size, size)) - 1 for one in streams(2, 1)]
    for held, drawn in zip(heights, random, strict=True):
        slow, step, roughness = np.zeros((size, size)), size, 1.0
        while step > 1:
            half = step // 2
            for y in range(half, size, step):
                for x in range(half, size, step):
                    near = [slow[(y + a) % size, (x + b) % size] for a in (-half, half) for b in (-half, half)]
                    slow[y, x] = np.mean(near) + roughness * drawn[y, x]
            for y in range(0, size, half):
                for x in range(0, size, half):
                    if (y + x) // half % 2:
                        around = ((-half, 0), (half, 0), (0, -half), (0, half))
                        near = [slow[(y + a) % size, (x + b) % size] for a, b in around]
                        slow[y, x] = np.mean(near) + roughness * drawn[y, x]
            step, roughness = half, roughness / 1.75**2
        slow -= slow.min()
        np.testing.assert_allclose(held, slow / slow.max(), atol=1e-12)
    assert (heights.min(), heights.max()) == (0, 1)


def test_fog_keeps_the_brightest_value_and_lies_on_black_pictures_not_at_all():
    given = images(2, 3, 9, 14) * 0.7
    haze = plasma(streams(2), 14, 2.5)[:, None, :9, :14]
    top = given.max((1, 2, 3), keepdims=True)
    found = weather.fog(given, (0.75, 2.5), streams(2))
    np.testing.assert_allclose(found * (top + 0.75) / top, given + 0.75 * haze)
    assert float(corrupt(even(0.0, 1), "fog", 5).images.max()) == 0


def test_snow_without_flakes_makes_the_picture_paler():
    given = images(2, 3, 9, 14)
    found = weather.snow(given, (0.1, 0.2, 1, 9.0, 8, 3, 0.8), streams(2))
    light = (given * np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)).sum(1, keepdims=True)
    np.testing.assert_allclose(found, 0.8 * given + 0.2 * np.maximum(given, 1.5 * light + 0.5))


def test_snow_falls_with_its_turned_copy_on_every_channel_alike():
    black = np.zeros((2, 3, 10, 7))
    flakes = weather.snow(black, (0.3, 0.3, 1.25, 0.65, 4, 3, 1.0), streams(2))
    assert flakes.max() > 0.1
    np.testing.assert_allclose(flakes, flakes[:, :, ::-1, ::-1])
    np.testing.assert_array_equal(flakes[:, 0], flakes[:, 2])


def test_snow_falls_more_down_than_across():
    flakes = weather.snow(np.zeros((30, 1, 32, 32)), (0, 0.3, 1, 0.6, 10, 6, 1.0), streams(30))
    down, across = (np.abs(np.diff(flakes, axis=axis)).mean((1, 2, 3)) for axis in (2, 3))
    assert (down < across).mean() > 0.9


def test_frost_from_a_folder_is_a_weighted_sum(tmp_path):
    Image.new("RGB", (60, 50), (200, 100, 0)).save(tmp_path / "frost1.png")
    Image.new("RGB", (60, 50), (200, 100, 0)).save(tmp_path / "frost2.jpg", quality=100)
    after = corrupt(even(0.5, 2, 3, 8), "frost", 3, frost=str(tmp_path))
    expected = 0.9 * 0.5 + 0.4 * torch.tensor([200, 100, 0]).view(1, 3, 1, 1) / 255
    torch.testing.assert_close(after.images, expected.expand(2, 3, 8, 8), atol=0.01, rtol=0)
    assert after.name == "samples corrupted by frost, severity 3, table cifar, seed 0"


def test_frost_is_cut_from_every_fifth_pixel_of_the_picture_at_any_place(tmp_path):
    thinned = np.arange(12 * 10).reshape(12, 10)
    whole = np.zeros((60, 50), np.uint8)
    whole[2::5, 2::5] = thinned  # the middle of every five
    Image.fromarray(whole).save(tmp_path / "a.png")
    black = fs.Samples(torch.arange(400).view(400, 1, 1, 1).expand(400, 1, 9, 9) / 1e6)
    found = np.rint(corrupt(black, "frost", 5, "cifar", frost=str(tmp_path)).images.numpy() / 0.45 * 255).astype(int)
    corners = {(int(one[0, 0, 0]) // 10, int(one[0, 0, 0]) % 10) for one in found[:, None, 0]}
    assert corners == {(y, x) for y in range(4) for x in range(2)}
    assert (np.diff(found[:, 0], axis=1) == 10).all()
    assert (np.diff(found[:, 0], axis=2) == 1).all()


def test_frost_without_pictures_warns_and_is_made_up():
    with pytest.warns(UserWarning, match="a synthetic texture is used"):
        corrupt(even(0.5, 1), "frost", 1)
    texture = synthetic_frost(streams(3), (3, 9, 14))
    assert texture.shape == (3, 3, 9, 14)
    assert texture.min() >= 0
    assert texture.max() <= 1
    assert texture.std((1, 2, 3)).min() > 0.05


def test_a_folder_that_holds_no_fitting_frost_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        corrupt(even(0.5), "frost", 1, frost=str(tmp_path / "none"))
    with pytest.raises(ValueError, match="holds no pictures of frost"):
        corrupt(even(0.5), "frost", 1, frost=str(tmp_path))
    Image.new("L", (100, 300)).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match=r"small\.png has 60 x 20 pixels of every 5th, too few for images of 32 x 32"):
        corrupt(even(0.5), "frost", 1, frost=str(tmp_path))
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"broken\.png is no readable picture of frost"):
        corrupt(even(0.5), "frost", 1, frost=str(tmp_path))


def test_spatter_without_drops_changes_nothing():
    given = images(2, 3, 9, 14)
    for muddy in (0, 1):
        np.testing.assert_array_equal(spatter.spatter(given, (0.6, 0.1, 0.7, 9, 0.5, muddy), streams(2)), given)


def test_mud_covers_with_its_colour():
    given = images(2, 3, 16, 16)
    found = spatter.spatter(given, (0.65, 0.3, 1, 0.0, 1.5, 1), streams(2))
    np.testing.assert_allclose(found, np.broadcast_to(np.array([63, 42, 20]).reshape(3, 1, 1) / 255, found.shape))


def test_water_adds_its_colour_up_to_its_weight():
    black = np.zeros((3, 3, 32, 32))
    found = spatter.spatter(black, (0.65, 0.3, 1, 0.69, 0.5, 0), streams(3))
    np.testing.assert_allclose(found.max((2, 3)), np.tile(0.5 * np.array([175, 238, 238]) / 255, (3, 1)))
    np.testing.assert_allclose(found[:, 0] * 238, found[:, 1] * 175)
    assert 0.05 < (found > 0).mean() < 0.6


def test_the_edges_of_a_square_surround_it():
    levels = np.zeros((2, 14, 14))
    levels[0, 4:9, 5:10] = 200
    edges = spatter._edges(levels)
    rows, columns = np.nonzero(edges[0])
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) >= {(6, x) for x in np.nonzero(edges[0][6])[0]}
    assert len(np.nonzero(edges[0][6])[0]) == len(np.nonzero(edges[0][:, 7])[0]) == 2
    assert (rows.min(), columns.min()) in {(3, 4), (4, 5)}
    assert not edges[0][5:8, 6:9].any()
    assert not edges[1].any()


def test_a_weak_edge_counts_where_it_goes_on_from_a_strong_one_even_slantwise():
    height = np.linspace(60, 12, 20)  # slopes of 6 times these: strong above 25, weak above 9
    slant = np.where(np.arange(20) > np.arange(20)[:, None], height[:, None], 0)
    edges = spatter._edges(np.stack([slant, np.minimum(slant, 12)]))
    assert edges[0][2:-2].any(1).all()
    assert not edges[1].any()


# digital


def test_contrast_shrinks_every_channel_about_its_mean():
    given = images()
    found = digital.contrast(given, (0.3,), [])
    mean = given.mean((2, 3), keepdims=True)
    np.testing.assert_allclose(found - mean, 0.3 * (given - mean), atol=1e-12)


@pytest.mark.parametrize(("factor", "added"), [(0.3, 0), (1.5, 0), (2.5, 0.2)])
def test_saturate_changes_the_saturation_of_hue_saturation_value(factor, added):
    given = images(1)
    given[:, :, 0, 0], given[:, :, 0, 1] = 0.5, 0.0  # grey, which turns red, and black
    colours = rgb2hsv(given[0].transpose(1, 2, 0))
    colours[..., 1] = np.clip(colours[..., 1] * factor + added, 0, 1)
    found = digital.saturate(given, (factor, added), [])[0]
    np.testing.assert_allclose(found, hsv2rgb(colours).transpose(2, 0, 1), atol=1e-9)


def test_a_grey_picture_of_one_channel_has_no_saturation():
    given = images(2, 1)
    assert digital.saturate(given, (2.5, 0.2), []) is given


@pytest.mark.parametrize("name", ["pixelate", "jpeg_compression"])
def test_pictures_without_detail_are_stored_and_pixelated_as_they_are(name):
    flat = fs.Samples(torch.full((2, 3, 11, 8), 128, dtype=torch.uint8))
    assert torch.equal(corrupt(flat, name, 5).images, flat.images)


def test_pixelate_takes_means_over_boxes():
    levels = np.random.default_rng(0).integers(0, 256, (1, 1, 8, 12))
    found = np.rint(digital.pixelate(levels / 255, (0.5,), []) * 255)
    means = levels.reshape(4, 2, 6, 2).mean((1, 3)).repeat(2, 0).repeat(2, 1)
    assert np.abs(found[0, 0] - means).max() <= 1  # rounded along rows, then along columns


def test_the_first_elastic_transform_of_cifar_only_shears():
    given = np.broadcast_to(np.linspace(0.3, 0.7, 32), (4, 1, 32, 32))
    found = digital.elastic_transform(given, (0, 0, 0.08), streams(4))[:, 0, 6:-6, 6:-6]
    np.testing.assert_allclose(np.diff(found, 2, 1), 0, atol=1e-9)  # a slope stays one under an affine map
    np.testing.assert_allclose(np.diff(found, 2, 2), 0, atol=1e-9)
    assert np.abs(found - given[:, 0, 6:-6, 6:-6]).max() > 0.01


def test_three_points_of_an_elastic_transform_go_where_they_are_sent():
    down, right = np.indices((32, 20)).astype(float)
    moves = np.array([[[1.0, 2.0], [-2.0, 1.0], [0.0, -3.0]]])
    rows, columns = digital._sheared(down, right, moves)
    for (y, x), (up, left) in zip([(22, 16), (10, 16), (10, 4)], moves[0].astype(int), strict=True):
        assert rows[0, y + up, x + left] == pytest.approx(y)
        assert columns[0, y + up, x + left] == pytest.approx(x)


def test_elastic_displacements_are_smooth_random_steps():
    given = np.broadcast_to(np.arange(32.0) / 32, (40, 1, 32, 32))
    inside = np.s_[:, 0, 8:-8, 8:-8]
    step = (digital.elastic_transform(given, (0.08, 0.06, 0), streams(40)) - given)[inside] * 32
    blurred = 0.08 * 32 / 3**0.5 / (2 * np.pi**0.5 * 0.06 * 32)  # deviation of evenly drawn steps after the blur
    assert step.std() == pytest.approx(blurred, rel=0.1)


@pytest.mark.parametrize("scale", [0.7, 50, 500])
def test_poisson_counts_from_a_table_are_those_that_are_inverted_one_by_one(scale):
    from fourierscope.treatments.corruptions.noise import _inverted, _tabled

    generator = np.random.default_rng(1)
    which, quantiles = generator.integers(0, 9, (3, 40, 5)), generator.random((3, 40, 5))
    means = scale * np.arange(9) / 8
    assert np.array_equal(_tabled(quantiles, means, which), _inverted(quantiles, means[which]))
    assert not _tabled(quantiles, means, which)[which == 0].any()
