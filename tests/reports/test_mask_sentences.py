"""What the report says of masks, number by number."""

import pytest
import torch

import fourierscope as fs
from fourierscope.figures.form import number
from fourierscope.reports import report, told


def samples():
    generator = torch.Generator().manual_seed(0)
    return fs.Samples(
        torch.rand(12, 1, 8, 8, generator=generator), torch.arange(12) % 3, "noise", ["ant", "bee", "cow"]
    )


def trial(seed, name):
    weight = 3 * torch.randn(3, 64, generator=torch.Generator().manual_seed(seed))
    return fs.Trial(fs.Classifier(lambda images: (images - 0.5).flatten(1) @ weight.T, name), samples())


@pytest.fixture(scope="module")
def trials():
    return [trial(1, "one"), trial(2, "two")]


@pytest.fixture(scope="module")
def masks(trials):
    return [fs.Mask(sparsity=0.3, steps=30)(each) for each in trials]


def interval(values):
    return f"{number(values)} ({number(values[values.attrs['low']])} to {number(values[values.attrs['high']])})"


def test_masks_tell_their_size_and_what_they_keep(masks, trials):
    said = " ".join(told(masks[0]))
    assert f"mean size of a mask is {interval(masks[0]['mean_size'])} of the plane" in said
    assert f"a share of {interval(masks[0]['kept_share'])} is kept" in said
    assert f"share of {interval(masks[0]['certified'])} of the masks is certified" in said
    many = int(masks[0]["spent"].sum())
    assert many > 0
    assert f"{many} of 12 masks stopped at the step limit, 30: with more steps they may become less." in said


def test_masks_that_are_done_before_their_steps_run_out_are_told(trials):
    said = " ".join(told(fs.Mask(over="set", sparsity=0.3, steps=159)(trials[0])))
    assert "None of 1 masks stopped at the step limit, 159: all were certified, or at rest." in said


def test_masks_of_classes_are_told_one_by_one_and_paths_at_equal_losses(trials):
    result = fs.Mask(over="class", sparsity=0.3, steps=10, path=True)(trials[0])
    said = " ".join(told(result))
    for place, word in enumerate(("ant", "bee", "cow")):
        size, kept = number(float(result["size"][place])), result["kept"][place]
        assert f"{word} {size} of the plane, which keeps a share of {interval(kept)} of 4 predictions" in said
    whole = interval(result["kept_share"])
    assert f"Of all 12 predictions, each under the mask of its class, a share of {whole} is kept." in said
    spent = int(result["path_spent"].mean() * 48 + 0.5)  # of eight sparsities, two ends, three classes
    assert f"{spent} of 48 masks along the path stopped at the step limit, 10" in said
    sizes = result["size_at"]
    assert f"no more than 0.100 nat: begun from all {interval(sizes[0, 1])}, begun from none" in said


def test_transfer_tells_controls_beside_masks_and_whose_masks_they_are(masks, trials):
    result = fs.MaskTransfer(treatment="pgd-linf:0.05", steps=2)(fs.masked(trials[1], masks[0]))
    kept, said = result["kept_share"], " ".join(told(result))
    assert said.startswith("The masks are those of one.")
    for word in ("mask", "random mask, equal size", "random mask, equal energy", "complement",
                 "complement of random, equal energy", "binary complement", "mask of its class"):  # fmt: skip
        assert interval(kept.sel(masked=word)) in said
    assert f"more by {interval(result['sufficiency'].sel(control='equal energy'))} than these" in said
    assert f"less by {interval(result['binary_necessity'].sel(control='equal energy'))}." in said
    assert f"{interval(result['pulled'].sel(masked='mask of another class'))} are taken for the class" in said
    assert f"Of {int(result['turned'])} images that the treatment turns" in said
    again = result["accuracy_of_turned"].sel(masked="treated, mask")
    assert f"a share of {interval(again)} is right again" in said


def test_masks_of_classes_and_sets_and_of_another_network_are_not_called_own(masks, trials):
    by_class, whole = (fs.Mask(over=over, sparsity=0.3, steps=10)(trials[0]) for over in ("class", "set"))
    expected = [
        (0, masks[0], "is kept under the image's own mask;"),
        (1, masks[0], "is kept under the mask that one has for the image;"),
        (0, by_class, "is kept under the mask of its class;"),
        (1, by_class, "is kept under the mask of its class, made for one;"),
        (0, whole, "is kept under the one mask of all images;"),
    ]
    for place, held, words in expected:
        result = fs.MaskTransfer(treatment="gaussian-noise:0.3")(fs.masked(trials[place], held))
        said = " ".join(told(result))
        assert words in said
        assert ("own mask" in said) == (held is masks[0] and place == 0)
        assert not any("own" in word for word in result["masked"].values.tolist())


