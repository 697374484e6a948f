"""`fourierscope demo`: the whole path, on what the package carries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser

from fourierscope.analyses import (
    BandNoise,
    CorruptionProfile,
    HeatMap,
    Mask,
    MaskEnergy,
    MaskTransfer,
    PassCurve,
    PowerSpectrum,
    Robustness,
    ShiftSpectrum,
)
from fourierscope.analyses.masks.reading import masked
from fourierscope.cli.parsing import parsed
from fourierscope.reports import report
from fourierscope.results import Result, trade_off
from fourierscope.runs import Analysis, run
from fourierscope.subjects import Trial, open_classifier, open_samples
from fourierscope.treatments import pgd, successful

CLASSIFIERS = ("natural", "gaussian", "adversarial")
_SEVERITIES = (1, 3, 5)
_MASKED, _STEPS = 60, 160  # images that get a mask each, and the most steps of one


def main(words: list[str]) -> int:
    """Compare the reference classifiers on embedded images and write the report."""
    parser = ArgumentParser(
        prog="fourierscope demo",
        description="Compare three reference classifiers on embedded photographs; write a report.",
    )
    parser.add_argument("--out", default="report.html", help="The report.")
    parser.add_argument("--overwrite", action="store_true", help="Replace the file --out if it holds something else.")
    parser.add_argument(
        "--folder", default="demo", help="Where results and finished cells are kept: run again to go on."
    )
    parser.add_argument("--images", type=int, default=300, help="Number of test images.")
    parser.add_argument("--smoke", action="store_true", help="A small version: 40 images, every fourth frequency.")
    given = parsed(parser, words)
    results = list(demonstration(Path(given.folder), 40 if given.smoke else given.images, 4 if given.smoke else 1))
    page = report(results, Path(given.out), "Which frequencies do three classifiers use?", given.overwrite)
    print(f"Written: {page}. Open it in a browser.")
    return 0


def demonstration(folder: Path, images: int, stride: int) -> Iterator[Result]:
    """The demo's results: what each classifier hears, needs, withstands and trades, and the spectra behind it."""
    samples = open_samples("patches:test", limit=images)
    trials = {name: Trial(open_classifier(f"reference:{name}"), samples) for name in CLASSIFIERS}
    kept = folder / f"{images}-{stride}"
    for question in (HeatMap(norm=4.0, stride=stride), PassCurve(), BandNoise(), Robustness("pgd-linf")):
        for name, trial in trials.items():
            yield _asked(question, trial, kept / f"{name}-{type(question).__name__}")
    profiles = {}
    for name, trial in trials.items():
        place = kept / f"{name}-{CorruptionProfile.__name__}"
        profiles[name] = _asked(CorruptionProfile(severities=_SEVERITIES), trial, place)
        yield profiles[name]
    for name in CLASSIFIERS[1:]:
        yield _saved(trade_off(profiles[name], profiles["natural"]), kept / f"{name}-trade-off.nc")
    for name in (CLASSIFIERS[0], CLASSIFIERS[-1]):
        trial = Trial(trials[name].classifier, samples.limited(min(images, _MASKED)))
        masks = _asked(Mask(steps=_STEPS), trial, kept / f"{name}-{Mask.__name__}")
        yield masks
        for about in (MaskTransfer(), MaskEnergy()):
            yield _asked(about, masked(trial, masks), kept / f"{name}-{type(about).__name__}")
    for name in (CLASSIFIERS[0], CLASSIFIERS[-1]):
        pair = successful(trials[name], pgd(trials[name], eps=8 / 255, steps=10))
        yield _asked(ShiftSpectrum(), pair, kept / f"{name}-{ShiftSpectrum.__name__}")
    yield _asked(PowerSpectrum(), samples, kept / "patches-PowerSpectrum")


def _asked(question: Analysis[Any], subject: Any, place: Path) -> Result:
    return _saved(run(question, subject, place), place.with_suffix(".nc"))


def _saved(result: Result, path: Path) -> Result:
    result.save(path, overwrite=True)
    return result
