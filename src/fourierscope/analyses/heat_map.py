"""Fourier heat maps: how a classifier answers when one wave is added to its images. Yin et al. (2019), section 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import pi
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.linear_map import LinearMap
from fourierscope.analyses.partial_map import Gathered, PartialMap, gathered, waves_of
from fourierscope.analyses.scores import Score, check_labels, score_named
from fourierscope.analyses.sequential_map import SequentialMap
from fourierscope.analyses.wave_set import Tile, WaveSet, balanced_signs, put_on
from fourierscope.fourier import Plane, wave
from fourierscope.results import Axes, count, mean, rate, share
from fourierscope.runs import LATER, Analysis, Measured, batch_size, batches, check_kinds
from fourierscope.subjects import Trial
from fourierscope.subjects.prepared import compiled_beside, looked_at_once

_VALUES = 2**23  # scores put into rings together, for which they become float64
_PICTURES = 4  # images shown under the strongest wave


@dataclass(frozen=True)
class HeatMap(Analysis[Trial]):
    """How a classifier answers under each Fourier wave: error, loss, flips, margin or a layer's change, cell by cell.

    Every image gets each wave, with a random sign per image and channel that is the same for all waves and all models
    (balanced: each pattern of signs falls on equally many images). One wave stands for each conjugate pair.

    The result holds the score's variable (such as `error`) over ("row", "column") in cycles per image, with `_low`,
    `_high` and `n`; `_ring`, its mean over rings of equal radius; `clean_...` without a wave; `effective_norm`, the L2
    norm per channel left after clipping; and pictures of some images under the strongest wave.

    With `precision_of_rate` each frequency is measured on more and more images, in an order drawn once, until its
    interval is no more than twice that wide; all intervals hold at whatever round a frequency is stopped, and the map
    can be stopped at any time. Where frequencies have fewer images than others, or none (NaN), each has its count,
    `error_counts`, and rings are means over the images that all of their frequencies have.

    Source: Yin et al. (2019), section 2. Different here: intervals, both quadratures on request, pairs measured once.
    """

    holes: ClassVar[bool] = True
    norm: float = 4.0
    """L2 norm of the wave in each channel, on [0, 1] pixels."""
    crop: int | None = None
    """Measure only the centred square of this odd side, in cycles per image (63 in Yin et al. for ImageNet)."""
    stride: int = 1
    """Measure only multiples of this frequency in both directions."""
    score: str | Callable[..., Any] = "error"
    """error, topK (such as top5), loss, flips, margin, layer:NAME, linear (the error that the margin's gradient
    predicts), or in Python a function of outputs and labels."""
    phases: int = 1
    """Number of phases of each wave, evenly spread over half a turn from pi/4 on; 2 gives both quadratures."""
    clip: bool = True
    """Clip perturbed images to [0, 1]."""
    seed: int = 0
    """Seed of the random signs."""
    precision_of_rate: float | None = field(default=None, metadata=LATER)
    """Half the width of the 95 % interval at which a frequency has images enough, such as 0.02; none: all images."""

    def __post_init__(self) -> None:
        check_kinds(self)
        self._set.check()
        score_named(self.score)
        if self._way is not None:
            self._way.check()

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named(self.score), trial)
        if self._way is not None:
            return self._way.cells(trial)
        return self._set.tiles(trial.samples.plane, len(trial.samples))

    def follows(self, cell: Any, /) -> NamedTuple | None:
        return None if self._way is None else self._way.follows(cell)

    def settled(self, cell: Any, before: tuple[Measured, ...], /) -> bool:
        return not before[-1]["open"].any()

    def go_on(self, cell: Any, trial: Trial, before: tuple[Measured, ...], /) -> Measured:
        assert self._way is not None
        return self._way.measure(cell, trial, before)

    def measure(self, cell: Any, trial: Trial, /) -> Measured:
        if self._way is not None:
            return self._way.measure(cell, trial, ())
        return self.answers(cell, trial, self._signs(trial))

    def answers(self, tile: Tile, trial: Trial, all_signs: Tensor) -> Measured:
        """What the classifier answers under the waves of a tile, on its images, which have these signs (n, c)."""
        score, plane, device = score_named(self.score), trial.samples.plane, trial.classifier.device
        waves = self._set.stack(plane, tile).to(device)  # (w, p, h, w)
        labels = trial.samples.labels
        size = batch_size(plane, device)
        found: list[dict[str, Tensor]] = []
        shape = (size, trial.samples.channels, plane.height, plane.width)
        with torch.no_grad(), looked_at_once(), score.listening(trial.classifier) as listen:
            # of a layer the network itself tells, and no copy
            put = put_on if score.layer else compiled_beside(trial.classifier, put_on, shape)
            for part in batches(tile.stop - tile.start, size):
                chosen = slice(tile.start + part.start, tile.start + part.stop)
                images, sign = trial.samples.batch(chosen.start, chosen.stop, device), all_signs[chosen].to(device)
                own = None if labels is None else labels[chosen].to(device)
                reference = listen(images.clone()) if score.compares else None
                scores, norms = self._perturbed(
                    score, listen, images, sign, own, reference, waves.flatten(0, 1), size, put
                )
                piece = {
                    "scores": scores.unflatten(0, waves.shape[:2]),
                    "norms": norms.unflatten(0, (*waves.shape[:2], 1)),
                }
                if tile.first == 0:
                    piece |= self._unperturbed(score, listen, images, own, reference)
                found.append({name: values.cpu() for name, values in piece.items()})
        measured = {name: torch.cat([piece[name] for piece in found], dim=-1).numpy() for name in found[0]}
        return measured | {"norms": measured["norms"].sum(-1)}

    def assemble(self, measured: Mapping[Any, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        if self._way is not None:
            return self._way.assemble(measured, trial)
        waves, n = len(self._set.frequencies(trial.samples.plane)), len(trial.samples)
        whole = gathered(measured, waves, self.phases, n, bool if self._counted else None)
        return self.whole(whole, trial) if whole.seen.all() else PartialMap(self, trial).assembled(whole)

    def whole(self, whole: Gathered, trial: Trial) -> dict[str, xr.DataArray]:
        """The result's values, where every frequency was measured on every image."""
        score, plane, n, scores = score_named(self.score), trial.samples.plane, len(trial.samples), whole.scores
        axes = self._set.axes(plane)
        says = f"{score.says} under a wave of L2 norm {self.norm:g} in each channel."
        outcomes = scores[:, 0] if self.phases == 1 else scores.mean(1, dtype=np.float32)
        found = (rate if self._counted else _averaged(score))(score.name, outcomes, axes, says)
        found |= self._rings(score, outcomes, plane, says)
        found |= self._clean(score, whole.clean)
        found |= count(n)
        if self.phases > 1:
            worst = (scores * score.worse).mean(-1).max(1) * score.worse
            spread = np.ptp(scores.mean(-1), axis=1)
            found[f"{score.name}_worst"] = axes.array(
                worst, score.unit, f"{score.says} in the worst of {self.phases} phases."
            )
            found[f"{score.name}_spread"] = axes.array(spread, score.unit, f"Range over the phases of: {score.says}.")
        found["effective_norm"] = axes.array(
            whole.effective_norm,
            "L2 per channel",
            f"Mean L2 norm per channel left of {self.norm:g} after clipping.",
        )
        return found | self.pictures(outcomes.mean(-1) * score.worse, trial)

    @property
    def _counted(self) -> bool:
        """Whether outcomes are false or true; a share of phases is not."""
        return score_named(self.score).binary and self.phases == 1

    @property
    def _set(self) -> WaveSet:
        return waves_of(self)

    @property
    def _way(self) -> SequentialMap | LinearMap | None:
        """Who measures and assembles, where that is not all waves on all images."""
        if self.score == "linear":
            return LinearMap(self)
        return None if self.precision_of_rate is None else SequentialMap(self)

    def _signs(self, trial: Trial) -> Tensor:
        """A sign per image and channel (n, c): each pattern on equally many images, to within one."""
        return balanced_signs(len(trial.samples), trial.samples.channels, self.chance(purpose="signs"))

    def _perturbed(
        self,
        score: Score,
        listen: Any,
        images: Tensor,
        signs: Tensor,
        labels: Tensor | None,
        reference: Tensor | None,
        waves: Tensor,
        size: int,
        put: Callable[..., Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Scores (w, b) and sums of effective norms (w,) of a batch under each wave; a small batch takes several."""
        scores, norms = [], []
        at_once = min(len(waves), max(1, size // len(images)))
        room = images.new_empty(at_once, *images.shape)  # written again for each wave: fresh memory is slow
        put = put if len(images) == size else put_on  # compiled for full batches alone
        for part in batches(len(waves), at_once):
            several = waves[part]
            changed = room[: len(several)]  # (w, b, c, h, w)
            rows = put(images, signs, several, self.clip, changed).double()
            norms.append(torch.linalg.vector_norm(rows, dim=-1).mean(-1).sum(-1))
            repeated = [
                None if one is None else one.repeat(len(several), *[1] * (one.ndim - 1)) for one in (labels, reference)
            ]
            values = score.values(listen(changed.flatten(0, 1)), len(several) * len(images), *repeated)
            scores.append(values.clone().unflatten(0, (len(several), len(images))))  # some scores are views of images
        return torch.cat(scores), torch.cat(norms)

    def without_waves(self, trial: Trial, start: int, stop: int) -> Measured:
        """The scores (n,) of images start..stop without a wave."""
        score, device, labels = score_named(self.score), trial.classifier.device, trial.samples.labels
        found = []
        with torch.no_grad(), score.listening(trial.classifier) as listen:
            for part in batches(stop - start, batch_size(trial.samples.plane, device)):
                chosen = slice(start + part.start, start + part.stop)
                images = trial.samples.batch(chosen.start, chosen.stop, device)
                own = None if labels is None else labels[chosen].to(device)
                found.append(score.values(listen(images), len(images), own, None).cpu())
        return {"clean": torch.cat(found).numpy()}

    def _unperturbed(
        self, score: Score, listen: Any, images: Tensor, labels: Tensor | None, reference: Tensor | None
    ) -> dict[str, Tensor]:
        """What the score is without a wave: nothing for flips, the norm of the activations for a layer."""
        if score.layer is not None and reference is not None:
            return {"clean": torch.linalg.vector_norm(reference, dim=1)}
        return {} if score.compares else {"clean": score.values(listen(images.clone()), len(images), labels, None)}

    def _rings(self, score: Score, outcomes: npt.NDArray[Any], plane: Plane, says: str) -> dict[str, xr.DataArray]:
        """The score over rings of rounded radius, image by image; a pair counts twice, a self-paired wave once."""
        radii, weight = self._set.rings(plane)
        axes = Axes({"radius": radii}, {"radius": "cycles/image"})
        parts = batches(outcomes.shape[1], max(1, _VALUES // len(outcomes)))
        name, means = f"{score.name}_ring", np.concatenate([weight @ outcomes[:, part] for part in parts], axis=1)
        return _averaged(score)(name, means, axes, f"Mean over the ring of this radius: {says}")

    def _clean(self, score: Score, clean: npt.NDArray[Any]) -> dict[str, xr.DataArray]:
        if score.compares and score.layer is None:
            return {}
        axes, name = Axes({}), f"clean_{score.name}"
        if score.layer is not None:
            return mean(name, clean, axes, score.unit, f"Mean L2 norm of the clean activations of {score.layer}.")
        return (rate if score.binary else _averaged(score))(name, clean, axes, f"{score.says}, without a wave.")

    def pictures(self, effect: npt.NDArray[Any], trial: Trial) -> dict[str, xr.DataArray]:
        """Some images as they are and under the wave of largest effect (picture, state, y, x, channel), uint8."""
        plane, strongest = trial.samples.plane, int(np.nanargmax(effect))
        frequency = self._set.frequencies(plane)[strongest]
        images = trial.samples.batch(0, _PICTURES)
        signs = self._signs(trial)[: len(images), :, None, None]
        changed = images + signs * (self.norm * wave(plane, frequency, pi / 4)).float()
        both = torch.stack([images, changed], 1).clamp(0, 1).mul(255).round().byte().permute(0, 1, 3, 4, 2)
        says = (
            f"Images as they are and under the wave of largest effect, row {frequency.row}, column {frequency.column}."
        )
        pictures = xr.DataArray(
            both.numpy(), dims=("picture", "state", "y", "x", "channel"), coords={"state": ["clean", "under the wave"]}
        )
        pictures.attrs = {"units": "1/255", "says": says, "row": frequency.row, "column": frequency.column}
        return {"pictures": pictures}


def _averaged(score: Score) -> Any:
    """How a score is averaged over images where its outcomes are any numbers: a share stays within [0, 1]."""
    return share if score.binary else lambda name, outcomes, axes, says: mean(name, outcomes, axes, score.unit, says)