def test_energies_wins_classes_and_starts_are_told(masks, trials):
    held = [fs.masked(each, mask) for each, mask in zip(trials, masks, strict=True)]
    energies = [fs.MaskEnergy(directions=4)(each) for each in held]
    said = " ".join(told(energies[0]))
    cumulated = energies[0]["radial_share"].values.cumsum()
    assert f"lies within radius {int((cumulated < 0.5).sum())}" in said
    densest = energies[0]["angular_density"]
    most = densest[int(densest.values.argmax())]
    assert f"densest at {number(float(most['angle']))} degrees, {interval(most)}" in said
    ties = " ".join(told(fs.mask_wins(energies[0], energies[0])))
    assert "At no radius have the masks of one the larger share" in ties
    assert "Ties are most frequent at radius 0: 1 (" in ties
    classes = fs.MaskClasses(repeats=1)(held[0])
    said = " ".join(told(classes))
    assert f"tells the class of a share of {interval(classes['accuracy'].sel(features='mask'))}" in said
    assert "amplitude spectra it tells" in said
    starts = fs.MaskStability(sparsity=0.3, steps=10)(trials[0])
    said = " ".join(told(starts))
    assert f"ones {interval(starts['median_gap'].sel(start='ones'))}" in said
    assert f"two images have a cosine of {interval(starts['cosine'].sel(pair='two images'))}" in said


def test_masks_without_any_gain_are_told_and_have_no_place():
    nothing = fs.MaskEnergy(directions=4)(fs.Masked(trial(1, "one"), torch.zeros(12, 1, 8, 8)))
    assert told(nothing) == ["12 of 12 masks have no gain at all and count with nothing."]
    brightness = torch.zeros(12, 1, 8, 8)
    brightness[2:, :, 4, 4] = 1
    said = " ".join(told(fs.MaskEnergy(directions=4)(fs.Masked(trial(1, "one"), brightness))))
    assert said.startswith("2 of 12 masks have no gain at all")
    assert "lies within radius 0" in said
    assert "By direction" not in said


def test_wins_of_two_of_one_name_tell_them_apart():
    low, even = torch.zeros(12, 1, 8, 8), torch.ones(12, 1, 8, 8)
    low[:, :, 4, [3, 5]] = 1
    one, other = (fs.MaskEnergy(directions=4)(fs.Masked(trial(1, "same"), given)) for given in (low, even))
    said = " ".join(told(fs.mask_wins(one, other)))
    assert "The masks of the first have" in said
    assert "there the first leads by" in said


def test_wins_name_the_winner_and_the_lead():
    low, even = torch.zeros(12, 1, 8, 8), torch.ones(12, 1, 8, 8)
    low[:, :, 4, [3, 5]] = 1
    results = [fs.MaskEnergy(directions=4)(fs.Masked(trial(at, name), given))
               for at, name, given in ((1, "one", low), (2, "two", even))]  # fmt: skip
    wins = fs.mask_wins(*results)
    said = told(wins)
    lead = wins["radial_lead"].sel(radius=1)
    assert any(
        "masks of one have the larger share" in one
        and f"at radius 1, clearest at 1: there one leads by {interval(lead)}" in one
        for one in said
    )
    assert any("masks of two have the larger share" in one and "at radius 0, 2 to 6" in one for one in said)


def test_a_page_holds_all_questions_about_masks(masks, trials, tmp_path):
    held = [fs.masked(each, mask) for each, mask in zip(trials, masks, strict=True)]
    asked = [question(each) for question in (fs.MaskTransfer(), fs.MaskEnergy(directions=4)) for each in held]
    results = [*masks, *asked, fs.MaskClasses(repeats=1)(held[0])]
    text = report(results, tmp_path / "masks.html").read_text()
    for heading in ("Mask on noise", "Mask transfer on noise", "Mask energy on noise", "Mask classes of one on noise"):
        assert heading in text
    assert "one minus two" in text
    assert "significantly" in text
    assert "A mask in four sentences" in text
    assert "n is the number of images (of masks where their energy is asked about)." in text
    assert "masks of (" in text
    assert "sparsity 0.300" in text
    hidden = [name for name in ("objective", "certificate", "gains") if f"<h4>{name}</h4>" in text]
    assert not hidden


def test_questions_about_masks_of_other_options_stand_apart(masks, trials):
    from fourierscope.reports.questions import questions

    wider = fs.masked(trials[0], fs.Mask(sparsity=0.4, steps=30)(trials[0]))
    asked = [fs.MaskEnergy(directions=4)(each) for each in (fs.masked(trials[0], masks[0]), wider)]
    found = questions(asked)
    assert [one.distinction for one in found] == [" (sparsity of masks 0.300)", " (sparsity of masks 0.400)"]
