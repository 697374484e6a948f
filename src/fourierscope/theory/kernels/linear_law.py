"""The linear law: what gradient descent on a squared loss does while the tangent kernel stays as it is.

Answers u at the points, targets y, loss the mean of (u - y)^2 over all N numbers: one step of rate r takes
u - y to (1 - 2 r K / N) (u - y). So each eigenvector of K is learned by itself, by the factor 1 - 2 r value / N a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_ROUNDING = 1e-9  # an even vector has nothing where an odd one has; below it is 0


@dataclass(frozen=True)
class Modes:
    """The eigenvalues (n,) of a kernel matrix in falling order, and its eigenvectors (n, n), a row each."""

    values: Tensor
    vectors: Tensor

    def answers(self, start: Tensor, targets: Tensor, rate: float, steps: Tensor) -> Tensor:
        """The answers (t, n) after steps (t,) of gradient descent from answers `start` (n,) towards targets (n,)."""
        factors = self.factors(rate)
        left = factors.sign() ** steps[:, None] * factors.abs() ** steps[:, None].double()
        return targets + (left * (self.vectors @ (start - targets))) @ self.vectors

    def elsewhere(self, rows: Tensor, targets: Tensor, time: float) -> Tensor:
        """Answers (m, ...) at other points, whose kernel with these has `rows` (m, n), after a time of gradient flow.

        From answers of 0 towards targets (n, ...); time is rate times steps, infinity: kernel regression.
        """
        values = self.values.clamp_min(float(self.values[0]) * 1e-13)
        learned = -torch.expm1(-2 * values / len(values) * time) / values
        return rows @ ((self.vectors.T * learned) @ (self.vectors @ targets))

    def factors(self, rate: float) -> Tensor:
        """What a step leaves of each mode's error (n,): 1 - 2 rate value / n."""
        return 1 - 2 * rate * self.values / len(self.values)

    def times(self, rate: float, threshold: float) -> Tensor:
        """Steps (n,), fractions too, until each mode's error is `threshold` times the first; infinity: never."""
        sizes = self.factors(rate).abs()
        found = torch.log(torch.tensor(threshold, dtype=torch.float64)) / sizes.clamp_min(1e-300).log()
        return torch.where(sizes < 1, found, torch.full_like(found, torch.inf))

    @property
    def largest_rate(self) -> float:
        """The rate from which on gradient descent diverges: n / the largest eigenvalue."""
        return len(self.values) / float(self.values[0])


def modes_of(kernel: Tensor) -> Modes:
    """The modes of a symmetric kernel matrix (n, n), in float64; eigenvalues below 0 by rounding are 0."""
    found = torch.linalg.eigh(kernel.double())
    return Modes(found.eigenvalues.flip(0).clamp_min(0), found.eigenvectors.flip(1).T.contiguous())


def spectra(vectors: Tensor) -> Tensor:
    """|discrete Fourier transform| (r, n // 2 + 1) of vectors (r, n) on an even grid, orthonormal; rounding is 0.

    Source: Rahaman et al. (2019), Fig. 6: eigenvectors of a kernel on a line are waves.
    """
    magnitude = torch.fft.rfft(vectors.double(), norm="ortho").abs()
    return torch.where(magnitude > _ROUNDING, magnitude, torch.zeros_like(magnitude))
