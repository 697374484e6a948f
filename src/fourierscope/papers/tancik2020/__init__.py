"""Tancik, Srinivasan, Mildenhall, Fridovich-Keil, Raghavan, Singhal, Ramamoorthi, Barron, Ng (2020): Fourier features
let networks learn high frequency functions in low dimensional domains. NeurIPS 2020, arXiv:2006.10739.

What is stated: gamma(v) = (a cos 2 pi b v, a sin 2 pi b v) makes the tangent kernel of what follows stationary, and the
amplitudes a = b^-p set its spectrum; on signals of one dimension with a spectrum 1/f, known at 32 points, training
is the quicker the smaller p, and the test error lowest at p = 1; of 16 features drawn by chance the standard deviation
matters, the shape of the distribution does not. Networks of 4 layers.

What is not known to us, and what we chose: we had no full text, but the published code as others kept it, and a table
of settings: features divided by their length; signals the real part of normal coefficients times (1 + |f|)^-power,
scaled to [-1/2, 1/2]; for Figure 4 1,024 points, every second one known, networks of 4 layers, 256 wide, Adam at 2e-3,
1,000 steps, which we take for Figure 3 too. That code lets signals for Figure 3 hold frequencies up to 63, and 32
points tell those below 16; ours end there. Figures are numbered as we know them.

Where we differ: beside networks stands the kernel of an infinitely wide one, solved exactly, at a time of gradient flow
and at last, so that what comes of time is told apart from what comes of the kernel. No network is trained by the
source's plain gradient descent of 50,000 steps. Not made: images, volumes and scenes.
"""

from __future__ import annotations

from fourierscope.papers.paper import Budget, Paper
from fourierscope.papers.tancik2020 import figure2, figure3, figure4

PAPER = Paper(
    name="tancik2020",
    title="Tancik et al. (2020): Fourier features let networks learn high frequency functions (arXiv:2006.10739)",
    roles=(),
    budgets={
        "smoke": Budget("Kernels exactly, and a few small networks; no images are asked.", "digits", {}, {}),
        "small": Budget("Networks of 4 layers, 256 wide, 1,000 steps; some minutes on one core.", "digits", {}, {}),
        "full": Budget("Wider networks, more steps and draws; made for a GPU.", "digits", {}, {}),
    },
    exhibits=(figure2.EXHIBIT, figure3.EXHIBIT, figure4.EXHIBIT),
)
