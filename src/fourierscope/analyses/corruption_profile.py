"""Accuracy under common corruptions, and how much of each lies at high frequencies. Yin et al. (2019), Fig. 6."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.analyses.alexnet import ALEXNET, normalised
from fourierscope.analyses.high_frequency_share import check_bandwidth, high_gain, shares
from fourierscope.analyses.robustness import block_of, right
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import Axes, count, rate, share, share_interval
from fourierscope.runs import Analysis, Measured, batches, check_kinds
from fourierscope.subjects import Samples, Trial
from fourierscope.subjects.published_corruptions import published_corruption
from fourierscope.treatments.corruptions import CORRUPTIONS, corrupt
from fourierscope.treatments.corruptions.corrupting import table_used

_PIXELS = 2**18  # of the images of a cell, so that it takes seconds

# Yin et al. (2019), Fig. 6, has gaussian_blur and speckle_noise, but neither gaussian_noise nor frost
_LACKING = ("gaussian_noise", "frost", "spatter", "saturate")
_YIN = [name for name in CORRUPTIONS if name not in _LACKING]


class Corrupted(NamedTuple):
    """One corruption at one severity, of images start..stop; "none" stands for the images as they are."""

    corruption: str
    severity: int
    start: int
    stop: int


@dataclass(frozen=True)
class CorruptionProfile(Analysis[Trial]):
    """Accuracy under common corruptions by severity, beside the share of each corruption at high frequencies.

    The corruptions are made from the trial's own images (`fourierscope.treatments.corrupt`), each image with its own
    chance, the same for all models; or, for test images of CIFAR-10, they are the published ones of CIFAR-10-C, which
    the record then holds by a digest. `trade_off(profile, natural)` fits a line to the change of accuracy between two
    models against the share at high frequencies.

    The result holds `accuracy` and `share` over ("corruption", "severity"); their means over severities,
    `corruption_accuracy` and `corruption_share`, over ("corruption",); `severity_error` and `family_error`, means over
    corruptions; `mean_error`, the mean over all of them (for CIFAR the mean corruption error of the field); and
    `clean_accuracy`. With `normaliser` alexnet also `ce`, `mce` and `relative_mce`, in per cent of AlexNet's errors.

    Source: Yin et al. (2019), Fig. 6 and Table 2; Hendrycks and Dietterich (2019), section 4 (mCE).
    """

    corruptions: str = "yin"
    """yin (the 15 of Yin et al.), usual (the 15 of the common test), all (19), or names such as fog,snow."""
    severities: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Severities from 1 to 5."""
    bandwidth: int = 27
    """Odd bandwidth of the square high pass of the share (one more along odd sides)."""
    normaliser: Literal["none", "alexnet"] = "none"
    """none, or alexnet: CE, mCE and relative mCE against AlexNet, for ImageNet and the usual 15 alone."""
    table: Literal["auto", "cifar", "imagenet"] = "auto"
    """Whose severities; auto: those of CIFAR up to 64 pixels a side."""
    seed: int = 0
    """Seed of the corruptions' chance."""
    published: str | None = None
    """A folder with the files of CIFAR-10-C, for samples of CIFAR-10's test images; empty: made here."""

    def __post_init__(self) -> None:
        check_kinds(self)
        names = corruption_names(self.corruptions)
        check_bandwidth(self.bandwidth)
        if not self.severities or any(one not in (1, 2, 3, 4, 5) for one in self.severities):
            raise ValueError(f"severities are whole numbers from 1 to 5; {self.severities} came.")
        if len(set(self.severities)) != len(self.severities):
            raise ValueError(f"severities are different numbers; {self.severities} came.")
        if self.table not in ("auto", "cifar", "imagenet"):
            raise ValueError(f"table is auto, cifar or imagenet; {self.table!r} came.")
        if self.normaliser not in ("none", "alexnet"):
            raise ValueError(f"normaliser is none or alexnet; {self.normaliser!r} came.")
        if self.published is not None and (self.table != "auto" or self.seed):
            raise ValueError(
                "Published corruptions have their own severities and chance: leave table and seed out; "
                f"table={self.table!r}, seed={self.seed} came."
            )
        if self.normaliser == "alexnet" and (set(names) != set(ALEXNET) or len(self.severities) < 5):
            raise ValueError(
                'AlexNet\'s errors are means over 5 severities of the usual 15: write corruptions="usual" and leave '
                f"severities; {self.corruptions!r} and {self.severities} came."
            )

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        plane = trial.samples.plane
        high_gain(plane, self.bandwidth)
        if self.normaliser == "alexnet" and table_used(trial.samples, self.table) != "imagenet":
            raise ValueError(
                f"AlexNet's errors are those under ImageNet's severities, and {plane} with table={self.table!r} takes "
                "CIFAR's. Leave normaliser out and read mean_error (CIFAR's mean corruption error), or ask of images "
                'of ImageNet\'s size (or table="imagenet").'
            )
        for part in batches(len(trial.samples), max(8, _PIXELS // (plane.height * plane.width))):
            yield Corrupted("none", 0, part.start, part.stop)
            for name in corruption_names(self.corruptions):
                for severity in sorted(self.severities):
                    yield Corrupted(name, severity, part.start, part.stop)

    def measure(self, cell: Corrupted, trial: Trial, /) -> Measured:
        before = block_of(trial.samples, cell.start, cell.stop)
        if cell.corruption == "none":
            return {"right": right(trial, before)}
        after = self._corrupted(before, cell.corruption, cell.severity)
        gain = high_gain(before.plane, self.bandwidth)
        found = [
            shares(before.batch(one.start, one.stop), after.batch(one.start, one.stop), gain)
            for one in batches(len(before), 256)
        ]
        return {"right": right(trial, after), "share": torch.cat(found).float().numpy()}

    def assemble(self, measured: Mapping[Corrupted, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        names, severities = corruption_names(self.corruptions), sorted(self.severities)
        correct, high = (
            np.stack([np.stack([_joined(measured, name, one, what) for one in severities]) for name in names])
            for what in ("right", "share")
        )  # (corruptions, severities, n)
        clean = _joined(measured, "none", 0, "right")
        each, by_severity = Axes({"corruption": np.array(names)}), Axes({"severity": np.array(severities)})
        both = Axes({**each.coordinates, **by_severity.coordinates})
        source = "" if self.published is None else ", as published in CIFAR-10-C"
        found = rate("accuracy", correct, both, f"Share of images classified rightly under this corruption{source}.")
        found |= share(
            "corruption_accuracy",
            correct.mean(1),
            each,
            f"Share classified rightly under this corruption{source}, mean over severities.",
        )
        found |= _high_shares(high, both, each, self.bandwidth)
        wrong = 1 - correct.astype(np.float32)
        found |= share("severity_error", wrong.mean(0), by_severity, "Share classified wrongly, mean over corruptions.")
        found |= _by_family(wrong.mean(1), names)
        says = f"Share classified wrongly, mean over {len(names)} corruptions and {len(severities)} severities."
        found |= share("mean_error", wrong.mean((0, 1)), Axes({}), says)
        if self.normaliser == "alexnet":
            found |= normalised(wrong, 1 - clean.astype(np.float32), names, each)
        found |= rate("clean_accuracy", clean, Axes({}), "Share of images as they are classified rightly.")
        return found | count(len(trial.samples))

    def by_content(self, trial: Trial, /) -> Mapping[str, str]:
        if self.published is None:
            return {}
        digest = hashlib.sha256()
        for name in corruption_names(self.corruptions):
            for severity in sorted(self.severities):
                digest.update(self._corrupted(trial.samples, name, severity).digest.encode())
        return {"published": f"CIFAR-10-C {digest.hexdigest()[:16]}"}

    def _corrupted(self, samples: Samples, name: str, severity: int) -> Samples:
        if self.published is None:
            return corrupt(samples, name, severity, self.table, self.seed)
        return published_corruption(self.published, samples, name, severity)


def corruption_names(told: str) -> list[str]:
    """The corruptions of a set's word, or of names with commas. Raises ValueError for unknown and repeated names."""
    sets = {"yin": _YIN, "usual": [name for name, one in CORRUPTIONS.items() if one.test], "all": list(CORRUPTIONS)}
    names = sets.get(told) or [one.strip() for one in told.split(",")]
    unknown = [one for one in names if one not in CORRUPTIONS]
    if unknown or len(set(names)) != len(names):
        raise ValueError(
            f"corruptions is yin, usual, all, or different names with commas of: {', '.join(CORRUPTIONS)}; "
            f"{told!r} came."
        )
    return list(names)


def _joined(measured: Mapping[Corrupted, Measured], name: str, severity: int, what: str) -> npt.NDArray[Any]:
    """What was measured of a corruption at a severity, all images in their order."""
    return np.concatenate([piece[what] for cell, piece in measured.items() if cell[:2] == (name, severity)])


def _high_shares(high: npt.NDArray[Any], both: Axes, each: Axes, bandwidth: int) -> dict[str, xr.DataArray]:
    """Shares (corruptions, severities, n) on their axes; where a corruption changed no image, NaN."""
    says = f"Mean share of the change's energy above the square high pass of bandwidth {bandwidth}"
    by_image = np.stack([_mean_known(one) for one in high])  # (corruptions, n)
    found = _bounded("share", high, both, f"{says}.")
    found |= _bounded("corruption_share", by_image, each, f"{says}, mean over severities.")
    found["corruption_share"].attrs["images"] = "image_shares"
    found["image_shares"] = xr.DataArray(
        by_image,
        dims=("corruption", "image"),
        attrs={"units": "1", "says": "Share of each image, mean over the severities that changed it; NaN where none."},
    )
    unchanged = np.isnan(high).sum(-1)
    return found | {"unchanged": both.array(unchanged, "images", "Images that it left unchanged, which have no share.")}


def _mean_known(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The mean (n,) over the first axis (k, n) of what is not NaN; NaN where all are."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(0) / known.sum(0)).astype(np.float32)


def _bounded(name: str, values: npt.NDArray[Any], axes: Axes, says: str) -> dict[str, xr.DataArray]:
    """Means of shares (..., n) of the images that have one, with bounds."""
    flat = values.reshape(-1, values.shape[-1])
    known = [one[np.isfinite(one)] for one in flat]
    estimates = np.array([share_interval(one) if len(one) else (np.nan,) * 3 for one in known])
    value, low, high = estimates.T.reshape(3, *values.shape[:-1])
    return {
        name: axes.array(value, "1", says, low=f"{name}_low", high=f"{name}_high"),
        f"{name}_low": axes.array(low, "1", f"Lower 95 % bound of {name}."),
        f"{name}_high": axes.array(high, "1", f"Upper 95 % bound of {name}."),
    }


def _by_family(wrong: npt.NDArray[Any], names: list[str]) -> dict[str, xr.DataArray]:
    """The error of each family of corruptions; `wrong` is (corruptions, n)."""
    families = list(dict.fromkeys(CORRUPTIONS[name].family for name in names))
    outcomes = np.stack([wrong[[CORRUPTIONS[name].family == family for name in names]].mean(0) for family in families])
    says = "Share classified wrongly, mean over the corruptions of this family and their severities."
    return share("family_error", outcomes, Axes({"family": np.array(families)}), says)
