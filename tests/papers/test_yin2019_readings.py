"""What the checks of Yin et al. (2019) read, on results whose answers are known: no role, half or sign is swapped."""

import numpy as np
import pytest
import torch
import xarray as xr

import fourierscope as fs
from fourierscope.papers.exhibit import Made
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.yin2019 import figure3, figure7
from fourierscope.results import Axes, Result, count, rate, share
from fourierscope.runs import StoreError

RECORD = {"analysis": "Made up", "options": {}, "subject": {"name": "made up", "digest": ""}, "versions": {}}
RADII = (1, 2, 4, 8, 12, 16, 20)


def rings(errors):
    """A result of 50 images with these errors over rings."""
    values = np.repeat(np.array(errors, dtype=np.float32)[:, None], 50, axis=1)
    axes = Axes({"radius": np.array(RADII, dtype=float)}, {"radius": "cycles/image"})
    return Result(xr.Dataset(share("error_ring", values, axes, "Error.") | count(50)), RECORD)


def under_waves(wrong):
    """A heat map over rows and columns -1..1 with this share of 20 images wrong in each cell."""
    outcomes = np.arange(20) < np.round(20 * np.array(wrong))[..., None]
    places = {"row": np.arange(-1, 2), "column": np.arange(-1, 2)}
    return Result(xr.Dataset(rate("error", outcomes, Axes(places), "Error.") | count(20)), RECORD)


def test_low_frequencies_are_worse_for_the_robust_and_high_ones_for_the_natural():
    made = Made(
        {
            "natural": rings([0.1, 0.2, 0.5, 0.7, 0.7, 0.7, 0.7]),
            "gaussian": rings([0.3, 0.4, 0.5, 0.4, 0.3, 0.2, 0.1]),
            "adversarial": rings([0.4, 0.4, 0.4, 0.4, 0.3, 0.2, 0.1]),
        }
    )
    checks = [one for one in figure3.EXHIBIT.checks if " errs more than the " in one.says]
    assert len(checks) == 6
    assert {one.tried(made, "smoke").verdict for one in checks} == {"holds"}
    swapped = Made({"natural": made["gaussian"], "gaussian": made["natural"], "adversarial": made["natural"]})
    assert {one.tried(swapped, "smoke").verdict for one in checks} == {"fails"}


def test_the_wave_is_chosen_on_one_half_and_tried_on_the_other():
    search = np.full((3, 3), 0.2)
    search[0, 2] = 0.9  # row -1, column 1
    test = np.full((3, 3), 0.95)
    test[0, 2] = 0.6
    made = Made({"natural-search": under_waves(search), "natural-test": under_waves(test)})
    (check,) = [one for one in figure7.EXHIBIT.checks if "chosen on other images" in one.says]
    assert check.tried(made, "smoke").reading.value == pytest.approx(0.6)


def making(tmp_path, limit):
    samples = fs.open_samples("patches:test", limit=limit)
    roles = {"natural": fs.open_classifier("reference:natural")}
    return Making(Setting("smoke", samples, roles, {"adversarial": "left out"}), tmp_path / "figure-7")


def test_one_image_has_no_halves(tmp_path):
    with pytest.raises(NotTried, match="there is one image"):
        figure7.EXHIBIT.make(making(tmp_path, 1))


def test_a_damaged_store_is_no_failed_attack(tmp_path, monkeypatch):
    def damaged(self, name, *rest):
        raise StoreError("a cell is damaged")

    monkeypatch.setattr(Making, "ask", damaged)
    with pytest.raises(StoreError, match="damaged"):
        figure7.EXHIBIT.make(making(tmp_path, 40))


def test_an_attack_that_never_succeeds_is_left_out_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(figure7, "pgd", lambda trial, **options: trial.samples)
    asked = making(tmp_path, 4)
    with torch.no_grad():
        figure7.EXHIBIT.make(asked)
    assert "nothing succeeded" in asked.left_out["natural"]
    assert "natural-search" in asked.results
