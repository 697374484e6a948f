"""Averaging a function over a ball around its input: which of its frequencies stay, and what such an average certifies.

A wave cos(w . x) averaged over points at random offsets is the same wave times a transfer, which depends on z = radius
times |w| alone where the offsets have no preferred direction. z is in radians: frequencies are angular ones of the
function along its input, not of pixels.

Source: Lin et al. (2019), "Bandlimiting neural networks against adversarial attacks", section 3. Their equation 6 lacks
a factor (2 pi)^(n / 2), so that it does not tend to 1 at z = 0, and their exponent of decay, n / 2 + 1, is (n + 1) / 2:
the Bessel function falls with another half.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import gammaln, jv, logsumexp
from scipy.stats import beta, norm
from torch import Tensor

from fourierscope.fourier.kinds import check_numbers, check_whole, listed, real_numbers

Array = npt.NDArray[np.float64]

RADII = (1 / 3, 2 / 3, 1.0)
"""The distances of the published sampler, as shares of the radius."""
_TERMS = 40  # of the power series, for arguments at which the last is below 1e-40
_FARTHEST = 1e15  # beyond, neighbouring numbers of float64 are more than an eighth of a radian apart
_NARROW = 100.0  # least order times tanh^3 for the expansion of high orders: its error is then below 1e-9
_UNIFORM = (
    (1.0,),
    (3 / 24, -5 / 24),
    (81 / 1152, -462 / 1152, 385 / 1152),
    (30375 / 414720, -369603 / 414720, 765765 / 414720, -425425 / 414720),
    (
        4465125 / 39813120,
        -94121676 / 39813120,
        349922430 / 39813120,
        -446185740 / 39813120,
        185910725 / 39813120,
    ),
)  # U_k(p) = p^k (a + b p^2 + ...), Debye's polynomials


def ball_transfer(z: Any, dimension: int) -> Tensor:
    """What is left of a wave averaged over a ball of n = `dimension`: Gamma(n / 2 + 1) (2 / z)^(n / 2) J_(n / 2)(z).

    z (...), from 0 on, is the radius times the wave's angular frequency; the transfer (...) is float64, 1 at z = 0. Its
    envelope falls as z^(-(n + 1) / 2). In many dimensions it is that of Gaussian noise of deviation `equivalent_sigma`.
    Relative error below 1e-8 between zeros, to where it falls below 1e-300; there it is 0.

    Raises ValueError for a z that is negative, not finite or above 1e15, where float64 no longer tells the phases of a
    wave apart, and for a dimension below 1; TypeError for a dimension that is no whole number and a z that is none at
    all. Source: Lin et al. (2019), equation 6, with the factor that it lacks.
    """
    return _transfer(z, _order(dimension) / 2)


def sphere_transfer(z: Any, dimension: int) -> Tensor:
    """What is left of a wave that is averaged over a sphere: Gamma(n / 2) (2 / z)^(n / 2 - 1) J_(n / 2 - 1)(z).

    Shapes, accuracy and errors as in `ball_transfer`. In one dimension the sphere is two points, and this the cosine.
    """
    return _transfer(z, _order(dimension) / 2 - 1)


def sampler_transfer(z: Any, dimension: int, directions: int = 15, radii: Sequence[float] = RADII) -> Tensor:
    """What is left of a wave by the published sampler, in the mean over its directions: it tends to a floor, not to 0.

    The input itself and `directions` random directions, both ways, at `radii` (shares of the radius) are averaged:
    (1 + 2 K sum_j sphere(radii_j z)) / (1 + 2 K J) with J radii. Shapes, accuracy and errors as in `ball_transfer`;
    ValueError too for no direction and for radii that are not finite and above 0. Where all waves of the spheres are
    gone, `sampler_floor` is left. In few dimensions, where a sphere's transfer swings below 0, this one swings below
    its floor; in those of images it does not. Ours: the article has the ideal ball alone.
    """
    count = sample_count(directions, radii)
    asked = _asked(z)
    waves = [sphere_transfer(asked * one, dimension) for one in radii]
    return (1 + 2 * directions * torch.stack(waves).sum(0)) / count


def drawn_transfer(frequencies: Any, offsets: Any) -> Tensor:
    """What is left of waves of angular `frequencies` (m, n) by the average over the input and fixed `offsets` (k, n),
    both ways: (m,), in [-1, 1].

    It returns as near to 1 as one likes at some high frequencies (an almost periodic function): a fixed finite average
    limits no band. Raises ValueError for shapes that do not fit.
    """
    waves, offsets = (torch.as_tensor(one, dtype=torch.float64) for one in (frequencies, offsets))
    if waves.ndim != 2 or offsets.ndim != 2 or waves.shape[1] != offsets.shape[1]:
        raise ValueError(
            f"frequencies are (m, n) and offsets (k, n), of the same n; {tuple(waves.shape)} and "
            f"{tuple(offsets.shape)} came."
        )
    return (1 + 2 * (waves @ offsets.T).cos().sum(1)) / (1 + 2 * len(offsets))


def sample_count(directions: int = 15, radii: Sequence[float] = RADII) -> int:
    """How often the published sampler asks the network for one answer: 6 K + 1 with its three radii.

    Raises ValueError for no direction, and for radii that are not finite and above 0; TypeError for a number of
    directions that is not whole, and radii that are no numbers.
    """
    check_whole(1, directions=directions)
    shares = listed(radii, "radii are shares of the radius")
    if not shares or not all(isfinite(one) and one > 0 for one in shares):
        raise ValueError(f"radii are finite and above 0, one or more; {radii} came.")
    return 2 * int(directions) * len(shares) + 1


def sampler_floor(directions: int = 15, radii: Sequence[float] = RADII) -> float:
    """What the published sampler leaves of waves in the end, however high: the share of the input, 1 / (6 K + 1)."""
    return 1 / sample_count(directions, radii)


def equivalent_sigma(radius: float, dimension: int) -> float:
    """The deviation, of each value, of the Gaussian noise that an even ball of many dimensions amounts to:
    radius / sqrt(n + 2), which is exactly the deviation of each coordinate in the ball.

    Raises ValueError for a radius that is negative or not finite, and for a dimension below 1.
    """
    check_numbers(radius=radius)
    if not (isfinite(radius) and radius >= 0):
        raise ValueError(f"radius is a finite number from 0 on; {radius} came.")
    return float(radius / np.sqrt(_order(dimension) + 2))


def certified_radius(sigma: float, votes: int, draws: int, alpha: float = 0.001) -> float:
    """The L2 radius within which smoothing with Gaussian noise of deviation `sigma` cannot change its class.

    `votes` of `draws` independent noisy inputs were given that class; with probability 1 - alpha the class has at least
    the lower bound p of Clopper and Pearson, and the radius is sigma times the normal quantile of p: 0 where p is not
    above a half, which is to abstain. It holds for the Gaussian, for a class that was chosen on other draws.

    Raises ValueError for votes that do not fit the draws, a sigma that is not above 0, an alpha not within 0 and 1;
    TypeError for votes and draws that are not whole.
    Source: Cohen et al. (2019), section 3.2.2, with their bound of 1 - p for all other classes together.
    """
    check_whole(votes=votes, draws=draws)
    if not (0 <= votes <= draws and draws >= 1 and 0 < alpha < 1 and isfinite(sigma) and sigma > 0):
        raise ValueError(
            f"votes lie in 0 to draws, sigma above 0, alpha in (0, 1); votes={votes}, draws={draws}, sigma={sigma}, "
            f"alpha={alpha} came."
        )
    least = float(beta.ppf(alpha, votes, draws - votes + 1)) if votes else 0.0
    return float(sigma * norm.ppf(least)) if least > 0.5 else 0.0


def log10_regions(units: int, dimension: int) -> float:
    """The logarithm to base 10 of the most regions into which `units` hyperplanes part a space of `dimension`:
    sum over i <= n of C(N, i), reached in general position. 215.9 for 1000 units in 200 dimensions.

    Raises ValueError for counts below 1, TypeError for others than whole ones.

    Source: Zaslavsky (1975); Lin et al. (2019), section 2, print "10^200".
    """
    check_whole(1, units=units)
    chosen = np.arange(min(_order(dimension), units) + 1)
    return float(logsumexp(gammaln(units + 1) - gammaln(chosen + 1) - gammaln(units - chosen + 1)) / log(10))


def _order(dimension: int) -> int:
    check_whole(1, dimension=dimension)
    return int(dimension)


def _asked(z: Any) -> Tensor:
    """z as numbers that can be asked about. Raises TypeError or ValueError for others."""
    given = z if isinstance(z, Tensor) else np.asarray(z)  # torch would read Python's numbers as float32
    asked = real_numbers(given, "z, radii times angular frequencies,").detach().cpu().double()
    if not bool(torch.isfinite(asked).all()) or bool((asked < 0).any()):
        raise ValueError("z, the radius times an angular frequency, is finite and not below 0; others came.")
    if bool((asked > _FARTHEST).any()):
        raise ValueError(f"z is at most {_FARTHEST:g}, where float64 tells waves' phases; {float(asked.max()):g} came.")
    return asked


def _transfer(z: Any, order: float) -> Tensor:
    """Gamma(v + 1) (2 / z)^v J_v(z) of an order v from -1/2 on, by the way that is accurate at each z."""
    asked = _asked(z).numpy()
    flat = asked.reshape(-1)
    found, near = np.empty_like(flat), flat**2 <= 4 * (order + 1)
    bend = np.sqrt(np.clip(1 - (flat / max(order, 1.0)) ** 2, 0, 1))
    high = ~near & (order * bend**3 >= _NARROW)
    for chosen, way in ((near, _series), (high, _debye), (~near & ~high, _bessel)):
        if bool(chosen.any()):
            found[chosen] = way(flat[chosen], order)
    return torch.from_numpy(found.reshape(asked.shape))


def _series(z: Array, order: float) -> Array:
    """The power series: of both Bessel function and factor, so that neither over- nor underflows."""
    term, total = np.ones_like(z), np.ones_like(z)
    for k in range(_TERMS):
        term = term * (-(z**2) / 4) / ((order + 1 + k) * (k + 1))
        total += term
    return total


def _debye(z: Array, order: float) -> Array:
    """Debye's expansion for z below a high order, together with Stirling's, whose large parts cancel by hand."""
    share = z / order
    w = np.sqrt((1 - share) * (1 + share))
    below = share**2 / (1 + w)  # 1 - w
    p = 1 / w
    sums = sum(p**k * np.polyval(some[::-1], p**2) / order**k for k, some in enumerate(_UNIFORM))
    stirling = 1 / (12 * order) - 1 / (360 * order**3) + 1 / (1260 * order**5)
    found: Array = np.exp(order * (-np.log1p(-below / 2) - below) - np.log(w) / 2 + stirling) * sums
    return found


def _bessel(z: Array, order: float) -> Array:
    """By SciPy's Bessel function, where it does not underflow."""
    with np.errstate(divide="ignore"):
        found: Array = np.exp(gammaln(order + 1) + order * np.log(2 / z) + np.log(np.abs(jv(order, z))))
    return np.sign(jv(order, z)) * found
