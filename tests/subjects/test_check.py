"""The check finds each of the usual mistakes on a classifier whose right answers are known in closed form."""

import pytest
import torch
from torch import nn

from fourierscope.fourier import Plane
from fourierscope.subjects import Check, CheckFailed, Classifier, Samples, Trial, check
from fourierscope.subjects.alternatives import COMMON, alternatives, mcnemar

COLOURS = torch.tensor([[0.7, 0.4, 0.2], [0.2, 0.4, 0.7], [0.35, 0.6, 0.35], [0.6, 0.25, 0.6], [0.45, 0.45, 0.45]])


class NearestColour(nn.Module):
    """The class whose colour, normalised, is nearest to an image's mean: right only for images fed in one way."""

    def __init__(self, mean=(0.0,), std=(1.0,)):
        super().__init__()
        self.register_buffer("templates", (COLOURS - torch.tensor(mean)) / torch.tensor(std))

    def forward(self, images):
        return -torch.cdist(images.mean((2, 3)), self.templates) * 10


def coloured(count=200):
    """Images of the five colours, a little noisy, so that about nine in ten are nearest to their own."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 5
    means = COLOURS[labels] + 0.08 * torch.randn(count, 3, generator=generator)
    pixels = means[:, :, None, None] + 0.2 * torch.randn(count, 3, 6, 5, generator=generator)
    return Samples(pixels.clamp(0, 1), labels, "coloured", ["red", "blue", "green", "pink", "grey"])


def network(mean=(0.0,), std=(1.0,)):
    return NearestColour(mean, std).eval()


def failure(classifier, samples=None, limit=500):
    with pytest.raises(CheckFailed) as raised:
        check(Trial(classifier, samples or coloured()), limit)
    return str(raised.value), [line.name for line in raised.value.check.lines if line.state == "failed"]


@pytest.mark.parametrize("name", [None, *COMMON])
def test_a_classifier_that_is_fed_rightly_passes(name):
    mean, std = COMMON.get(name, (None, None))
    found = check(Trial(Classifier(network(mean or (0.0,), std or (1.0,)), mean=mean, std=std), coloured()))
    assert all(line.state == "ok" for line in found.lines)
    accuracy = next(line for line in found.lines if line.name == "accuracy")
    assert 0.8 < float(accuracy.found.split()[0]) < 1


def test_normalisation_applied_twice_is_found():
    said, failed = failure(Classifier(network(), mean=COMMON["ImageNet"][0], std=COMMON["ImageNet"][1]))
    assert failed == ["fed otherwise"]
    assert "without normalisation" in said
    assert "leave mean and std out" in said


@pytest.mark.parametrize("name", ["ImageNet", "half"])
def test_normalisation_left_out_is_found(name):
    said, failed = failure(Classifier(network(*COMMON[name])))
    assert failed == ["fed otherwise"]
    assert f"with the normalisation of {name}" in said
    assert f"mean={COMMON[name][0]}, std={COMMON[name][1]}" in said


def test_another_normalisation_than_the_right_one_is_found():
    said, _ = failure(Classifier(network(*COMMON["half"]), mean=COMMON["ImageNet"][0], std=(0.8, 0.8, 0.8)))
    assert "with the normalisation of half" in said


def test_channels_in_reverse_order_are_found():
    samples = coloured()
    turned = Samples(samples.images[:, [2, 1, 0]], samples.labels)
    said, failed = failure(Classifier(network()), turned)
    assert failed == ["fed otherwise"]
    assert "with channels reversed" in said
    assert "BGR" in said


@pytest.mark.parametrize(("mean", "std"), [(None, None), (COMMON["half"])])
def test_a_network_that_wants_0_to_255_is_found(mean, std):
    inner = network()
    said, _ = failure(Classifier(lambda images: inner(images / 255), mean=mean, std=std))
    assert "with images in 0..255 (" in said
    assert "std=1 / 255" in said


def test_mean_and_std_for_0_to_255_are_found():
    mean, std = COMMON["ImageNet"]
    larger = ([255 * one for one in mean], [255 * one for one in std])
    said, _ = failure(Classifier(network(mean, std), mean=larger[0], std=larger[1]))
    assert "divide both by 255" in said
    assert "About as good" in said


def test_the_numbers_of_a_better_way_are_those_of_the_bare_network():
    samples, inner = coloured(), network()
    said, _ = failure(Classifier(inner, mean=0.5, std=0.25))
    given = (inner((samples.batch() - 0.5) / 0.25).argmax(1) == samples.labels).float().mean()
    bare = (inner(samples.batch()).argmax(1) == samples.labels).float().mean()
    assert f"Accuracy is {given:.3f} as given and {bare:.3f} without normalisation (200 images" in said


def test_train_mode_is_found_and_left_as_it_was():
    one = network().train()
    said, failed = failure(Classifier(one))
    assert failed == ["mode"]
    assert "network.eval()" in said
    assert one.training


def test_images_divided_by_255_twice_are_found():
    samples = coloured()
    said, failed = failure(Classifier(network()), Samples(samples.images / 255, samples.labels))
    assert failed == ["range"]
    assert "divided by 255 twice" in said


def test_images_of_one_colour_are_found():
    said, failed = failure(Classifier(network()), Samples(torch.full((40, 3, 4, 4), 0.5), [0, 1] * 20))
    assert "range" in failed
    assert "one colour" in said


def test_random_answers_are_found():
    noise = torch.Generator().manual_seed(0)
    inner = network()
    said, failed = failure(Classifier(lambda images: inner(images) + torch.rand(len(images), 5, generator=noise)))
    assert failed[:1] == ["asked twice"]
    assert "random" in said


def over_the_batch(images):
    return network()(images - images.mean((0, 2, 3), keepdim=True) + 0.45)


def squeezed(images):
    return network()(images).squeeze()


@pytest.mark.parametrize("dependent", [over_the_batch, squeezed])
def test_answers_that_depend_on_the_batch_are_found(dependent):
    said, failed = failure(Classifier(dependent))
    assert failed[0] == "asked one by one"
    assert "depend on the batch" in said


def test_labels_of_another_task_are_found():
    samples = coloured()
    said, failed = failure(Classifier(network()), Samples(samples.images, samples.needed_labels() + 3))
    assert failed == ["labels"]
    assert "Labels run up to 7" in said


def test_labels_in_another_order_are_found():
    samples = coloured()
    said, failed = failure(Classifier(network()), Samples(samples.images, (samples.needed_labels() + 1) % 5))
    assert failed == ["accuracy"]
    assert "no better than chance, 1 of 5" in said


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (lambda images: torch.full((len(images), 5), torch.nan), "NaN"),
        (lambda images: images, r"returns logits (n, classes)"),
        (nn.Conv2d(1, 5, 3).eval(), "so many channels"),
    ],
)
def test_outputs_that_are_no_logits_are_found_and_end_the_check(output, says):
    said, failed = failure(Classifier(output))
    assert failed == ["outputs"]
    assert says in said


def test_a_network_that_changes_its_input_is_only_noted():
    inner = network()
    found = check(Trial(Classifier(lambda images: inner(images.mul_(1.0).clamp_(0.1, 0.9))), coloured()))
    assert [line.name for line in found.lines if line.state == "note"] == ["input"]


def test_without_labels_it_says_what_was_not_checked():
    found = check(Trial(Classifier(network()), Samples(coloured().images)))
    notes = [line for line in found.lines if line.state == "note"]
    assert [line.name for line in notes] == ["labels"]
    for word in ("accuracy", "normalisation", "order of channels", "scale"):
        assert word in notes[0].found


def test_every_failed_line_is_named_at_once():
    said, failed = failure(Classifier(network().train(), mean=0.5, std=0.25))
    assert failed == ["mode", "fed otherwise"]
    assert said.startswith("2 of 11 checks failed for NearestColour on coloured:")


def test_it_is_a_value_error_that_holds_what_was_found():
    with pytest.raises(ValueError, match="in train mode") as raised:
        check(Trial(Classifier(network().train()), coloured()))
    assert isinstance(raised.value.check, Check)


def test_the_limit_bounds_the_images_asked():
    asked = []

    def counting(images):
        asked.append(len(images))
        return network()(images)

    found = check(Trial(Classifier(counting), coloured()), limit=40)
    assert max(asked) <= 40
    assert "on 40 images" in str(found)
    with pytest.raises(ValueError, match="from 1 on; 0 came"):
        check(Trial(Classifier(counting), coloured()), limit=0)


def test_times_are_for_all_samples_and_every_wave():
    samples = coloured()
    found = check(Trial(Classifier(network()), samples), limit=40)
    waves = len(Plane(6, 5).waves())
    assert found.heat_map_seconds == pytest.approx(len(samples) * (waves + 1) / found.images_per_second)
    assert found.pass_curve_seconds == pytest.approx(len(samples) * 25 / found.images_per_second)


def test_the_table_has_a_row_for_each_line():
    found = check(Trial(Classifier(network(), "nearest"), coloured()))
    rows = str(found).splitlines()
    assert rows[0] == "nearest on coloured"
    assert len(rows) == len(found.lines) + 2
    assert all(line.name in row for line, row in zip(found.lines, rows[1:], strict=False))
    assert "HeatMap" in rows[-1]


def test_gray_images_are_checked_too():
    labels = torch.arange(100) % 2
    images = (0.2 + 0.6 * labels).float()[:, None, None, None] * torch.rand(100, 1, 7, 7).clamp(0.8)
    split = Classifier(lambda pictures: torch.stack([-pictures.mean((1, 2, 3)), pictures.mean((1, 2, 3)) - 1], 1))
    assert check(Trial(split, Samples(images, labels))).lines[-1].found.startswith("1.000")


def test_the_way_it_is_fed_is_no_alternative_to_itself():
    for mean, std in COMMON.values():
        classifier = Classifier(network(), mean=mean, std=std)
        images = coloured(10).batch()
        own = (images - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)
        for alternative in alternatives(classifier, 3):
            assert not torch.allclose(alternative.fed(images), own, atol=1e-3)


@pytest.mark.parametrize(
    ("gained", "lost", "p"), [(0, 0, 1.0), (5, 0, 2 / 2**5), (0, 11, 2 / 2**11), (3, 1, 2 * 5 / 16)]
)
def test_mcnemar_counts_the_images_that_change(gained, lost, p):
    before = torch.tensor([False] * gained + [True] * lost + [True, False])
    after = torch.tensor([True] * gained + [False] * lost + [True, False])
    assert mcnemar(before, after) == pytest.approx(p)


class InItsOwnKind(nn.Module):
    """The nearest colour, with a weight whose dtype the images must have."""

    def __init__(self, kind):
        super().__init__()
        self.colours = network(*COMMON["half"])
        self.mix = nn.Parameter(torch.eye(3, dtype=kind))

    def forward(self, images):
        return self.colours((images.mean((2, 3)) @ self.mix).float()[:, :, None, None])


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_a_network_of_another_dtype_is_checked_like_any_other(kind):
    mean, std = COMMON["half"]
    found = check(Trial(Classifier(InItsOwnKind(kind).eval(), mean=mean, std=std), coloured()))
    assert {line.state for line in found.lines} == {"ok"}
    assert f"fed by hand in {str(kind).removeprefix('torch.')}" in str(found)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_a_network_of_another_dtype_that_is_fed_wrongly_fails(kind):
    says, failed = failure(Classifier(InItsOwnKind(kind).eval()))
    assert failed == ["fed otherwise"]
    assert "normalisation of half" in says


def test_grey_images_before_a_network_of_colours_are_told_in_channels_and_without_a_time():
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    with pytest.raises(CheckFailed, match="takes 3 channels, and the images have 1") as told:
        check(Trial(Classifier(network), Samples(torch.rand(4, 1, 8, 8), [0, 1, 0, 1])))
    assert "Given groups" not in str(told.value)
    assert "nan" not in str(told.value.check)
