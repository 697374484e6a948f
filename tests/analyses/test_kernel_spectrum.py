"""Kernels whose frequencies are known by how they were made, and shares of answers against a slow transform."""

from math import pi

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.reports.answers import OWN_SENTENCES
from fourierscope.results import load
from fourierscope.theory.kernel_bands import KernelBands

BANDS = KernelBands(3)


def samples(size=(8, 8), n=3, channels=3):
    return fs.Samples(torch.rand(n, channels, *size, generator=torch.Generator().manual_seed(1)))


def network(kernels, **options):
    """A convolution with these kernels, and what makes two logits of it."""
    layer = nn.Conv2d(kernels.shape[1] * options.get("groups", 1), len(kernels), kernels.shape[2:], **options)
    layer.weight.data = kernels.float()
    return nn.Sequential(layer, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(len(kernels), 2)).eval()


def asked(module, subject=None, **options):
    trial = fs.Trial(fs.Classifier(module), samples() if subject is None else subject)
    return fs.KernelSpectrum(**{"null": 200} | options)(trial)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def of_bands(*counts, channels=3):
    """Filters with their energy in low, mid and high bands, so many of each."""
    made = []
    for band, count in enumerate(counts):
        basis = BANDS.basis(band).float()
        made.append(drawn(count, channels, basis.shape[1], seed=band) @ basis.T)
    return torch.cat(made).unflatten(-1, (3, 3))


def test_filters_made_of_a_bands_kernels_are_counted_there():
    for rule in ("relative", "z-score", "arg-max"):
        found = asked(network(of_bands(2, 3, 5)), rule=rule)
        assert found["count_share"].values.tolist() == [0.2, 0.3, 0.5]


def test_shares_of_energy_are_weighted_by_the_energy_of_filters():
    kernels = of_bands(1, 1, 0)
    kernels[1] *= 3 * kernels[0].norm() / kernels[1].norm()
    shares = BANDS.shares(kernels.double())
    found = asked(network(kernels))
    np.testing.assert_allclose(found["energy_share"].values, (0.1 * shares[0] + 0.9 * shares[1]).numpy(), atol=1e-6)
    np.testing.assert_allclose(found["relative_share"], found["energy_share"] / BANDS.areas.numpy(), atol=1e-6)
    assert (found["energy_share"].values <= found["attainable_share"].values).all()


