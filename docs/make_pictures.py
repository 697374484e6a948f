"""Draws the pictures of the README and the docs from results: `python docs/make_pictures.py DEMO CIFAR`.

DEMO is the folder that `fourierscope demo` fills (such as demo/300-1); CIFAR holds a.nc, b.nc (heat maps) and
a-curve.nc, b-curve.nc (pass curves) of the two networks of `heat-maps.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure

import fourierscope as fs

PICTURES = Path(__file__).parent / "pictures"
REFERENCES = ("natural", "gaussian", "adversarial")
NETWORKS = ("ResNet-20, standard", "ResNet-4B, adversarial")


def main(demo: Path, cifar: Path) -> None:
    maps = [fs.load(demo / f"{name}-HeatMap.nc") for name in REFERENCES]
    keep(fs.draw_together([one["error"] for one in maps], REFERENCES), "demo")
    first, second = (fs.load(cifar / f"{name}.nc") for name in "ab")
    keep(fs.draw_together([first["error"], second["error"]], NETWORKS), "cifar10-heat-maps")
    keep(fs.draw((first - second)["error"]), "cifar10-difference")
    keep(fs.draw_together([first["error_ring"], second["error_ring"]], NETWORKS), "cifar10-rings")
    curves = [fs.load(cifar / f"{name}-curve.nc")["accuracy"] for name in "ab"]
    keep(fs.draw_together(curves, NETWORKS), "cifar10-pass-curves")


def keep(figure: Figure, name: str) -> None:
    figure.savefig(PICTURES / f"{name}.png", dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    main(*(Path(one) for one in sys.argv[1:3]))
