"""Treatments by a word and a strength, such as corruption:fog at 3: for the command line and for `Robustness`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite

from fourierscope.fourier.kinds import check_numbers, check_texts, check_whole, number_of
from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.additive_noise import gaussian_noise
from fourierscope.treatments.attacks import apgd, deepfool, fgsm, low_frequency_pgd, pgd, square_attack, wave_search
from fourierscope.treatments.corruptions import CORRUPTIONS, corrupt
from fourierscope.treatments.square_filters import high_passed, low_passed

OfSamples = Callable[[Samples, float, int], Samples]  # samples, strength, seed
OfTrial = Callable[[Trial, float, int, int], Samples]  # trial, strength, seed, steps

_PGD = " of length 2.5 eps / steps, one random start"
_APGD = " that choose their own length, one random start"
_OF_PIXELS = ("eps", "deviation")
_BUDGETS = (0.0, 1 / 255, 2 / 255, 4 / 255, 8 / 255, 16 / 255)


@dataclass(frozen=True)
class Treatment:
    """A change of samples whose strength is one number: by itself, or by asking a classifier (an attack).

    One of `of_samples` and `of_trial` is given. `steps` is the number of steps of an attack that goes step by step.
    """

    says: str
    """One line of meaning."""
    strength: str
    """What the strength is."""
    strengths: tuple[float, ...]
    """Strengths worth asking about."""
    of_samples: OfSamples | None = None
    of_trial: OfTrial | None = None
    steps: int | None = None
    way: str = ""
    """How an attack goes its steps."""

    @property
    def measure(self) -> str:
        """What the strength is, with the scale of the pixels where it is a change of them."""
        return f"{self.strength}, on [0, 1] pixels" if self.strength in _OF_PIXELS else self.strength

    def told(self, steps: int | None = None) -> str:
        """What it does, in words: with `steps`, or its own number of them, where it goes step by step."""
        used = steps or self.steps
        return self.says if used is None else f"{self.says} ({number_of(used, 'step')}{self.way})"


def treated(trial: Trial, word: str, strength: float, seed: int = 0, steps: int | None = None) -> Samples:
    """The samples of a trial under the treatment that `word` names, at a strength.

    `steps` is for attacks that go step by step; empty: the treatment's own number. Raises ValueError for an unknown
    word, a strength or steps that do not fit.
    """
    check_subject(trial, Trial, "treated")
    treatment = treatment_named(word)
    check_numbers(strength=strength)
    check_whole(0, seed=seed)
    check_steps(word, steps)
    if treatment.of_samples is not None:
        return treatment.of_samples(trial.samples, strength, seed)
    assert treatment.of_trial is not None
    return treatment.of_trial(trial, strength, seed, int(steps or treatment.steps or 1))


def treatment_named(word: str) -> Treatment:
    """The treatment of a word. Raises ValueError, with near words, for an unknown one."""
    check_texts(treatment=word)
    if word in TREATMENTS:
        return TREATMENTS[word]
    whole, _, told = word.rpartition(":")
    if whole in TREATMENTS:
        raise ValueError(
            f'A strength stands by itself here: treatment="{whole}", strengths=({told},), or on the command line '
            f"--treatment {whole} --strengths {told}; {word!r} came."
        )
    if word in CORRUPTIONS:
        raise ValueError(f"There is no treatment {word!r}. Did you mean corruption:{word}?")
    near = get_close_matches(word, TREATMENTS, 3, 0.5)
    plain = [one for one in TREATMENTS if not one.startswith("corruption:")]
    known = f"Did you mean {' or '.join(near)}?" if near else f"Known: corruption:NAME, {', '.join(plain)}."
    raise ValueError(f"There is no treatment {word!r}. {known}")


def check_steps(word: str, steps: int | None) -> None:
    """Raises ValueError where a number of steps is none, or the treatment goes no steps."""
    if steps is None:
        return
    check_numbers(steps=steps)
    if treatment_named(word).steps is None:
        stepwise = ", ".join(name for name, one in TREATMENTS.items() if one.steps is not None)
        raise ValueError(f"{word} goes no steps; steps={steps} came. Those that do: {stepwise}.")
    if not isfinite(steps) or steps != int(steps) or steps < 1:
        raise ValueError(f"steps is a whole number from 1 on; {steps!r} came.")


def word_and_strength(text: str) -> tuple[str, float] | None:
    """A treatment and its strength from text such as corruption:fog:3 or pgd-linf:8/255; None where it names none.

    Raises ValueError where a treatment is named without a strength that can be read.
    """
    word, _, told = text.rpartition(":")
    if word in TREATMENTS:
        return word, _strength(told, text)
    if text.partition(":")[0] in CORRUPTIONS:
        raise ValueError(f"There is no treatment {text!r}. Did you mean corruption:{text}?")
    if text.partition(":")[0] not in ("corruption", *TREATMENTS):
        _check_meant(word, told, text)
        return None
    if text in TREATMENTS:
        raise ValueError(f"{text} has a strength, its {TREATMENTS[text].strength}: write {text}:NUMBER.")
    treatment_named(word if text.count(":") > 1 else text)
    raise AssertionError(f"{text} was read as no treatment")


def _check_meant(word: str, told: str, text: str) -> None:
    """Raises ValueError where a word with a number behind it is nearly that of a treatment."""
    near = get_close_matches(word, TREATMENTS, 3, 0.5) if re.fullmatch(r"[\d./]+", told) and ":" not in word else []
    if near:
        meant = " or ".join(f"{one}:{told}" for one in near)
        raise ValueError(f"There is no treatment {text!r}. Did you mean {meant}?")


def number_in(text: str) -> float:
    """The finite number in a text such as 0.03 or 8/255. Raises ValueError where there is none."""
    above, _, below = text.partition("/")
    try:
        found = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        found = float("nan")
    if not isfinite(found):
        raise ValueError(f"A number is written as 0.03 or 8/255; {text!r} came.")
    return found


def _strength(told: str, text: str) -> float:
    try:
        return number_in(told)
    except ValueError:
        raise ValueError(
            f"A treatment is written with its strength, as corruption:fog:3 or pgd-linf:8/255; {text} came."
        ) from None


def _corruption(name: str) -> Treatment:
    return Treatment(
        f"the common corruption {name}",
        "severity",
        (0.0, 1.0, 2.0, 3.0, 4.0, 5.0),
        of_samples=lambda samples, strength, seed: corrupt(samples, name, strength, seed=seed),
    )


def _bandwidth(strength: float) -> int:
    if not isfinite(strength) or strength != int(strength):
        raise ValueError(f"The strength of a pass filter is its bandwidth, an odd whole number; {strength} came.")
    return int(strength)


TREATMENTS: dict[str, Treatment] = {
    **{f"corruption:{name}": _corruption(name) for name in CORRUPTIONS},
    "gaussian-noise": Treatment(
        "independent Gaussian noise on every value",
        "deviation",
        (0.0, 0.02, 0.05, 0.1, 0.15, 0.2),
        of_samples=gaussian_noise,
    ),
    "low-pass": Treatment(
        "square low pass, clipped to [0, 1]",
        "bandwidth",
        (3.0, 7.0, 11.0, 15.0, 23.0, 31.0),
        of_samples=lambda samples, strength, _: low_passed(samples, _bandwidth(strength)),
    ),
    "high-pass": Treatment(
        "square high pass with the mean colour kept, clipped to [0, 1]",
        "bandwidth",
        (3.0, 7.0, 11.0, 15.0, 23.0, 31.0),
        of_samples=lambda samples, strength, _: high_passed(samples, _bandwidth(strength)),
    ),
    "fgsm": Treatment(
        "one step along the sign of the gradient", "eps", _BUDGETS, of_trial=lambda trial, eps, _, __: fgsm(trial, eps)
    ),
    "pgd-linf": Treatment(
        "projected gradient ascent in the L-infinity ball",
        "eps",
        _BUDGETS,
        of_trial=lambda trial, eps, seed, steps: pgd(trial, "linf", eps, steps, seed=seed),
        steps=20,
        way=_PGD,
    ),
    "pgd-l2": Treatment(
        "projected gradient ascent in the L2 ball of the whole image",
        "eps",
        (0.0, 0.25, 0.5, 1.0, 2.0),
        of_trial=lambda trial, eps, seed, steps: pgd(trial, "l2", eps, steps, seed=seed),
        steps=20,
        way=_PGD,
    ),
    "apgd-ce": Treatment(
        "APGD on the cross-entropy in the L-infinity ball",
        "eps",
        _BUDGETS,
        of_trial=lambda trial, eps, seed, steps: apgd(trial, "ce", "linf", eps, steps, seed=seed),
        steps=20,
        way=_APGD,
    ),
    "apgd-dlr": Treatment(
        "APGD on the ratio of logits in the L-infinity ball, for three classes or more",
        "eps",
        _BUDGETS,
        of_trial=lambda trial, eps, seed, steps: apgd(trial, "dlr", "linf", eps, steps, seed=seed),
        steps=20,
        way=_APGD,
    ),
    "square": Treatment(
        "random squares in the L-infinity ball that are kept where they help, no gradients",
        "eps",
        _BUDGETS,
        of_trial=lambda trial, eps, seed, steps: square_attack(trial, eps, steps, seed=seed),
        steps=500,
        way=" of one query each",
    ),
    "low-frequency-pgd": Treatment(
        "projected gradient ascent in the lowest quarter of the cosines a side, L-infinity",
        "eps",
        _BUDGETS,
        of_trial=lambda trial, eps, seed, steps: low_frequency_pgd(trial, 0.25, "linf", eps, steps, seed=seed).samples,
        steps=20,
        way=_PGD,
    ),
    "wave-search": Treatment(
        "the first of 100 single waves that changes the prediction, L-infinity, no gradients",
        "eps",
        (0.0, 2 / 255, 5 / 255, 10 / 255, 20 / 255),
        of_trial=lambda trial, eps, seed, _: wave_search(trial, "linf", eps, seed=seed).samples,
    ),
    "deepfool": Treatment(
        "to the nearest border of the predicted class and a little across",
        "overshoot",
        (0.02,),
        of_trial=lambda trial, overshoot, _, steps: deepfool(trial, steps, overshoot),
        steps=50,
    ),
}
"""All treatments that have a word, by their words."""
