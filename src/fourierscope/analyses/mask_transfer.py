"""What a classifier answers under masks, their complements and their controls. Karantzas et al. (2022), Table 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.masks.applied import (
    BINARY,
    BINARY_COMPLEMENT,
    ENERGY,
    OWN,
    SIZE,
    WHOLE,
    Rows,
    Upon,
    classes_of,
    infills_of,
    over_controls,
)
from fourierscope.analyses.masks.controls import cosines, misses
from fourierscope.analyses.masks.pictures import MASKS, STRETCHED, pictures, planes, stretched, strips
from fourierscope.analyses.masks.treating import Treating
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import Axes, bounded, count, mean, rate, wilson
from fourierscope.runs import Analysis, Measured, batch_size, batches, check_kinds
from fourierscope.subjects import Masked, Trial

Array = npt.NDArray[Any]

TREATED = "treated image"
_AGAIN = {f"treated, {word}": word for word in (OWN, BINARY, BINARY_COMPLEMENT, SIZE)}
_STATES, _AGAIN_STATES = (
    ("image", "mask", "masked", "complement"),
    ("treated", "treated, masked", "treated, complement"),
)
_PIXELS = 2**18  # of the images of a cell
_PICTURES = 4


class Block(NamedTuple):
    """Images start..stop."""

    start: int
    stop: int


@dataclass(frozen=True)
class MaskTransfer(Analysis[Masked]):
    """What a classifier answers under masks, under what they leave out, and under masks that know nothing of it.

    Over ("masked",) stand: the whole image; its mask; random masks of equal size (the gains at other frequencies by
    chance) and of equal energy (so placed that as much of the image passes); the complements, 1 - gain, of all three;
    the same for the binary mask; the mask of another image of its class, and of another class. With a treatment, such
    as an attack: the treated image, whole and under the image's mask, the binary mask, its complement and the
    random mask of equal size. Random masks keep the gain at frequency zero; a row of borrowed masks is left out where
    an image finds none. Masks of another classifier are a transfer between networks.

    For each: `kept_share` of images whose prediction is that of the whole image; `accuracy` where there are labels;
    `pulled`, the share predicted as the class that lends the mask of another class: more under that mask than else,
    and masks draw images to their class. Over ("control",), paired: `sufficiency`, what the mask keeps more than
    random ones, and `necessity`, what its complement keeps less than theirs (`binary_...`, of the binary mask). With a
    treatment `accuracy_of_turned`, over the `turned` images that were right and are wrong treated: what a mask
    restores. Of the masks themselves: `size`, the mean gain; `energy`, the share of the image's energy, from its infill
    on, that passes; `likeness`, the cosine with the mask (near 1 for a random mask of equal energy where nothing
    else passes as much); `energy_miss`, how far these stay from it.

    Source: Karantzas et al. (2022), section 3.2 and Table 2, whose images are the `turned` ones. Different here: random
    and borrowed masks, and a complement never changes a mask.
    """

    threshold: float = 1e-8
    """Gains above this are 1 in the binary mask, others 0."""
    treatment: str = ""
    """A treatment with its strength, such as pgd-linf:8/255 or corruption:fog:3; empty: none."""
    steps: int | None = None
    """Steps of an attack that goes step by step; empty: the attack's own number, which then stands here."""
    seed: int = 0
    """Seed of random masks, of the choice of other images, and of the treatment."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if not isfinite(self.threshold) or not 0 <= self.threshold < 1:
            raise ValueError(f"threshold is a gain from 0 to below 1; {self.threshold!r} came.")
        if self.treatment:  # the steps stand here, so that the record tells what was done
            object.__setattr__(self, "steps", self._treating.steps)
        elif self.steps is not None:
            raise ValueError(f"steps are those of a treatment; {self.steps!r} came without one.")

    def cells(self, masked: Masked, /) -> Iterable[NamedTuple]:
        samples = masked.trial.samples
        if samples.labels is not None:
            check_labels(score_named("error"), masked.trial)
        for part in batches(len(samples), max(8, _PIXELS // (samples.plane.height * samples.plane.width))):
            yield Block(part.start, part.stop)

    def measure(self, cell: Block, masked: Masked, /) -> Measured:
        places, trial = torch.arange(cell.start, cell.stop), masked.trial
        block, shared = trial.samples.subset(places), masked.gains.shape[1] == 1
        infill = infills_of(masked).at(places).to(trial.classifier.device)
        clean = Upon.of(block, infill, shared)
        gains = self._rows(masked).gains(places, clean, self.chance(cell, "random masks"))
        shown = {WHOLE: clean.images} | {word: clean.modulated.images(one) for word, one in gains.items()}
        held = {WHOLE: torch.ones_like(gains[OWN])} | gains
        passing = {word: clean.passing(one) for word, one in held.items()}
        miss = misses(gains[ENERGY], gains[OWN], clean.power, clean.pairs)
        found: dict[str, Array] = {"energy_miss": miss.cpu().numpy()}
        if self.treatment:
            after = self._treating.done(Trial(trial.classifier, block), self.seed)
            found["felt"], again = after.felt.numpy(), Upon.of(after.samples, infill, shared)
            shown |= {TREATED: again.images} | {w: again.modulated.images(gains[one]) for w, one in _AGAIN.items()}
            held |= {TREATED: held[WHOLE]} | {word: gains[one] for word, one in _AGAIN.items()}
            passing |= {word: again.passing(held[word]) for word in (TREATED, *_AGAIN)}
        found["predicted"] = np.stack([_predicted(trial, one) for one in shown.values()])
        found["size"] = torch.stack([clean.pairs.means(one).mean(1) for one in held.values()]).cpu().numpy()
        found["energy"] = torch.stack(list(passing.values())).cpu().numpy()
        likeness = [cosines(one, gains[OWN], clean.pairs) for one in held.values()]
        found["likeness"] = torch.stack(likeness).cpu().numpy()
        return found | ({"pictures": _pictured(shown, gains, clean)} if cell.start == 0 else {})

    def assemble(self, measured: Mapping[Block, Measured], masked: Masked, /) -> Mapping[str, xr.DataArray]:
        rows, labels = self._rows(masked), masked.trial.samples.labels
        words = [WHOLE, *rows.words, *([TREATED, *_AGAIN] if self.treatment else [])]
        axes = Axes({"masked": np.array(words)})
        joined = {name: _joined(measured, name) for name in ("predicted", "size", "energy", "likeness", "energy_miss")}
        predicted = joined["predicted"]
        says = f"Share of images whose prediction is that of the whole image{self._told}."
        found = rate("kept_share", predicted == predicted[0], axes, says)
        found |= over_controls(dict(zip(words, predicted == predicted[0], strict=True)))
        if labels is not None:
            right = predicted == labels.numpy()
            found |= rate("accuracy", right, axes, f"Share of images classified rightly{self._told}.")
            found |= self._of_turned(right, words, axes)
        if rows.lent.other is not None:
            lent = classes_of(masked)[rows.lent.other].numpy()
            says = "Share of images predicted as the class that lends them the mask of another class."
            found |= rate("pulled", predicted == lent, axes, says)
        found |= mean("size", joined["size"], axes, "1", "Mean gain over the plane.")
        says = "Share of the image's energy, from its infill on, that passes."
        found |= mean("energy", joined["energy"], axes, "1", says)
        says = "Cosine of the angle between this mask and the image's: 1 where the two are alike."
        found |= mean("likeness", joined["likeness"], axes, "1", says)
        says = "How far apart energies are under the mask and the random one of equal energy, over the larger."
        found |= mean("energy_miss", joined["energy_miss"], Axes({}), "1", says)
        if self.treatment:
            felt = torch.from_numpy(_joined(measured, "felt"))
            found |= self._treating.without_gradient(felt, masked.trial.classifier.name)
        says = f"Images, their masks, and what passes a mask and its binary complement{self._told}. {MASKS} {STRETCHED}"
        states = [*_STATES, *(_AGAIN_STATES if self.treatment else ())]
        found["pictures"] = pictures(next(iter(measured.values()))["pictures"], states, says)
        return found | count(len(masked.trial.samples))

    @property
    def _treating(self) -> Treating:
        return Treating.of(self.treatment, self.steps)

    @property
    def _told(self) -> str:
        """What the treatment is, in words."""
        return f"; treated: {self._treating.told}" if self.treatment else ""

    def _rows(self, masked: Masked) -> Rows:
        return Rows.of(masked, self.threshold, self.chance(purpose="other images"))

    def _of_turned(self, right: Array, words: list[str], axes: Axes) -> dict[str, xr.DataArray]:
        """The accuracy over the images that were right and are wrong when treated."""
        if not self.treatment:
            return {}
        turned = right[0] & ~right[words.index(TREATED)]
        n = int(turned.sum())
        says = f"Images that were right, and are wrong treated{self._told}."
        found = {"turned": xr.DataArray(n, attrs={"units": "images", "says": says})}
        if not n:
            return found
        estimate = wilson(right[:, turned].mean(1), n)
        says = f"Share classified rightly of the {n} images that were right and are wrong treated{self._told}."
        return found | bounded("accuracy_of_turned", estimate, axes, "1", says, n)


def _predicted(trial: Trial, images: Tensor) -> Array:
    """The class (n,) that the classifier takes each image for."""
    with torch.no_grad():
        parts = images.split(batch_size(trial.samples.plane, trial.classifier.device))
        return np.asarray(torch.cat([trial.classifier(part).argmax(1) for part in parts]).cpu().numpy())


def _pictured(shown: Mapping[str, Tensor], gains: Mapping[str, Tensor], clean: Upon) -> Array:
    """The first images in every state, as bytes."""
    masks = planes(clean.pairs.spread(gains[OWN]), clean.images.shape[1])
    found = [shown[WHOLE], masks, *(stretched(shown[word]) for word in (OWN, BINARY_COMPLEMENT))]
    if TREATED in shown:
        found += [shown[TREATED], *(stretched(shown[f"treated, {word}"]) for word in (OWN, BINARY_COMPLEMENT))]
    return strips([one[:_PICTURES] for one in found])


def _joined(measured: Mapping[Block, Measured], name: str) -> Array:
    return np.concatenate([piece[name] for piece in measured.values()], -1)
