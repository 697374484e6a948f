"""Basri et al. (2019) made again: the circle law, the bias, spheres, by few neurons in few steps."""

import numpy as np
import pytest

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.basri2019 import bias, circles
from fourierscope.papers.basri2019.spheres import SphereLaw, Spheres
from fourierscope.papers.making import Making, Setting
from fourierscope.papers.paper import made_again
from fourierscope.theory.kernels.circle_law import coefficients

PAPER = paper_named("basri2019")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setitem(circles.SIZES, "smoke", circles.Size(24, 64, 60, 2, 4))
    monkeypatch.setattr(bias, "_STEPS", 20)


@pytest.fixture
def setting():
    return Setting("smoke", fs.open_samples("digits", limit=10), {})


def test_every_exhibit_is_made_checked_drawn_and_known_again(quick, setting, tmp_path, monkeypatch):
    first = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.not_tried for one in first] == [""] * 3
    assert all(one.pictures for one in first)
    monkeypatch.setattr("fourierscope.analyses.tangent_kernel.fit", None)
    again = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.reused for one in again] == [2, 6, 1]
    for one, other in zip(first, again, strict=True):
        assert all(result.dataset.equals(other.made[name].dataset) for name, result in one.made.results.items())


def test_a_fit_starts_at_zero_and_learns_all_frequencies(quick, setting, tmp_path):
    fit = circles.circle_fit(Making(setting, tmp_path), (3, 4))
    assert float(fit.fresh_network(0)(fit.points).detach().abs().max()) < 1e-4
    sizes = np.abs(np.fft.rfft(fit.values[:, 0].numpy())) / 12
    assert sizes[[3, 4]] == pytest.approx(1, abs=1e-6)
    assert sizes.sum() == pytest.approx(2, abs=1e-5)


def test_the_circle_is_the_sphere_of_two_dimensions():
    found = SphereLaw(highest=20)(Spheres((2, 3)))
    np.testing.assert_allclose(found["eigenvalue"][0], coefficients(20)[1:], atol=1e-14)
    assert (np.diff(found["eigenvalue"].values[:, 2::2], axis=1) < 0).all()
