"""E, Ma, Wu (2019): Machine learning from a continuous viewpoint. arXiv:1912.12777.

What is stated: bumps exp(-(x - w)^2 / h^2) wound round the circle, a density of their places that flows down the
gradient of the squared loss, the kernel of that flow about the even density with its mixed derivative, the coefficients
and eigenvalues of these, and what follows: frequencies up to 2 / h are learned low first, those above high first; with
h = 1 the frequency principle is seen, with h = 0.1 it fails, at times 0, 10, 100, 1000.

What is not known to us, and what we chose: targets and particles of its figures. Ours are densities
(1 + 0.3 sum of cos kw) / (2 pi), k = 1, 3, 4 for h = 1 and k = 1, 3, 10 for h = 0.1, from the even density on.
Particles lie evenly at first, or are drawn. The case h = 0.5, whose turning point lies among its frequencies, is ours.
Exhibits are named by us.

Where we differ: the printed constants, coefficients (h^2 k^2 / 2) exp(-h^2 k^2 / 2) and eigenvalues pi times that, are
both pi times too large: quadrature of the operator gives (h^2 k^2 / (2 pi)) exp(..) and (h^2 k^2 / 2) exp(..), derived
in `fourierscope.theory.circle`. The printed threshold 2 / h is enough, not sharp: rates fall from sqrt(2) / h on. The
density itself is solved for beside the particles.
"""

from __future__ import annotations

from fourierscope.papers.e2019 import flows, kernel
from fourierscope.papers.paper import Budget, Paper

PAPER = Paper(
    name="e2019",
    title="E, Ma, Wu (2019): Machine learning from a continuous viewpoint (arXiv:1912.12777)",
    roles=(),
    budgets={
        "smoke": Budget("512 particles, 3 draws of 256, long steps; no images are asked.", "digits", {}, {}),
        "small": Budget("1,024 particles, 10 draws of them; half a minute of computing.", "digits", {}, {}),
        "full": Budget("4,096 particles, 30 draws of them, short steps.", "digits", {}, {}),
    },
    exhibits=(kernel.EXHIBIT, *flows.EXHIBITS),
)