@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": 1, "dilation": 2}, {"groups": 3}])
def test_input_shares_are_those_of_a_slow_transform_of_the_answers(size, options):
    subject, kernels = samples(size), drawn(6, 1 if "groups" in options else 3, 3, 3)
    found = asked(network(kernels, **options), subject)["input_share"]
    step, groups = options.get("dilation", 1), options.get("groups", 1)
    wanted = torch.zeros(len(subject), 3)
    rows, columns = (torch.arange(side) - side // 2 for side in size)
    for u in rows:
        for v in columns:
            wave = torch.exp(-2j * pi * (u / size[0] * torch.arange(size[0]).double())[:, None]) * torch.exp(
                -2j * pi * v / size[1] * torch.arange(size[1]).double()
            )
            brought = (subject.batch() * wave).sum((2, 3))  # (n, c)
            taps = torch.exp(2j * pi * step * (u / size[0] * torch.arange(3).double())[:, None]) * torch.exp(
                2j * pi * step * v / size[1] * torch.arange(3).double()
            )
            passed = (kernels * taps).sum((2, 3))  # (o, c / groups)
            answer = torch.einsum("ngc,goc->ngo", brought.unflatten(1, (groups, -1)), passed.unflatten(0, (groups, -1)))
            radius = float(torch.hypot(u / size[0], v / size[1]))
            if radius:
                wanted[:, int(radius >= 1 / 6) + int(radius >= 1 / 3)] += answer.abs().square().sum((1, 2)).float()
    wanted = (wanted / wanted.sum(1, keepdim=True)).mean(0)
    np.testing.assert_allclose(found.values, wanted.numpy(), atol=1e-4)


def test_a_filter_that_images_never_excite_has_no_share_of_its_answers():
    wave = 0.5 + 0.4 * torch.cos(2 * pi * torch.arange(12) / 12).expand(1, 1, 12, 12)
    found = asked(network(drawn(4, 1, 3, 3)), fs.Samples(wave))
    np.testing.assert_allclose(found["input_share"].values, [1, 0, 0], atol=1e-6)
    assert float(found["energy_share"].sel(band="high")) > 0.3


def test_filters_stand_in_the_order_of_their_centroids():
    found = asked(network(of_bands(2, 2, 2)))
    assert (np.diff(found["centroid"].values) > 0).all()
    assert found["filter_share"].sel(rank=1).values.argmax() == 0
    np.testing.assert_allclose(found["filter_share"].sum("band").values, 1, atol=1e-5)


def test_what_is_told_of_a_rank_is_all_of_the_same_filter():
    """Filters whose order, size, direction and colour are known, and given in another order than their centroids."""
    down, flat = torch.tensor([[1.0], [-1], [1]]).expand(3, 3), torch.ones(3, 3)
    colours = torch.tensor([[1.0, 1, 1], [1.0, -1, 0], [2.0, 0, 0]])[:, :, None, None]
    made = torch.stack([7 * colours[0] * down, colours[1] * flat, 3 * colours[2] * torch.eye(3)])
    found = asked(network(made))
    slow = [asked(network(one[None])) for one in made]
    order = np.argsort([one["centroid"].item() for one in slow])
    assert order.tolist() != [0, 1, 2]
    for name in ("centroid", "coherence", "angle", "opponency"):
        wanted = [slow[place][name].item() for place in order]
        np.testing.assert_allclose(found[name].values, wanted, atol=1e-5)
        assert len({round(one, 3) for one in wanted}) > 1
    assert found["opponency"].values[np.argsort(order)] == pytest.approx([0, 1, 2 / 3], abs=1e-5)


def test_a_grey_filter_is_not_opponent_and_a_coloured_one_is():
    shape = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])
    made = [torch.tensor(weights)[:, None, None] * shape for weights in ([1.0, 1, 1], [1.0, -1, 0], [-1.0, -1, 2])]
    found = asked(network(torch.stack(made)))
    assert sorted(found["opponency"].values.round(5).tolist()) == [0, 1, 1]
    sizes = np.array([3.0, 2, 6])
    np.testing.assert_allclose(found["colour_share"].values, sizes / sizes.sum(), atol=1e-6)
    assert "colour_share" not in asked(network(drawn(2, 1, 3, 3)), samples(channels=1))


