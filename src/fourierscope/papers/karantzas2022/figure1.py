"""Figure 1: what nonlinearities make of a sine, and what an average over translations leaves of a loss."""

from __future__ import annotations

from functools import partial
from math import log10, pi, sqrt

import xarray as xr

from fourierscope.figures import Panel, draw_panels
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.karantzas2022.activations import ACTIVATIONS, REACHES, ActivationHarmonics, Sine
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, exact

_ODD = ("tanh", "hardtanh")
_AMPLITUDES = (1.0, 3.0)
_NONE = 1e-6  # what rounding and sampling leave of nothing
_RELU = sqrt(1 - 8 / pi**2)  # total distortion, exactly


def _make(making: Making) -> None:
    for amplitude in _AMPLITUDES:
        making.ask(f"amplitude-{amplitude:g}", ActivationHarmonics(), Sine(amplitude))


def _draw(made: Made) -> list[Picture]:
    held = made["amplitude-3"]
    panels = [
        Panel(
            name,
            [_levels(held["level"], name), _levels(held["window_level"].rename(frequency="harmonic"), name)],
            ("closed circle: harmonics alone", "the article's window of 63 points"),
        )
        for name in ACTIVATIONS
    ]
    says = (
        "What four activation functions make of 3 sin t, in decibels of the first harmonic; -100 stands for less. On a "
        "closed circle there is nothing between the harmonics, and the odd functions have no even ones; on a window "
        "that is no whole number of periods the skirts of each line lie over them."
    )
    return [Picture("figure-1", says, draw_panels(panels))]


def _levels(values: xr.DataArray, name: str) -> xr.DataArray:
    """The levels of one activation function up to the sixteenth harmonic, under one name and one unit of the axis."""
    chosen = values.sel(activation=name, drop=True).rename("level")
    chosen = chosen.where(chosen["harmonic"] <= 16, drop=True)
    chosen["harmonic"].attrs["units"] = "1"
    return chosen


def _none(name: str, amplitude: float, value: str, says: str) -> Check:
    """Nothing of what an odd function cannot make."""
    return Check(
        f"{name} of {amplitude:g} sin t: {says}, none for an odd function",
        lambda made: at(made[f"amplitude-{amplitude:g}"], value, {"activation": name}),
        high=_NONE,
    )


def _blue_shift(name: str) -> Check:
    return Check(
        f"{name} of 3 sin t: share of the energy above the first harmonic",
        lambda made: at(made["amplitude-3"], "blue_shift", {"activation": name}),
        low=0.01,
    )


def _tone(name: str, tone: str) -> Check:
    return Check(
        f"{name} of two tones: energy at their {tone} over that of the tones",
        lambda made: at(made["amplitude-3"], f"{tone}_tone", {"activation": name}),
        low=0.001,
    )


def _even_ratio(made: Made, name: str) -> Reading:
    return at(made["amplitude-3"], "even_ratio", {"activation": name})


def _falls(made: Made) -> Reading:
    """The least fall of the variation from no averaging to the widest reach, step by step."""
    held = [at(made["amplitude-1"], "variation", {"reach": reach}).value for reach in REACHES]
    return exact(min(before - after for before, after in zip([1.0, *held], held, strict=False)), 0)


def _leaked(made: Made, way: str) -> Reading:
    share = at(made["amplitude-1"], "leakage", {"way": way}).value
    return exact(10 * log10(max(share, 1e-30)), 0)


def _farthest(made: Made) -> Reading:
    return exact(float(made["amplitude-1"]["formula_error"].max()), 0)


EXHIBIT = Exhibit(
    number="1",
    title="What nonlinearities make of a sine",
    claim=(
        "Pointwise nonlinearities add higher harmonics (blue shift) and tones at sums and differences of frequencies "
        "(intermodulation); averaging a loss over translations dampens its frequencies by a sinc."
    ),
    source="section 2.1; the sinc: section 3",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "ReLU: total distortion, sqrt(1 - 8 / pi^2) in closed form",
            lambda made: at(made["amplitude-1"], "distortion", {"activation": "relu"}),
            _RELU - 1e-5,
            _RELU + 1e-5,
        ),
        Check(
            "ReLU: largest distance of a sampled harmonic from the closed form",
            lambda made: at(made["amplitude-1"], "closed_form_error", {}),
            high=_NONE,
        ),
        Check(
            "hardtanh leaves sin t itself as it is, for it bends from 1 on: total distortion",
            lambda made: at(made["amplitude-1"], "distortion", {"activation": "hardtanh"}),
            high=_NONE,
        ),
        *(_blue_shift(name) for name in ACTIVATIONS),
        *(_none(name, amplitude, "even_ratio", "largest even harmonic") for name in _ODD for amplitude in _AMPLITUDES),
        *(
            Check(
                f"{name} of 3 sin t: largest even harmonic over the first",
                partial(_even_ratio, name=name),
                low=0.05,
            )
            for name in ACTIVATIONS
            if name not in _ODD
        ),
        *(_tone(name, tone) for name in ACTIVATIONS if name not in _ODD for tone in ("sum", "difference")),
        *(
            _none(name, 3.0, f"{tone}_tone", f"tone at the {tone} of two")
            for name in _ODD
            for tone in ("sum", "difference")
        ),
        Check(
            "Energy of the sine itself that the article's window tells at other frequencies, in decibels of the sine's",
            lambda made: _leaked(made, "window"),
            low=-60,
        ),
        Check(
            "The same on a closed circle of as many points: nothing leaks",
            lambda made: _leaked(made, "circle"),
            high=-120,
        ),
        Check("Loss averaged over translations: largest distance of the sinc from the mean", _farthest, high=1e-3),
        Check("The wider the translations, the less the averaged loss varies: least fall", _falls, low=ABOVE_ZERO),
    ),
)
