"""This package beside a plain loop and beside rai-toolbox, turn by turn: `python -m benchmarks.beside [EXHIBIT ...]`.

Each exhibit prints its table and keeps it as JSON in --folder. `--page` writes all that the folder holds into
docs/speed.md and its picture. `--without-bfloat16` switches off a processor's bfloat16 units: it asks again in a
process whose oneDNN knows no more than AVX-512.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import torch

import fourierscope as fs
from benchmarks.beside import page
from benchmarks.beside.exhibits import EXHIBITS
from benchmarks.beside.peer import RELEASE, ROOT

SWITCH = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}


def main() -> None:
    given = parsed()
    if given.without_bfloat16 and any(os.environ.get(name) != value for name, value in SWITCH.items()):
        # oneDNN reads it once, when it is loaded
        again = [sys.executable, "-m", "benchmarks.beside", *sys.argv[1:]]
        sys.exit(subprocess.run(again, env=os.environ | SWITCH).returncode)
    torch.set_num_threads(given.threads)
    trial = fs.Trial(fs.open_classifier(given.classifier), fs.open_samples(given.samples, limit=given.images))
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in given.exhibits:
        table = EXHIBITS[name](trial, given)
        kept = name + ("-without" if given.without_bfloat16 else "")
        (given.folder / f"{kept}.json").write_text(json.dumps(table, indent=1) + "\n")
        print(f"{page.TITLES[kept]}\n\n{page.lines(table)}\n", flush=True)
    if given.page:
        tables = {one.stem: json.loads(one.read_text()) for one in given.folder.glob("*.json")}
        page.write(given.page, tables, said(given))
        (given.page.parent / "pictures").mkdir(exist_ok=True)
        page.draw(given.page.parent / "pictures" / "speed.png", tables)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "exhibits", nargs="*", metavar="EXHIBIT", help=f"Of {', '.join(EXHIBITS)}; none: only the page."
    )
    parser.add_argument("--classifier", default="reference:cifar10-resnet20-natural")
    parser.add_argument("--samples", default="patches:test", help="Images of 32 x 32, such as npz:cifar10_test.npz.")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5, help="Turns that are counted.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--stride", type=int, default=1, help="Of the map in the exhibit `precision`.")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "beside")
    parser.add_argument("--page", type=Path, help="The page to write, such as docs/speed.md.")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help=f"Without {RELEASE} and its environment.")
    parser.add_argument("--without-bfloat16", action="store_true")
    parser.add_argument("--smoke", action="store_true", help="The least of each exhibit, to see that it works.")
    given = parser.parse_args()
    unknown = [name for name in given.exhibits if name not in EXHIBITS]
    if unknown:
        parser.error(f"exhibits are {', '.join(EXHIBITS)}; {', '.join(unknown)} came.")
    return given


def said(given: argparse.Namespace) -> str:
    """What stands above the tables."""
    return (
        f"Written by `make bench`: `{given.classifier}` on {given.images:,} images, {given.threads} threads, torch "
        f"{torch.__version__.partition('+')[0]} on all sides, {RELEASE}. Medians over turns in which "
        "each side follows the other, with the least and the largest.\n\nSeconds of a whole map are scaled up from "
        "parts (one frequency "
        "a turn of the loop, four waves of rai-toolbox, the 25 waves within 3 cycles of ours) by the images that go "
        "through the network. The plain loop is written from the description of gatheluck/FourierHeatmap with its "
        "defaults: 544 frequencies, a new DataLoader for each, eight worker processes, batches of 512, the autograd "
        "graph kept. The rows below it change one thing after the other. rai-toolbox has no batch size of its own. Its "
        "pinning of memory needs a GPU and is switched off, and clipping is added, so that it measures what we do. "
        "What makes the network fast is chosen and compiled before the clock starts; workers are timed without the "
        "seconds in which they start. A map of ours has one wave of each pair, and the images without a wave. Tables, "
        "and the blocks of the table of costs, were measured one after the other: compare within one alone."
    )


if __name__ == "__main__":
    main()
