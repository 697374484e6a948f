"""What the questions about masks found, in sentences of their own: a function for each analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from fourierscope.figures.form import Array, number, ordered, significant, words
from fourierscope.reports.phrases import clean_sentence, coordinate, stretches, valued
from fourierscope.results import Result, maker_name, unpacked

MOST_TOLD = 12  # masks of classes of which each is told


def _mask(result: Result) -> Iterator[str]:
    if "clean_accuracy" in result:
        yield clean_sentence("clean_accuracy", result["clean_accuracy"])
    if "mean_size" in result:
        yield (
            f"The mean size of a mask is {valued(result['mean_size'])} of the plane. Of the predictions a share of "
            f"{valued(result['kept_share'])} is kept under the image's own mask."
        )
        tolerance = number(float(result.record["options"]["tolerance"]))
        yield (
            f"A share of {valued(result['certified'])} of the masks is certified as least, to {tolerance}; the others "
            "are the least found."
        )
        gain = ordered(result["gain"])
        most = int(gain.values.argmax())
        yield f"The mean gain is highest at radius {coordinate(gain, most)}: {valued(gain[most])}."
    else:
        yield from _of_groups(result)
    if "spent" in result:
        yield _stopped(result["spent"].values, result, "masks")
    if "path_spent" in result:
        yield _stopped(_behind(result, "path_spent"), result, "masks along the path")
    if "size_at" in result:
        yield from _at_equal_losses(result["size_at"])


def _stopped(spent: Array, result: Result, what: str) -> str:
    """How many masks stopped at the step limit, by 0 and 1 of each."""
    many, steps = int(spent.sum()), int(result.record["options"]["steps"])
    if not many:
        return f"None of {spent.size} {what} stopped at the step limit, {steps}: all were certified, or at rest."
    return f"{many} of {spent.size} {what} stopped at the step limit, {steps}: with more steps they may become less."


def _behind(result: Result, name: str) -> Array:
    found = unpacked(result.dataset, name)
    assert found is not None
    return found


def _of_groups(result: Result) -> Iterator[str]:
    """Masks of classes, or of the set."""
    size, kept = result["size"], result["kept"]
    many = [f"{int(one)} " for one in result["images"].values] if "images" in result else [""] * len(size)
    told = [
        f"{words(one)} {number(float(size[place]))} of the plane, which keeps a share of {valued(kept[place])} of "
        f"{many[place]}predictions"
        for place, one in enumerate(size["item"].values)
    ]
    if len(told) <= MOST_TOLD:
        yield f"Each mask by its size: {'; '.join(told)}."
    else:
        most, least = int(size.values.argmax()), int(size.values.argmin())
        yield f"Of {len(told)} masks the largest is that of {told[most]}, the smallest that of {told[least]}."
    of = "the mask of its class" if result.record["options"]["over"] == "class" else "the one mask"
    yield f"Of all {int(result['n'])} predictions, each under {of}, a share of {valued(result['kept_share'])} is kept."


def _at_equal_losses(sizes: xr.DataArray) -> Iterator[str]:
    for place, loss in enumerate(sizes["loss"].values):
        told = ", ".join(f"begun {sizes['end'].values[end]} {valued(sizes[end, place])}" for end in range(len(sizes)))
        yield f"The mean size of the least masks found that lose no more than {number(float(loss))} nat: {told}."


def _mask_transfer(result: Result) -> Iterator[str]:
    kept, maker = result["kept_share"], maker_name(result.record["subject"])
    if maker is not None:
        yield f"The masks are those of {maker}."
    yield (
        f"A share of {_at(kept, 'mask')} of the predictions is kept under {_whose(result)}; under random "
        f"masks of equal size {_at(kept, 'random mask, equal size')}, and of equal energy "
        f"{_at(kept, 'random mask, equal energy')}: more by {_at(result['sufficiency'], 'equal energy')} than these."
    )
    for kind, name in (("", "necessity"), ("binary ", "binary_necessity")):
        yield (
            f"Under the {kind}complement {_at(kept, f'{kind}complement')} are kept; under those of random masks "
            f"{_at(kept, f'{kind}complement of random, equal size')}, and "
            f"{_at(kept, f'{kind}complement of random, equal energy')} at equal energy: less by "
            f"{_at(result[name], 'equal energy')}."
        )
    if "mask of its class" in kept["masked"].values:
        yield f"Under the mask of another image of its class {_at(kept, 'mask of its class')} are kept."
    if "pulled" in result:
        pulled = result["pulled"]
        yield (
            f"Under the mask of another class {_at(kept, 'mask of another class')} are kept, and "
            f"{_at(pulled, 'mask of another class')} are taken for the class that lends the mask; of whole images "
            f"{_at(pulled, 'whole image')} are, under random masks {_at(pulled, 'random mask, equal size')}."
        )
    if "accuracy_of_turned" in result:
        right = result["accuracy_of_turned"]
        yield (
            f"Of {int(result['turned'])} images that the treatment turns from right to wrong, a share of "
            f"{_at(right, 'treated, mask')} is right again under {_whose(result)}, "
            f"{_at(right, 'treated, binary complement')} under its binary complement, and "
            f"{_at(right, 'treated, random mask, equal size')} under a random mask of equal size."
        )


def _whose(result: Result) -> str:
    """The mask that images are asked under, in words: whose it is, and made for which classifier where another's."""
    subject = result.record["subject"]
    masks, maker = subject.get("masks", {}), maker_name(subject)
    of = {"class": "the mask of its class", "set": "the one mask of all images"}
    told = of.get(masks.get("options", {}).get("over", ""))
    if told is None:
        return "the image's own mask" if maker is None else f"the mask that {maker} has for the image"
    return told if maker is None else f"{told}, made for {maker}"


