"""What a heat map of the size of ImageNet takes of memory: `python benchmarks/memory.py`.

A process of its own opens a folder of pictures at 224 x 224 and asks a MobileNetV2 (random weights, unless others are
named) for the centred 63 x 63 square of frequencies. Printed are the peak of memory beyond what imports, the network
and one forward pass of a batch took, worker processes counted in; how often a picture was decoded; and images a second.
Memory is what /proc tells every 20 ms: RssAnon, which nothing can take back, and RssFile, the pages of mapped files,
which the system takes back when it wants them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from pathlib import Path

_SIDE, _CROP = 224, 63


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--classifier", default=None)
    parser.add_argument("--weights", default=None)
    parser.add_argument("--samples", default=None, help="a folder of pictures; random ones are drawn without it")
    parser.add_argument("--limit", type=int, default=32)
    parser.add_argument("--stride", type=int, default=4)
    parser.add_argument("--score", default="flips")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--store", default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.samples is None:
            drawn_pictures(Path(folder), given.limit)
            given.samples = folder
        child = multiprocessing.get_context("spawn").Process(target=asked, args=(given,))
        child.start()
        child.join()
    raise SystemExit(child.exitcode)


def drawn_pictures(folder: Path, count: int) -> None:
    """Random pictures of 300 x 400 pixels, as JPEG."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(0)
    for index in range(count):
        coarse = Image.fromarray(draw.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        coarse.resize((400, 300), Image.Resampling.BICUBIC).save(folder / f"{index}.jpg")


def asked(given: argparse.Namespace) -> None:
    """Ask, and print what it took."""
    import torch

    import fourierscope as fs
    from fourierscope.subjects import sample_files

    classifier = opened(given)
    with torch.no_grad():
        classifier(torch.rand(8, 3, _SIDE, _SIDE))
    decoded, decode = [], sample_files._decoded  # the files; it calls itself with what it opened
    sample_files._decoded = lambda one, size: (decoded.append(isinstance(one, Path)), decode(one, size))[1]
    with Watched() as seen:
        samples = fs.open_samples(f"folder:{given.samples}", limit=given.limit, size=_SIDE)
        opening = dict(seen.beyond())
        question = fs.HeatMap(crop=_CROP, stride=given.stride, score=given.score)
        start = time.perf_counter()
        fs.run(question, fs.Trial(classifier, samples), store=given.store, workers=given.workers)
        seconds = time.perf_counter() - start
    waves = len(samples.plane.waves(_CROP, given.stride))
    print(f"{classifier.name}: {waves} waves on {len(samples)} images of {_SIDE} x {_SIDE}, {given.workers} worker(s)")
    print(f"before: RssAnon {seen.first['RssAnon']:,.0f} MB, RssFile {seen.first['RssFile']:,.0f} MB")
    print(f"peak beyond, images opened: {told(opening)}")
    print(f"peak beyond, whole run: {told(seen.beyond())}")
    print(f"pictures decoded {sum(decoded)} times; {waves * len(samples) / seconds:,.1f} images/s, {seconds:,.0f} s")


def opened(given: argparse.Namespace):  # type: ignore[no-untyped-def]
    import torch

    import fourierscope as fs
    from fourierscope.subjects.torchvision_import import torchvision_module

    if given.classifier is not None:
        return fs.open_classifier(given.classifier, weights=given.weights)
    torch.manual_seed(0)
    network = torchvision_module().models.mobilenet_v2(weights=None).eval()
    return fs.Classifier(network, "MobileNetV2, random weights", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Watched:
    """The peaks of this process and those below it, in MB, while the block runs."""

    def __enter__(self) -> Watched:
        self.first, self.peak, self._done = memory(), memory(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def beyond(self) -> dict[str, float]:
        """The peaks so far, less what there was at first."""
        return {name: peak - self.first[name] for name, peak in self.peak.items()}

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak = {name: max(self.peak[name], now) for name, now in memory().items()}


def memory() -> dict[str, float]:
    """RssAnon and RssFile in MB, of this process and all below it; `both` is their sum at one moment."""
    total = {"RssAnon": 0.0, "RssFile": 0.0}
    for process in family("self"):
        try:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
        except OSError:  # it has ended
            continue
        for name, value in (line.split(":", 1) for line in lines if line.startswith(tuple(total))):
            total[name] += int(value.split()[0]) / 1000
    return total | {"both": sum(total.values())}


def family(process: str) -> list[str]:
    """A process and all below it."""
    try:
        below = [one for path in Path(f"/proc/{process}/task").glob("*/children") for one in path.read_text().split()]
    except OSError:
        below = []
    return [process, *(one for child in below for one in family(child))]


def told(peaks: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.0f} MB" for name, value in peaks.items())


if __name__ == "__main__":
    main()
