"""What a model gains and loses against another, by how much of a corruption lies at high frequencies: a straight line.

Source: Yin et al. (2019), Fig. 6: slope k and, under the letter r, the residual sum of squares.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.results.measured import unpacked
from fourierscope.results.result import Result

Array = npt.NDArray[Any]

_PIECE = 100  # resamplings at a time


class Line(NamedTuple):
    """change = intercept + slope * share, by least squares, with the sum of squared residuals."""

    slope: Array
    intercept: Array
    residual: Array


def fitted_line(share: Array, change: Array) -> Line:
    """The straight line through points (..., k) by least squares. Raises ValueError where there are fewer than three
    points or all shares agree.
    """
    share, change = np.asarray(share, dtype=np.float64), np.asarray(change, dtype=np.float64)
    if share.shape != change.shape or share.shape[-1] < 3:
        raise ValueError(f"A line is fitted to three points or more; shapes {share.shape} and {change.shape} came.")
    across = share - share.mean(-1, keepdims=True)
    spread = np.square(across).sum(-1)
    if not (spread > 0).all():
        raise ValueError("All corruptions have the same share at high frequencies: there is no line through them.")
    slope = (across * change).sum(-1) / spread
    intercept = change.mean(-1) - slope * share.mean(-1)
    residual = np.square(change - intercept[..., None] - slope[..., None] * share).sum(-1)
    return Line(slope, intercept, residual)


def trade_off(profile: Result, natural: Result, draws: int = 2000, seed: int = 0) -> Result:
    """The change of accuracy from `natural` to `profile` (two results of `CorruptionProfile` on the same samples),
    corruption by corruption, against the share of the corruption at high frequencies, and the line through it.

    The result holds `accuracy_change` with its paired bounds and `high_frequency_share`, both over ("corruption",) and
    means over severities; `line`, its height over each of these shares; `slope`, `intercept` and `residual` (sum of
    squares). The bounds of the line, point by point, and of the numbers are those of `draws` bootstrap resamplings of
    the images: how another draw of images would move the line, not how other corruptions would. Where all images gain
    alike, as one image alone does, resampling them tells nothing: the bounds are NaN, with the reason.

    Raises ValueError where the two are no profiles of one question, or fewer than three corruptions changed images.
    """
    if draws < 100:
        raise ValueError(f"A bootstrap takes 100 draws or more; draws={draws} came.")
    for one in (profile, natural):
        if not isinstance(one, Result):
            raise TypeError(f"trade_off takes two results of CorruptionProfile; {type(one).__name__} came.")
    if profile.record.get("analysis") != "CorruptionProfile":
        raise ValueError(f"trade_off takes results of CorruptionProfile; one of {profile.record.get('analysis')} came.")
    found = profile - natural
    gains = [unpacked(one.dataset, "corruption_accuracy") for one in (profile, natural)]
    shares, known = profile.dataset["image_shares"].values, np.isfinite(profile["corruption_share"].values)
    if gains[0] is None or gains[1] is None or known.sum() < 3:
        raise ValueError("A line needs three corruptions or more that changed images, with outcomes image by image.")
    gain, shares = (gains[0].astype(np.float64) - gains[1])[known], shares[known].astype(np.float64)
    line = fitted_line(np.nanmean(shares, -1), gain.mean(-1))
    alike = bool((gain == gain[:, :1]).all())
    drawn = None if alike else _bootstrap(gain, shares, draws, seed)
    variables = _points(found, profile) | _numbers(line, drawn, gain.shape[-1])
    variables |= _heights(line, drawn, variables["high_frequency_share"])
    options = {"profile": profile.record["options"], "draws": draws, "seed": seed}
    return Result(xr.Dataset(variables), found.record | {"analysis": "TradeOff", "options": options})


def _bootstrap(gain: Array, shares: Array, draws: int, seed: int) -> Line:
    """The lines of resampled images; gain and shares are (corruptions, n), and NaN is an image without a share."""
    generator, n = np.random.default_rng(seed), gain.shape[-1]
    known, filled = np.isfinite(shares).T.astype(np.float64), np.nan_to_num(shares).T
    lines = []
    for start in range(0, draws, _PIECE):
        weights = generator.multinomial(n, np.full(n, 1 / n), size=min(_PIECE, draws - start)).astype(np.float64)
        with np.errstate(invalid="ignore"):
            lines.append(fitted_line(_usable(weights @ filled / (weights @ known)), weights @ gain.T / n))
    return Line(*(np.concatenate(parts) for parts in zip(*lines, strict=True)))


def _usable(shares: Array) -> Array:
    """Raises ValueError where a resampling has no image at all that a corruption changed."""
    if not np.isfinite(shares).all():
        raise ValueError("Too few images are changed by one of the corruptions for a bootstrap: take more images.")
    return shares


def _points(difference: Result, profile: Result) -> dict[str, xr.DataArray]:
    sides = ("", "_low", "_high", "_p", "_significant")
    found = {f"accuracy_change{side}": difference.dataset[f"corruption_accuracy{side}"].copy() for side in sides}
    found |= {f"high_frequency_share{side}": profile.dataset[f"corruption_share{side}"].copy() for side in sides[:3]}
    for name in ("accuracy_change", "high_frequency_share"):
        found[name].attrs |= {"low": f"{name}_low", "high": f"{name}_high"}
    del found["accuracy_change"].attrs["difference"], found["high_frequency_share"].attrs["images"]
    says = "Change of accuracy, mean over severities, against the share of the corruption at high frequencies."
    found["accuracy_change"].attrs |= {
        "says": says,
        "marks": "accuracy_change_significant",
        "against": "high_frequency_share",
        "line": "line",
    }
    return found | {"n": difference.dataset["n"]}


def _numbers(line: Line, drawn: Line | None, n: int) -> dict[str, xr.DataArray]:
    """Slope, intercept and residual with the bounds of the lines that were drawn; where none were, NaN and why."""
    told = {
        "slope": "Change of accuracy per unit of share at high frequencies, by the straight line of best fit.",
        "intercept": "Change of accuracy at a share of none, by the straight line of best fit.",
        "residual": "Sum of squared residuals of the straight line of best fit.",
    }
    whom = "one image" if n == 1 else f"{n} images that gain alike"
    why = f" It has no bounds: {whom} cannot give any." if drawn is None else ""
    found = {}
    for name, says in told.items():
        attrs = {"units": "1", "says": says + why, "low": f"{name}_low", "high": f"{name}_high"}
        found[name] = xr.DataArray(np.float64(getattr(line, name)), attrs=attrs)
        ends = _ends(None if drawn is None else getattr(drawn, name), ())
        for side, value in zip(("low", "high"), ends, strict=True):
            bound = {"units": "1", "says": f"{side.capitalize()} 95 % bound of {name} (bootstrap over images)."}
            found[f"{name}_{side}"] = xr.DataArray(value, attrs=bound)
    return found


def _heights(line: Line, drawn: Line | None, share: xr.DataArray) -> dict[str, xr.DataArray]:
    """How high the line lies over each share (k,), with the bounds of the lines that were drawn."""
    across = np.asarray(share.values, dtype=np.float64)
    over = None if drawn is None else drawn.intercept[:, None] + drawn.slope[:, None] * across
    heights = (line.intercept + line.slope * across, *_ends(over, across.shape))
    told = {
        "line": "The straight line of best fit, over the share of each corruption.",
        "line_low": "Low 95 % bound of the line, over the share of each corruption.",
        "line_high": "High 95 % bound of the line, over the share of each corruption.",
    }
    found = {}
    for (name, says), values in zip(told.items(), heights, strict=True):
        found[name] = share.copy(data=values)
        found[name].attrs = {"units": "1", "says": says}
    found["line"].attrs |= {"low": "line_low", "high": "line_high"}
    return found


def _ends(drawn: Array | None, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """The 95 % bounds, of that shape, of what was drawn (draws, ...); NaN where nothing was."""
    low, high = np.full((2, *shape), np.nan) if drawn is None else np.quantile(drawn, (0.025, 0.975), axis=0)
    return np.asarray(low), np.asarray(high)
