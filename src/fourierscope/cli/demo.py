"""`fourierscope demo`: the whole path, on what the package carries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jsonargparse import ArgumentParser

from fourierscope.analyses import HeatMap, PassCurve, PowerSpectrum
from fourierscope.reports import report
from fourierscope.results import Result
from fourierscope.runs import run
from fourierscope.subjects import Trial, open_classifier, open_samples

CLASSIFIERS = ("natural", "gaussian", "adversarial")


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
    given = parser.parse_args(words)
    results = list(demonstration(Path(given.folder), 40 if given.smoke else given.images, 4 if given.smoke else 1))
    page = report(results, Path(given.out), "Which frequencies do three classifiers use?", given.overwrite)
    print(f"Written: {page}. Open it in a browser.")
    return 0


def demonstration(folder: Path, images: int, stride: int) -> Iterator[Result]:
    """The demo's results: heat map and pass curve of each reference classifier, and the spectrum of the images."""
    samples = open_samples("patches:test", limit=images)
    kept = folder / f"{images}-{stride}"
    for name in CLASSIFIERS:
        trial = Trial(open_classifier(f"reference:{name}"), samples)
        for analysis in (HeatMap(norm=4.0, stride=stride), PassCurve()):
            place = kept / f"{name}-{type(analysis).__name__}"
            yield _saved(run(analysis, trial, place), place.with_suffix(".nc"))
    place = kept / "patches-PowerSpectrum"
    yield _saved(run(PowerSpectrum(), samples, place), place.with_suffix(".nc"))


def _saved(result: Result, path: Path) -> Result:
    result.save(path, overwrite=True)
    return result
