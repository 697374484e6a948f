"""Heat maps from one backward pass: the error under every wave, as far as the margin is linear in the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import pi, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from scipy import stats
from torch import Tensor

from fourierscope.analyses.partial_map import Array, Gathered, PartialMap, waves_of
from fourierscope.analyses.scores import score_named
from fourierscope.analyses.wave_set import Tile, balanced_signs
from fourierscope.fourier import is_self_paired, to_spectrum
from fourierscope.results import Axes, Estimate, estimated, partial, partial_shares, size_interval
from fourierscope.runs import Measured, batch_size, batches
from fourierscope.subjects import Trial

if TYPE_CHECKING:
    from fourierscope.analyses.heat_map import HeatMap

_MEASURED = 24  # waves that are measured too


class Slopes(NamedTuple):
    """The gradients of images start..stop, for all waves."""

    start: int
    stop: int


class Measuring(NamedTuple):
    """One wave, measured on images start..stop."""

    wave: int
    start: int
    stop: int


@dataclass(frozen=True)
class LinearMap:
    """A heat map of the error that the gradient of the margin predicts, and how it agrees with what is measured.

    The inner product of the gradient with a wave is a coefficient of its spectrum, so one transform serves all waves
    and phases. Clipping is ignored there. Some waves, drawn once, are measured too, clipped where that is asked for.
    """

    question: HeatMap

    def check(self) -> None:
        """Raises ValueError where an option has no meaning."""
        if self.question.precision_of_rate is not None:
            raise ValueError(
                "score='linear' takes one backward pass an image and no rounds: leave precision_of_rate out; "
                f"{self.question.precision_of_rate} came."
            )

    def cells(self, trial: Trial) -> Iterator[NamedTuple]:
        waves, plane = waves_of(self.question), trial.samples.plane
        shards = [tile for tile in waves.tiles(plane, len(trial.samples)) if tile.first == 0]
        yield from (Slopes(tile.start, tile.stop) for tile in shards)
        for wave in self._sample(trial):
            yield from (Measuring(wave, tile.start, tile.stop) for tile in shards)

    def follows(self, _: NamedTuple) -> None:
        return None

    def measure(self, cell: NamedTuple, trial: Trial, _: tuple[Measured, ...]) -> Measured:
        signs = balanced_signs(len(trial.samples), trial.samples.channels, self.question.chance(purpose="signs"))
        if isinstance(cell, Measuring):
            tile = Tile(cell.wave, cell.wave + 1, cell.start, cell.stop)
            return {"scores": self.question.answers(tile, trial, signs)["scores"][0]}
        assert isinstance(cell, Slopes)
        found, clean = [], []
        for part in batches(cell.stop - cell.start, batch_size(trial.samples.plane, trial.classifier.device)):
            chosen = slice(cell.start + part.start, cell.start + part.stop)
            margins, slopes = self._slopes(trial, chosen, signs[chosen])
            found.append((margins + self.question.norm * slopes < 0).cpu())
            clean.append((margins < 0).cpu())
        return {"scores": torch.cat(found, dim=-1).numpy(), "clean": torch.cat(clean).numpy()}

    def _slopes(self, trial: Trial, chosen: slice, signs: Tensor) -> tuple[Tensor, Tensor]:
        """The margins (b,) of some images, and their slopes (w, p, b) along each wave of norm 1 in each channel.

        Raises ValueError where there is no gradient, or one is NaN or infinite.
        """
        device, labels = trial.classifier.device, trial.samples.needed_labels()[chosen]
        images = trial.samples.batch(chosen.start, chosen.stop).to(device)
        with torch.enable_grad():
            images.requires_grad_()
            margins = score_named("margin").values(trial.classifier(images), len(images), labels.to(device), None)
            found = torch.autograd.grad(margins.sum(), images, allow_unused=True)[0] if margins.requires_grad else None
        if found is None or not bool(torch.isfinite(found).all()):
            raise ValueError(
                f"{trial.classifier.name} gives no finite gradient of its margin by the images, and score='linear' "
                "needs one: does it detach, round, or run under torch.no_grad? score='error' needs none."
            )
        spectra = to_spectrum((found * signs.to(device)[:, :, None, None]).sum(1))  # (b, h, w), complex
        return margins.detach(), self._along(trial, spectra)

    def _along(self, trial: Trial, spectra: Tensor) -> Tensor:
        """Inner products (w, p, b) of images with each wave, from their spectra (b, h, w)."""
        plane, phases = trial.samples.plane, self.question.phases
        frequencies = waves_of(self.question).frequencies(plane)
        places = torch.tensor([plane.position(one) for one in frequencies])
        alone = torch.tensor([is_self_paired(plane, one) for one in frequencies])
        values = spectra[:, places[:, 0], places[:, 1]].T  # (w, b)
        several = []
        for turn in range(phases):
            phase = pi / 4 + turn * pi / phases
            first = torch.where(alone, 1.0, 0.0).to(values.device)[:, None]  # with its one phase, whatever the turn
            turned = sqrt(2) * (values * torch.polar(torch.tensor(1.0), torch.tensor(phase)).to(values.device)).real
            several.append(first * values.real + (1 - first) * turned)
        return torch.stack(several, dim=1)

    def assemble(self, measured: Mapping[Any, Measured], trial: Trial) -> Mapping[str, xr.DataArray]:
        question, n = self.question, len(trial.samples)
        waves = len(waves_of(question).frequencies(trial.samples.plane))
        predicted, real = (Gathered.empty(waves, question.phases, n, bool) for _ in range(2))
        for cell, piece in measured.items():
            images = slice(cell.start, cell.stop)
            if isinstance(cell, Slopes):
                predicted.scores[:, :, images], predicted.seen[:, images] = piece["scores"], True
                predicted = predicted.with_clean(piece, cell.start, cell.stop)
            else:
                real.scores[cell.wave, :, images], real.seen[cell.wave, images] = piece["scores"], True
        if predicted.seen.all():
            found = question.whole(predicted, trial)
        else:
            found = PartialMap(question, trial).assembled(predicted)
        del found["effective_norm"]  # nothing is clipped
        told, agreement = self._agreement(predicted, real)
        found["predicted_error"].attrs["says"] += f" Clipping is ignored. {told}"
        axes = waves_of(question).axes(trial.samples.plane)
        outcomes = real.scores[:, 0] if question.phases == 1 else real.scores.mean(1, dtype=np.float32)
        says = f"Share of images classified wrongly under some waves, of L2 norm {question.norm:g} in each channel."
        estimate = partial_shares(outcomes, real.seen)
        return found | agreement | partial("measured_error", outcomes, real.seen, estimate, axes, "1", says)

    def _agreement(self, predicted: Gathered, real: Gathered) -> tuple[str, dict[str, xr.DataArray]]:
        """How predicted and measured error agree over the waves that were measured, on the same images."""
        both = predicted.seen & real.seen
        rows = np.flatnonzero(both.any(-1))
        rates = [_rates(one.scores[rows], both[rows]) for one in (predicted, real)]
        alike, apart = rank_agreement(*rates), size_interval(np.abs(rates[0] - rates[1])) if len(rows) else _unknown()
        says = f"over {len(rows)} waves drawn at random, at norm {self.question.norm:g}."
        found = estimated("agreement", alike, Axes({}), "1", f"Rank correlation of predicted and measured error {says}")
        found |= estimated("distance", apart, Axes({}), "1", f"Mean distance of predicted and measured error {says}")
        told = (
            f"Of {len(rows)} waves that were measured too, the rank correlation of predicted and measured error is "
            f"{_with_bounds(alike)}, their mean distance {_with_bounds(apart)}."
        )
        return told, found

    def _sample(self, trial: Trial) -> list[int]:
        waves = len(waves_of(self.question).frequencies(trial.samples.plane))
        drawn: list[int] = torch.randperm(waves, generator=self.question.chance(purpose="measured"))[
            :_MEASURED
        ].tolist()
        return sorted(drawn)


def rank_agreement(first: Array, second: Array) -> Estimate:
    """The rank correlation of two rows of values (m,), Spearman's, with bounds by Fisher's z; NaN where all is one.

    Source: Bonett and Wright (2000), whose variance of z is (1 + r^2 / 2) / (m - 3).
    """
    if len(first) < 4 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return _unknown()
    r = float(stats.spearmanr(first, second).statistic)
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    reach = stats.norm.ppf(0.975) * sqrt((1 + r**2 / 2) / (len(first) - 3))
    low, high = (np.tanh(z + sign * reach) for sign in (-1, 1))
    return Estimate(np.array(r), np.array(min(low, r)), np.array(max(high, r)))


def _unknown() -> Estimate:
    return Estimate(*(np.array(np.nan),) * 3)


def _rates(scores: Array, seen: Array) -> Array:
    """Mean scores (waves,), over phases and the images seen, of (waves, phases, n)."""
    found: Array = (scores.mean(1) * seen).sum(-1) / seen.sum(-1)
    return found


def _with_bounds(estimate: Estimate) -> str:
    value, low, high = (float(one) for one in estimate)
    return f"{value:.2f} ({low:.2f} to {high:.2f})" if np.isfinite(value) else "unknown"