def test_groups_of_three_channels_have_no_colours():
    grouped = nn.Conv2d(6, 4, 3, groups=2)
    module = nn.Sequential(nn.Conv2d(3, 6, 1), grouped, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    found = asked(module)
    assert found["energy_share"].size == 3
    assert "colour_share" not in found
    assert "opponency" not in found


def test_planes_show_what_the_first_layer_passes():
    mean = torch.zeros(1, 1, 3, 3) + 1 / 9
    found = asked(network(mean), samples(channels=1))
    line = torch.arange(-16, 17).double() / 33
    wanted = ((1 + 2 * torch.cos(2 * pi * line)) / 3).numpy()
    np.testing.assert_allclose(found["singular_value"].sel(value="largest"), abs(np.outer(wanted, wanted)), atol=1e-6)
    np.testing.assert_allclose(found["response"].values, 9 * np.outer(wanted, wanted) ** 2, atol=1e-5)
    white = asked(network(drawn(3000, 1, 3, 3)), samples(n=1, channels=1))["response"]
    assert abs(float(white.mean()) - 1) < 0.02


def test_singular_values_shown_are_the_largest_the_median_and_the_smallest():
    kernels = torch.zeros(4, 4, 3, 3)
    kernels[range(4), range(4), 1, 2] = torch.tensor([5.0, 1.0, 3.0, 2.0])
    found = asked(network(kernels), samples(channels=4))["singular_value"]
    for value, size in (("largest", 5), ("median", 3), ("smallest", 1)):
        np.testing.assert_allclose(found.sel(value=value), size, atol=1e-5)


def test_layers_stand_by_depth_and_only_those_of_more_than_one_tap():
    first, second = drawn(4, 3, 3, 3), drawn(5, 4, 5, 5, seed=1)
    begun, ended = network(first), network(second)
    module = nn.Sequential(*begun[:2], nn.Conv2d(4, 4, 1), ended[0], *ended[1:]).eval()
    found = asked(module, samples((14, 14)))
    assert found["energy_by_layer"].shape == (3, 2)
    wanted = KernelBands(5).shares(second)
    energy = second.square().sum((1, 2, 3))
    np.testing.assert_allclose(
        found["energy_by_layer"].sel(depth=2), (energy @ wanted / energy.sum()).numpy(), atol=1e-5
    )
    for kind in ("count", "energy", "input"):
        np.testing.assert_allclose(found[f"{kind}_by_layer"].sel(depth=1), found[f"{kind}_share"], atol=1e-6)
    alone = asked(module, samples((14, 14)), layers=("3",))
    np.testing.assert_allclose(alone["energy_share"].values, found["energy_by_layer"].sel(depth=2).values, atol=1e-6)
    np.testing.assert_allclose(alone["input_share"].values, found["input_by_layer"].sel(depth=2).values, atol=1e-6)


def test_filters_that_are_nought_are_left_out_and_counted():
    kernels = of_bands(2, 2, 0)
    kernels = torch.cat([kernels, torch.zeros(3, 3, 3, 3)])
    found = asked(network(kernels))
    assert int(found["dead_filters"]) == 3
    assert found["count_share"].values.tolist() == [0.5, 0.5, 0]
    assert found["centroid"].size == 4
    assert "3 filters are nought" in " ".join(OWN_SENTENCES["KernelSpectrum"](found))


def test_the_naive_rule_is_told_to_say_little():
    module = network(drawn(400, 3, 3, 3))
    naive, relative = (asked(module, rule=rule, null=2000) for rule in ("arg-max", "relative"))
    assert float(naive["count_share"].sel(band="high")) >= 0.98
    assert float(naive["null_rate"].sel(band="high")) >= 0.98
    assert abs(relative["count_share"] - relative["null_rate"]).max() < 0.12
    told = [" ".join(OWN_SENTENCES["KernelSpectrum"](one)) for one in (naive, relative)]
    assert "says little" in told[0]
    assert "says little" not in told[1]


def test_two_networks_are_compared_image_by_image_and_a_result_is_saved(tmp_path):
    subject = samples()
    low, high = asked(network(of_bands(4, 0, 0)), subject), asked(network(of_bands(0, 0, 4)), subject)
    assert float((low - high)["input_share"].sel(band="low")) > 0.2
    low.save(tmp_path / "kernels.nc")
    assert load(tmp_path / "kernels.nc").dataset.equals(low.dataset)
    page = fs.report([low, high], tmp_path / "kernels.html").read_text()
    assert "Not drawn" not in page
    assert "white filters have .383" in page
    for name in ("kernels", "response", "singular_value", "centroid", "filter_share", "input_share"):
        fs.draw_together([low[name], high[name]], ["low", "high"])


def test_pictures_show_the_kernel_about_grey_and_its_response():
    kernels = torch.zeros(1, 3, 3, 3)
    kernels[0, 0, 1, 1] = 1.0
    shown = asked(network(kernels))["kernels"]
    assert shown.sizes == {"picture": 1, "state": 2, "y": 66, "x": 66, "channel": 3}
    assert shown.sel(state="kernel")[0, 33, 33].values.tolist() == [255, 128, 128]
    assert shown.sel(state="kernel")[0, 0, 0].values.tolist() == [128, 128, 128]
    assert (shown.sel(state="spectrum").values == 255).all()  # one tap passes all alike


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_told_by_their_layer(value):
    module = network(drawn(4, 3, 3, 3))
    with torch.no_grad():
        module[0].weight[1, 0, 2, 2] = value
    with pytest.raises(ValueError, match="weights of layer 0 are not finite"):
        asked(module)


def test_one_channel_is_told_in_the_singular():
    grey = fs.Samples(torch.rand(2, 1, 6, 6, generator=torch.Generator().manual_seed(0)))
    assert (
        "random 3 x 3 filters of 1 channel that" in asked(network(drawn(4, 1, 3, 3)), grey)["null_rate"].attrs["says"]
    )


def test_pictures_tell_how_many_of_the_filters_they_show_and_of_which_rank():
    some, few = asked(network(drawn(40, 3, 3, 3)))["kernels"], asked(network(drawn(5, 3, 3, 3)))["kernels"]
    assert some.attrs["says"].startswith('12 of 40 filters of layer "0", in the order')
    assert "those of rank 1, 5, 8, " in some.attrs["says"]
    assert few.attrs["says"].startswith('All 5 filters of layer "0", in the order')
    assert few.picture.values.tolist() == [f"rank {one}" for one in range(1, 6)]
    frames = fs.draw(few).axes
    assert [frame.get_title() for frame in frames] == few.picture.values.tolist() + [""] * 5


@pytest.mark.parametrize(
    ("channels", "words"), [(1, ["largest"]), (2, ["largest", "smallest"]), (3, ["largest", "median", "smallest"])]
)
def test_no_singular_value_is_shown_twice(channels, words):
    found = asked(network(drawn(4, channels, 3, 3)), samples(channels=channels))["singular_value"]
    assert found["value"].values.tolist() == words
    assert len(np.unique(found.values.reshape(len(words), -1), axis=0)) == len(words)


def test_layers_are_told_by_their_names_in_quotes_and_kernels_are_shown_first(tmp_path):
    found = asked(network(of_bands(2, 2, 0)))
    assert found["dead_filters"].attrs["says"] == 'Filters of layer "0" that are 0.'
    assert all('layer "0"' in found[name].attrs["says"] for name in ("count_share", "input_share", "angle", "response"))
    page = fs.report([found], tmp_path / "kernels.html").read_text()
    seen, folded = page[page.index('<section id="question-1">') :].split('<details class="more">')
    assert "<h3>kernels</h3>" in seen
    assert "rank 1, spectrum" in seen
    assert "<h3>count share</h3>" in folded


def test_the_network_stays_as_it_was():
    module = network(drawn(4, 3, 3, 3))
    before = {name: one.clone() for name, one in module.state_dict().items()}
    asked(module)
    assert all(torch.equal(before[name], one) for name, one in module.state_dict().items())
    assert not module[0]._forward_pre_hooks


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cuts": (0.3, 0.2)}, "cuts are two frequencies"),
        ({"cuts": (0.1,)}, "cuts are two frequencies"),
        ({"rule": "most"}, "rule is relative, z-score or arg-max"),
        ({"null": 0}, "from 1 on; 0 came"),
        ({"layers": ("0", "0")}, "different names"),
        ({"layers": ("4",)}, "is a Linear"),
        ({"layers": ("first",)}, "has no layer 'first'"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        asked(network(drawn(2, 3, 3, 3)), **options)


def test_kernels_of_one_tap_are_in_no_class():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 8, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ValueError, match=r"kernels of '1' have one tap, .* name convolutions of more taps"):
        asked(module.eval(), layers=("0", "1"))
    assert "count_by_layer" not in asked(module.eval())  # found by itself is the first alone


def test_networks_without_kernels_are_refused():
    with pytest.raises(TypeError, match="plain function, which shows no kernels"):
        asked(lambda images: images.flatten(1)[:, :2])
    with pytest.raises(ValueError, match=r"no nn\.Conv2d of more than one tap"):
        asked(nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval())
    with pytest.raises(ValueError, match="All kernels of 0 are nought"):
        asked(network(torch.zeros(2, 3, 3, 3)))
    with pytest.raises(ValueError, match="do not vary"):
        asked(network(drawn(2, 3, 3, 3)), fs.Samples(torch.full((1, 3, 6, 6), 0.5)))
