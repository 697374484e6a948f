"""`fourierscope doctor`: what is installed, and does it work?"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

_PARTS = (
    "fourierscope",
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "xarray",
    "h5netcdf",
    "safetensors",
    "matplotlib",
    "plotly",
)
_EXTRAS = {
    "timm": ("timm",),
    "hf": ("transformers", "datasets"),
    "attacks": ("foolbox", "pyautoattack"),
    "embed": ("umap-learn",),
    "ray": ("ray",),
}


def main(words: list[str]) -> int:
    """Print versions, devices and extras, and try a heat map."""
    if words:
        print("usage: fourierscope doctor\n\nTells versions, devices and extras, and tries the installation.")
        return 0 if words[0] in ("-h", "--help") else 2
    print(f"python {sys.version.split()[0]} on {platform.system()}")
    for name in _PARTS:
        print(f"{name} {_version(name) or 'MISSING'}")
    for extra, names in _EXTRAS.items():
        found = all(_version(name) for name in names)
        print(f"extra {extra}: " + ("installed" if found else f"not installed: pip install 'fourierscope[{extra}]'"))
    print("telemetry: none" + ("; that of ray is switched off in every run of ours" if _version("ray") else ""))
    return _try()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _try() -> int:
    import torch

    from fourierscope.analyses import HeatMap
    from fourierscope.subjects import Trial, open_classifier, open_samples

    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    print(f"accelerator: {cuda}; threads: {torch.get_num_threads()}")
    trial = Trial(open_classifier("reference:natural"), open_samples("patches:test", limit=20))
    error = HeatMap(stride=8)(trial)["clean_error"]
    print(f"a small heat map: done, clean error {float(error):.2f} on 20 images")
    return 0
