"""Draws the pictures of the README and the docs from results: `python docs/make_pictures.py DEMO CIFAR`.

DEMO is the folder that `fourierscope demo` fills (such as demo/300-1); CIFAR holds a.nc, b.nc (heat maps),
a-curve.nc, b-curve.nc (pass curves) and a-harmonics.nc, b-harmonics.nc (harmonic distortion) of the two networks of
`heat-maps.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import xarray as xr
from matplotlib.figure import Figure

import fourierscope as fs
from fourierscope.theory.harmonics import ACTIVATIONS, activation_harmonics

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
    bent = [fs.load(cifar / f"{name}-harmonics.nc")["distortion"] for name in "ab"]
    keep(fs.draw_together(bent, NETWORKS), "harmonics-cifar10")
    keep(fs.draw(of_activations(3.0)), "harmonics-activations")


def of_activations(amplitude: float) -> xr.DataArray:
    """Harmonics 2 to 9 of each activation function, relative to the first."""
    found = torch.stack([activation_harmonics(name, amplitude) for name in ACTIVATIONS]).abs()
    return xr.DataArray(
        (found[:, 2:10] / found[:, 1:2]).numpy().round(9),
        coords={"activation": list(ACTIVATIONS), "harmonic": range(2, 10)},
        name="amplitude relative to harmonic 1",
    )


def keep(figure: Figure, name: str) -> None:
    figure.savefig(PICTURES / f"{name}.png", dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    main(*(Path(one) for one in sys.argv[1:3]))
