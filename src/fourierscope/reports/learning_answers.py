"""What questions about networks that learn, and their response spectra, found, in sentences of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from fourierscope.figures.form import number, words
from fourierscope.reports.phrases import coordinate, interval_of, valued
from fourierscope.results import Result

_MOVED = 0.05  # of a kernel's size: beyond, the linear law is no ground to stand on


def _frequency_principle(result: Result) -> Iterator[str]:
    times, threshold = result["median_time"], number(float(result.record["options"]["threshold"]))
    axis, seeds = str(times.dims[0]), result["time_to_learn"].sizes["seed"]
    told = _of_seeds(seeds)
    yield f"The relative error comes below {threshold} at {_listed(times)} ({axis}: step, median of {told})."
    never = [coordinate(times, int(place)) for place in np.flatnonzero(np.isnan(times.values))]
    if never:
        yield f"Not learned in at least half of {told}: {', '.join(never)}."
    yield from _order(result, told)
    if "slope" in result and np.isfinite(float(result["slope"])) and times[axis].dtype.kind in "uif":
        yield f"Time grows as a power of frequency with the exponent {valued(result['slope'])}."
    left = int(result["left_out"])
    if left:
        yield f"{left} bands are left out, for their targets do not stand out of the noise floor."


def _order(result: Result, told: str) -> Iterator[str]:
    order, area = result["ordering"], result["area_ordering"]
    if not np.isfinite(float(order)):
        yield "No order can be told: fewer than two bands are learned at different times."
        return
    verdict = "in part"
    for bound, word in ((0.95, "low frequencies first, all the way"), (-0.95, "high frequencies first")):
        if float(order) * np.sign(bound) >= abs(bound):
            verdict = word
    yield (
        f"Spearman's correlation of frequency with the time to learn is {valued(order)}, with the area under the error "
        f"curve {valued(area)}, over {told}: {verdict}."
    )


def _spectral_tracker(result: Result) -> Iterator[str]:
    for name in result:
        if name.endswith("_time_to_learn"):
            view = name.removesuffix("_time_to_learn")
            times = result[name].isel({result[name].dims[0]: result[f"{view}_usable"].values.astype(bool)})
            below = number(float(result.record["options"]["threshold"]))
            last = number(float(result[f"{view}_error"]["step"].max()))
            if not times.size:
                yield f"By the view {view} no target stands out of the noise floor: it tells nothing of this network."
                continue
            order = float(result[f"{view}_ordering"])
            rank = f" Spearman's correlation with frequency is {number(order)}." if np.isfinite(order) else ""
            yield f"By the view {view}, until step {last}, the error comes below {below} at {_listed(times)}.{rank}"


def _line_spectrum(result: Result) -> Iterator[str]:
    energy = result["energy"]
    cycles, pairs = energy["frequency"].values, result.record["options"]["direction"] == "pairs"
    length = number(float(result.record["options"]["length"]))
    where = "between images" if pairs else f"of length {length} in random directions"
    yield f"Along lines {where} the centroid of the logits' energy is {valued(result['centroid'])}."
    if "pieces" in result:
        yield f"A line has {valued(result['pieces'])}: between its bends the logits are exactly linear."
        wrong = result["sampling_error"]
        yield (
            f"The usual discrete transform of 200 points is off by {valued(wrong[0])} of the exact one at {cycles[0]} "
            f"cycles, and by {valued(wrong[-1])} at {cycles[-1]}."
        )


def _component_learning(result: Result) -> Iterator[str]:
    told = _of_seeds(result["half_learned"].sizes["seed"])
    splits = [split for split in ("train", "test") if f"low_accuracy_{split}" in result]
    epochs = number(float(result["low_accuracy_train"]["epoch"][-1]))
    for split in splits:
        last = {kept: result[f"{kept}_accuracy_{split}"].isel(epoch=-1) for kept in ("low", "high")}
        whole = valued(last["low"].sel(part="whole image"))
        parts = [str(part) for part in last["low"]["part"].values if part != "whole image"]
        shares = ", ".join(
            f"{part} {number(float(last['low'].sel(part=part)))} and {number(float(last['high'].sel(part=part)))}"
            for part in parts
        )
        yield f"After {epochs} epochs {whole} of {split} images are right; by low and high components: {shares}."
    lead, half = result["low_lead"], result["half_learned"]
    if bool(np.isnan(half.values).any()):
        yield f"In {told} the network does not always come to half of its training images: what is first is not told."
        return
    shares = ", ".join(f"{number(float(one))} at radius {int(one['radius'])}" for one in lead)
    yield (
        f"When half of the training images were learned, at epoch {number(float(half.mean()))} (mean over {told}), low "
        f"components carried this share of it: {shares}."
    )


def _tangent_kernel(result: Result) -> Iterator[str]:
    ratio, change = result["time_ratio"], result["kernel_change"]
    axis, told = str(ratio.dims[0]), _of_seeds(result["time_to_learn"].sizes["seed"])
    below = number(float(result.record["options"]["threshold"]))
    predicted = result["predicted_time"].fillna(np.inf).median("seed")  # never counts as late, as in median_time
    yield f"By the tangent kernel at the start the error comes below {below} at {_listed(predicted)} ({axis}: step)."
    yield f"Measured: {_listed(result['median_time'])} (both: median of {told})."
    known = ratio.values[np.isfinite(ratio.values)]
    if len(known):
        yield f"Measured over predicted times lie from {number(float(known.min()))} to {number(float(known.max()))}."
    if "slope" in result and np.isfinite(float(result["slope"])):
        bootstrap = " (bootstrap over seeds)" if interval_of(result["slope"]) else ""
        predicted_slope = result["predicted_slope"]
        held = valued(predicted_slope) if np.isfinite(float(predicted_slope)) else "none"
        yield (
            f"Time grows as a power of frequency with the exponent {valued(result['slope'])}; predicted: "
            f"{held}{bootstrap}."
        )
    ground = "" if float(change) < _MOVED else ": the prediction has no ground, for it takes a kernel that stays"
    yield f"The kernel moved by {valued(change)} of its size while the network learned{ground}."


def _linear_principle(result: Result) -> Iterator[str]:
    l2, parts = result["l2"], result["parts"].isel(width=-1)
    descends = result.record["options"]["answers"] == "descent"
    after = "after descent" if descends else "after endless training in its tangent kernel"
    yield (
        f"At {coordinate(l2, len(l2) - 1)} neurons the network, {after}, is {valued(l2[-1])} away from what the linear "
        f"frequency principle predicts (root mean square; the values spread by {number(float(result['spread']))})."
    )
    told = ", ".join(f"{word} {number(float(one))}" for word, one in zip(parts["part"].values, parts, strict=True))
    yield f"It consists of {told}; endlessly many neurons stay {number(float(result['limit']))} away."
    if "slope" in result:
        yield f"With the width it falls as a power with the exponent {valued(result['slope'])}."


def _listed(times: xr.DataArray, most: int = 8) -> str:
    """Places with their times: `1: 6, 3: 178`; of many, some evenly chosen."""
    known = np.flatnonzero(np.isfinite(times.values))
    if len(known) > most:
        known = known[np.linspace(0, len(known) - 1, most).round().astype(int)]
    told = [f"{words(coordinate(times, int(place)))}: {number(float(times[place]))}" for place in known]
    return ", ".join(told) if told else "no step"


def _of_seeds(count: int) -> str:
    return "one training" if count == 1 else f"{count} trainings"


LEARNING_SENTENCES: dict[str, Callable[[Result], Iterator[str]]] = {
    "FrequencyPrinciple": _frequency_principle,
    "SpectralTracker": _spectral_tracker,
    "ComponentLearning": _component_learning,
    "LineSpectrum": _line_spectrum,
    "TangentKernel": _tangent_kernel,
    "LinearPrinciple": _linear_principle,
}