def _mask_energy(result: Result) -> Iterator[str]:
    shares, density = ordered(result["radial_share"]), ordered(result["angular_density"])
    if empty := int(result["empty"]):
        yield f"{empty} of {int(result['n'])} masks have no gain at all and count with nothing."
    if not shares.values.any():
        return
    half = int(np.flatnonzero(shares.values.cumsum() >= 0.5 * shares.values.sum())[0])
    yield (
        f"Half of the masks' energy lies within radius {coordinate(shares, half)}, and a share of "
        f"{valued(result['zero_share'])} at frequency zero."
    )
    if not density.values.any():
        return
    most, least = int(density.values.argmax()), int(density.values.argmin())
    yield (
        f"By direction, the energy is densest at {coordinate(density, most)} degrees, {valued(density[most])} times "
        f"that of an even mask, and least dense at {coordinate(density, least)} degrees, {valued(density[least])}."
    )


def _mask_wins(result: Result) -> Iterator[str]:
    first, _, second = map(str, result["more"].values)
    for name, unit in (("radial", "radius"), ("angular", "direction")):
        lead = ordered(result[f"{name}_lead"])
        sure, axis = significant(lead), str(lead.dims[0])
        assert sure is not None
        for sign, winner in ((1, first), (-1, second)):
            chosen = sure & (sign * lead.values > 0)
            if chosen.any():
                most = int(np.where(chosen, sign * lead.values, -np.inf).argmax())
                yield (
                    f"The masks of {winner} have the larger share of their energy significantly more often at {unit} "
                    f"{stretches(lead[axis].values, chosen)}, clearest at {coordinate(lead, most)}: there {first} "
                    f"leads by {valued(lead[most])}."
                )
        if not sure.any():
            yield f"At no {unit} have the masks of one the larger share of their energy significantly more often."
    ties = result["radial_wins"][1]
    most = int(ties.values.argmax())
    if ties.values[most] > 0:
        yield f"Ties are most frequent at radius {coordinate(ties, most)}: {valued(ties[most])} of the masks."


def _mask_classes(result: Result) -> Iterator[str]:
    unseen, learned, advantage = (result[name] for name in ("accuracy", "train_accuracy", "advantage"))
    yield (
        f"By masks that it has not seen a linear classifier tells the class of a share of {_at(unseen, 'mask')}; the "
        f"most common class has {number(float(result['most_common']))}."
    )
    shuffled = "mask, labels shuffled"
    yield (
        f"Under shuffled labels it learns {_at(learned, shuffled)} by heart and tells {_at(unseen, shuffled)} of those "
        "that it has not seen."
    )
    for control, name in (("amplitude spectrum", "amplitude spectra"), ("image", "pixels")):
        more = advantage.sel(control=control)
        low, high = (float(more[more.attrs[side]]) for side in ("low", "high"))
        told = "more than" if low > 0 else "less than" if high < 0 else "not surely more or less than"
        yield (f"By the images' {name} it tells {_at(unseen, control)}: masks tell {told} these, by {valued(more)}.")


def _mask_stability(result: Result) -> Iterator[str]:
    gap, cosine, overlap = result["median_gap"], result["cosine"], result["overlap"]
    told = ", ".join(f"{one} {valued(gap[place])}" for place, one in enumerate(gap["start"].values))
    yield f"The median gap of the objective to the best start of the image, over it, is by start: {told}."
    if "spent_share" in result:
        yield _stopped(_behind(result, "spent_share"), result, "masks, over all starts,")
    same = cosine["pair"].values != "two images"
    least = int(np.where(same, cosine.values, np.inf).argmin())
    yield (
        f"The masks of an image differ most between {coordinate(cosine, least)}: a cosine of {valued(cosine[least])} "
        f"and an overlap of {valued(overlap[least])}."
    )
    if not same.all():
        alike = _at(overlap, "two images")
        yield f"Masks of two images have a cosine of {_at(cosine, 'two images')} and an overlap of {alike}."


def _at(values: xr.DataArray, word: str) -> str:
    """The value of a word on the one axis, with its interval."""
    return valued(values.sel({values.dims[0]: word}))


MASK_SENTENCES: dict[str, Callable[[Result], Iterator[str]]] = {
    "Mask": _mask,
    "MaskTransfer": _mask_transfer,
    "MaskEnergy": _mask_energy,
    "MaskWins": _mask_wins,
    "MaskClasses": _mask_classes,
    "MaskStability": _mask_stability,
}
"""The questions about masks, by their analyses."""
