"""The flow of a density on the circle down the gradient of its loss: by particles, and by a pseudo-spectral solver.

Both know features by their rates lambda_k alone (`theory.circle.flow_rates`), and densities by their moments
a_k = int rho(w) exp(-i k w) dw, with a_0 = 1. Towards a target a*_k the velocity at w is

    -dV/dw = -2 Re sum over k >= 1 of i (lambda_k / k) (a_k - a*_k) exp(i k w).

The relative error at k is |a_k - a*_k| / |a*_k|, the same for densities as for the functions that they make.

Source: E, Ma, Wu (2019), arXiv:1912.12777, sections on the particle method and on translation-invariant features. The
settings of its figures are not known to us.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, inf, isfinite, pi
from typing import NamedTuple

import torch
from torch import Tensor

KEPT = 1e-10  # how far the mass may be from 1, and the density below 0
_COURANT = 1.0  # cells of the finest wave that the flow may cross in a step; the scheme bears 2.8
_BETWEEN = 4  # places per grid point at which the density is looked at


class DensityFlow(NamedTuple):
    """What a density became: its moments (t, k + 1), and the worst that was seen up to each time (t,).

    That is the least density, the largest distance of the mass from 1, and the largest of the moments in the highest
    eighth, which tells how much the grid leaves out.
    """

    moments: Tensor
    least: Tensor
    mass_error: Tensor
    unresolved: Tensor


def cosine_moments(frequencies: Sequence[int], amplitudes: Sequence[float], count: int) -> Tensor:
    """The moments (count + 1,), complex128, of (1 + sum of amplitude cos(frequency w)) / (2 pi)."""
    found = torch.zeros(count + 1, dtype=torch.complex128)
    found[0] = 1
    for k, amplitude in zip(frequencies, amplitudes, strict=True):
        found[k] += amplitude / 2
    return found


def place_moments(places: Tensor, count: int) -> Tensor:
    """The moments (..., count + 1) of particles of equal mass at places (..., n), radians."""
    found = _powers(places, count).mean(-2).conj()
    return torch.cat([torch.ones_like(found[..., :1]), found], dim=-1)


def even_places(count: int) -> Tensor:
    """The places (count,) 2 pi i / count."""
    return 2 * pi * torch.arange(count, dtype=torch.float64) / count


def particle_flow(rates: Tensor, target: Tensor, places: Tensor, times: Sequence[float], step: float = 0.5) -> Tensor:
    """The places (t, n) of particles from places (n,) on, at rising times (t,), by the midpoint rule (of second order).

    Rates and the target's moments are (k + 1,). Steps are at most `step`, and shorter where the flow is fast. Raises
    ValueError where shapes, times or the step do not fit.
    """
    _check(rates, target, times, step)
    step, spins, aim = min(step, _longest(rates, target)), _spins(rates)[1:], target[1:]

    def velocity(at: Tensor) -> Tensor:
        powers = _powers(at, len(aim))  # (n, k)
        return 2 * (powers @ (spins * (powers.mean(0).conj() - aim))).real

    found, at, now = [], places.double(), 0.0
    for time in times:
        steps = ceil((time - now) / step)
        for _ in range(steps):
            length = (time - now) / steps
            at = at + length * velocity(at + length / 2 * velocity(at))
        now = time
        found.append(at)
    return torch.stack(found)


def spectral_flow(
    rates: Tensor, target: Tensor, times: Sequence[float], points: int = 256, step: float = 0.5
) -> DensityFlow:
    """The density from the even one on, at rising times (t,), pseudo-spectrally on a grid of `points`.

    Moments up to (points - 1) // 3 = k are kept, so that products on the grid fold nothing back onto them; rates and
    the target's moments are (k + 1,). The moment of a divergence at k = 0 is 0, which keeps the mass; nothing in the
    scheme keeps the density above 0, so it is looked at after every step, between grid points too. Classical
    Runge-Kutta steps of at most `step`, shorter where the flow would cross a cell of the finest wave.

    Raises ValueError where what came does not fit, and where the mass leaves 1 or the density 0 by more than 1e-10: the
    grid or the step is too coarse, or the density gathers at places, which no grid holds.
    """
    _check(rates, target, times, step)
    top, step = (points - 1) // 3, min(step, _longest(rates, target))
    if len(rates) != top + 1:
        raise ValueError(f"A grid of {points} points keeps the moments 0 to {top}; rates of {len(rates)} came.")
    spins, k = _spins(rates), torch.arange(top + 1, dtype=torch.float64)

    def velocity(moments: Tensor) -> Tensor:
        return torch.fft.irfft(spins * (moments - target), points, norm="forward")

    def change(moments: Tensor) -> Tensor:
        flux = velocity(moments) * torch.fft.irfft(moments, points, norm="forward")
        found: Tensor = -1j * k * torch.fft.rfft(flux, norm="forward")[: top + 1]
        return found

    moments, now, told = torch.zeros_like(target), 0.0, []
    moments[0] = 1
    least, mass, rest = 1 / (2 * pi), 0.0, 0.0
    for time in times:
        while now < time:
            cell = _COURANT / (top * float(velocity(moments).abs().max()) + 1e-300)
            length = min(step, cell, time - now)
            moments = _stepped(change, moments, length)
            now = time if length == time - now else now + length
            lower, off = _looked_at(moments, points, now)
            least, mass = min(least, lower), max(mass, off)
            rest = max(rest, float(moments[-max(1, top // 8) :].abs().max()))
        told.append((moments, torch.tensor([least, mass, rest], dtype=torch.float64)))
    seen = torch.stack([one for _, one in told])
    return DensityFlow(torch.stack([one for one, _ in told]), *seen.unbind(1))


def _stepped(change: Callable[[Tensor], Tensor], moments: Tensor, length: float) -> Tensor:
    """A step of the classical Runge-Kutta method, of fourth order."""
    first = change(moments)
    second = change(moments + length / 2 * first)
    third = change(moments + length / 2 * second)
    fourth = change(moments + length * third)
    return moments + length / 6 * (first + 2 * second + 2 * third + fourth)


def _looked_at(moments: Tensor, points: int, now: float) -> tuple[float, float]:
    """The least density and the distance of the mass from 1. Raises ValueError where either is lost."""
    density = torch.fft.irfft(moments, _BETWEEN * points, norm="forward") / (2 * pi)
    least, off = float(density.min()), float((density.mean() * 2 * pi - 1).abs())
    if not (least >= -KEPT and off <= KEPT):  # NaN too
        raise ValueError(
            f"At time {now:.4g} the density is {least:.3g} at its least and the mass {off:.2g} from 1: a grid of "
            f"{points} points does not hold this flow. Take more points or a shorter step; where the density gathers "
            "at places, as it may where features cannot tell fine structure, only particles can follow."
        )
    return least, off


def _longest(rates: Tensor, target: Tensor) -> float:
    """The longest step at which both schemes are stable: the fastest rate times a bound of the target's density."""
    bound = float(1 + 2 * target[1:].abs().sum())
    return 1 / (float(rates.max()) * bound + 1e-300)


def _spins(rates: Tensor) -> Tensor:
    """-i lambda_k / k (k + 1,), 0 at k = 0."""
    return -1j * rates.double() / torch.arange(len(rates), dtype=torch.float64).clamp(min=1)


def _powers(places: Tensor, count: int) -> Tensor:
    """exp(i k w), (..., n, count), k = 1 .. count, of places (..., n): products of one, cheaper than exponentials."""
    turn = torch.polar(torch.ones_like(places), places)[..., None]
    return turn.expand(*places.shape, count).cumprod(-1)


def _check(rates: Tensor, target: Tensor, times: Sequence[float], step: float) -> None:
    if rates.ndim != 1 or rates.shape != target.shape or len(rates) < 2:
        raise ValueError(
            f"Rates and the target's moments are both (k + 1,) from k = 0 on; {tuple(rates.shape)} and "
            f"{tuple(target.shape)} came."
        )
    rising = all(before <= after < inf for before, after in pairwise([0.0, *times]))  # NaN is not
    if not times or not rising:
        raise ValueError(f"Times are finite and rise from 0 on; {tuple(times)} came.")
    if not (isfinite(step) and step > 0):
        raise ValueError(f"A step is above 0; {step} came.")
