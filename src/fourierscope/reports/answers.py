"""What the questions about changes and treatments found, in sentences of their own: a function for each analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from fourierscope.figures.form import number, ordered, words
from fourierscope.reports.attributions import (
    band_importance,
    frequency_gradient,
    frequency_shortcuts,
    insertion_deletion,
)
from fourierscope.reports.circle_sentences import CIRCLE_SENTENCES
from fourierscope.reports.component_sentences import COMPONENT_SENTENCES
from fourierscope.reports.defence_sentences import DEFENCE_SENTENCES
from fourierscope.reports.kernel_sentences import KERNEL_SENTENCES
from fourierscope.reports.learning_answers import LEARNING_SENTENCES
from fourierscope.reports.mask_answers import MASK_SENTENCES
from fourierscope.reports.phrases import clean_sentence, coordinate, valued
from fourierscope.results import Result

HALF = 0.5  # of the clean accuracy, at which a treatment is said to have taken half
ALIASED = 0.01  # of the energy, which higher harmonics may hold without being told to take more points


def _shift_spectrum(result: Result) -> Iterator[str]:
    ring, ratio = ordered(result["profile"]), result["low_high_ratio"]
    ring = ring.assign_attrs(units="1")  # the sentence names the magnitude
    yield f"The size of the change is {valued(result['norm'])}."
    most, least = int(ring.values.argmax()), int(ring.values.argmin())
    if ring.values[most] > 0:
        yield (
            f"Its mean magnitude is largest at radius {coordinate(ring, most)}, {valued(ring[most])}, and smallest at "
            f"radius {coordinate(ring, least)}, {valued(ring[least])}."
        )
    if np.isfinite(float(ratio)):
        yield f"The ratio of low to high frequencies is {valued(ratio)}; white noise has 1. {ratio.attrs['says']}"
    else:
        yield str(ratio.attrs["says"])


def _high_frequency_share(result: Result) -> Iterator[str]:
    changed, unchanged = int(result["n"]), int(result["unchanged"])
    left_out = f" {unchanged} of {changed + unchanged} images did not change and are left out." if unchanged else ""
    bandwidth = result.record["options"]["bandwidth"]
    yield (
        f"Above the square high pass of bandwidth {bandwidth} lies a share of {valued(result['share'])} of the "
        f"change's energy.{left_out}"
    )


def _band_noise(result: Result) -> Iterator[str]:
    values = ordered(result["accuracy"])
    yield clean_sentence("clean_accuracy", result["clean_accuracy"])
    noisy = values.sel(bandwidth=values["bandwidth"].values > 0)
    for band in noisy["noise"].values:
        curve = noisy.sel(noise=band)
        worst, best = int(curve.values.argmin()), int(curve.values.argmax())
        yield (
            f"Under noise of {band} frequencies the accuracy is lowest at bandwidth {coordinate(curve, worst)}, "
            f"{valued(curve[worst])}, and highest at {coordinate(curve, best)}, {valued(curve[best])}."
        )
    left = result["effective_norm"].sel(bandwidth=noisy["bandwidth"].values)
    if result.record["options"].get("clip"):
        norm = number(result.record["options"]["norm"])
        yield (
            f"Of the norm {norm} per channel, clipping leaves {number(float(left.min()))} to "
            f"{number(float(left.max()))}, by the band."
        )


def _robustness(result: Result) -> Iterator[str]:
    values, clean = ordered(result["accuracy"]), float(result["clean_accuracy"])
    yield clean_sentence("clean_accuracy", result["clean_accuracy"])
    treatment, measure = (
        result.record["options"]["treatment"],
        str(values["strength"].attrs.get("units", "strength")).split(",")[0],
    )
    worst = int(values.values.argmin())
    lowest = f" and lowest, {valued(values[worst])}, at {measure} {coordinate(values, worst)}" if worst else ""
    yield f"Under {treatment} the accuracy is {valued(values[0])} at {measure} {coordinate(values, 0)}{lowest}."
    halved = np.flatnonzero(values.values <= HALF * clean)
    if len(values) == 1:
        told = "at most" if len(halved) else "more than"
        yield f"That is {told} half of the clean accuracy ({number(HALF * clean)})."
    elif not len(halved):
        yield f"At none of these strengths does it fall to half of the clean accuracy ({number(HALF * clean)})."
    elif len(halved) == len(values):
        yield f"At all of these strengths it is at most half of the clean accuracy ({number(HALF * clean)})."
    elif values.values[0] > HALF * clean:
        yield (
            f"The least {measure} asked about that takes half of the clean accuracy is "
            f"{coordinate(values, int(halved[0]))}."
        )


def _corruption_profile(result: Result) -> Iterator[str]:
    accuracy, high = result["corruption_accuracy"], result["corruption_share"]
    if result.record["options"].get("published"):
        yield f"The corrupted images are the published ones, {result.record['options']['published']}."
    yield clean_sentence("clean_accuracy", result["clean_accuracy"])
    over = f"all {accuracy.size} corruptions and their severities" if accuracy.size > 1 else "the severities"
    yield f"The mean error over {over} is {valued(result['mean_error'])}."
    if "mce" in result:
        yield (
            f"Relative to AlexNet, the mean corruption error (mCE) is {valued(result['mce'])} and the relative mCE "
            f"{valued(result['relative_mce'])}."
        )
    if accuracy.size == 1:
        yield f"The accuracy under {_most(accuracy)}, is the mean over severities."
    else:
        yield f"The accuracy is lowest under {_least(accuracy)}, and highest under {_most(accuracy)}."
    if result["family_error"].size > 1:
        yield f"Of the families, the error is highest under {_most(result['family_error'])}."
    if high.size == 1 and np.isfinite(high.values).any():
        yield f"Of the change, a share of {valued(high[0])} of its energy lies at high frequencies."
    elif np.isfinite(high.values).any():
        yield f"Of the changes, {_most(high)} of its energy, lies highest in frequency; {_least(high)}, lowest."


def _trade_off(result: Result) -> Iterator[str]:
    first, second = (str(one["name"]) for one in result.record["subject"]["classifiers"])
    slope, low, high = (float(result[name]) for name in ("slope", "slope_low", "slope_high"))
    why = "the interval holds 0" if np.isfinite(low) else "there are no bounds"
    sure = "" if low > 0 or high < 0 else f" ({why}: no direction is sure)"
    side = "gains" if slope > 0 else "loses" if slope < 0 else "neither gains nor loses"
    yield (
        f"From {second} to {first}, accuracy {side} with the share of a corruption at high frequencies: slope "
        f"{valued(result['slope'])}{sure}, residual sum of squares {valued(result['residual'])}, over "
        f"{result['accuracy_change'].size} corruptions."
    )
    change = result["accuracy_change"]
    yield (
        f"The accuracy of {first} minus that of {second} is highest under {_most(change)}, and lowest under "
        f"{_least(change)}."
    )


def _layer_heat_map(result: Result) -> Iterator[str]:
    values = result["relative_change"]
    for layer in values["layer"].values:
        plane = values.sel(layer=layer)
        flat = plane.stack(place=plane.dims)
        cell = flat[int(np.nanargmax(flat.values))]
        yield (
            f"In the layer {layer} the activations change most under the wave at row {int(cell['row'])}, column "
            f"{int(cell['column'])}: by {valued(cell)} of their norm; the mean over all waves is "
            f"{number(float(plane.mean()))}."
        )


def _harmonic_distortion(result: Result) -> Iterator[str]:
    distortion, higher = result["distortion"], result["higher_harmonics"]
    last = distortion.size - 1
    if last:
        yield (
            f"From layer to layer the total harmonic distortion goes from {_named(distortion, 0)}, to "
            f"{_named(distortion, last)}; it is lowest in {_least(distortion)}, and highest in {_most(distortion)}."
        )
    else:
        yield f"The total harmonic distortion is that of {_named(distortion, 0)}."
    yield f"The centroid of the harmonics is highest in {_most(result['centroid'])}; that of a pure wave is 1."
    shown = int(result["harmonics"]["harmonic"].max())
    worse = ": take more points, for what is above falls onto the others" if float(higher.max()) > ALIASED else ""
    yield f"Above harmonic {shown} lies a share of at most {number(float(higher.max()))} of the energy{worse}."
    if "intermodulation_sum" in result:
        yield (
            f"Of the energy of the two waves, the tone at their sum has a share that is highest in "
            f"{_most(result['intermodulation_sum'])}; the one at their difference in "
            f"{_most(result['intermodulation_difference'])}; the second harmonics in "
            f"{_most(result['second_harmonics'])}."
        )


def _most(values: xr.DataArray) -> str:
    return _named(values, int(np.nanargmax(values.values)))


def _least(values: xr.DataArray) -> str:
    return _named(values, int(np.nanargmin(values.values)))


def _named(values: xr.DataArray, place: int) -> str:
    """A value on an axis of words, with its word: `fog, 0.71 (0.66 to 0.76)`."""
    return f"{words(values[values.dims[0]].values[place])}, {valued(values[place])}"


OWN_SENTENCES: dict[str, Callable[[Result], Iterator[str]]] = {
    "ShiftSpectrum": _shift_spectrum,
    "HighFrequencyShare": _high_frequency_share,
    "BandNoise": _band_noise,
    "Robustness": _robustness,
    "CorruptionProfile": _corruption_profile,
    "TradeOff": _trade_off,
    "LayerHeatMap": _layer_heat_map,
    "HarmonicDistortion": _harmonic_distortion,
    "FrequencyGradient": frequency_gradient,
    "BandImportance": band_importance,
    "FrequencyShortcuts": frequency_shortcuts,
    "InsertionDeletion": insertion_deletion,
    **CIRCLE_SENTENCES,
    **COMPONENT_SENTENCES,
    **KERNEL_SENTENCES,
    **DEFENCE_SENTENCES,
    **MASK_SENTENCES,
    **LEARNING_SENTENCES,
}
"""The analyses that have sentences of their own; others are told by what their values look like."""
