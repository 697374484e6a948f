"""Basri, Jacobs, Kasten, Kritchman (2019): The convergence rate of neural networks for learned functions of different
frequencies. NeurIPS 2019, arXiv:1906.00425.

What is stated: two layers of which the first one learns, f(x) = m^(-1/2) sum_r a_r relu(w_r . x + b_r), points on a
circle or a sphere, even there: kernels (cos t + 1) (pi - t) / (4 pi) with a bias, whose eigenfunctions are waves;
times to learn grow like k^2 on the circle and k^d on the sphere in d dimensions; without a bias odd frequencies from 3
on are not learned.

What is not known to us, and what we chose: we had the abstract and passages, so no printed times stand beside ours.
Neurons come in pairs, so that answers start at 0; all frequencies are learned at once, as a sum of waves of equal
size, and only frequencies from 3 on have a part in the slope: at 1 and 2 the law itself is steeper. A frequency is
learned when its relative error lies below .3. The network is scaled by 1,000, so that its kernel stays (scaled by 100,
k = 12 takes a fifth longer already); the bias exhibit shows it unscaled too, where it moves. Exhibits are named by us.

Where we differ: times are held against the kernel of the very network, frequency by frequency, not against a power
alone, and intervals are over seeds. Not made: deep networks, real images, uneven densities (Basri et al. 2020).
"""

from __future__ import annotations

from fourierscope.papers.basri2019 import bias, law, spheres
from fourierscope.papers.paper import Budget, Paper

PAPER = Paper(
    name="basri2019",
    title="Basri et al. (2019): The convergence rate of networks for different frequencies (arXiv:1906.00425)",
    roles=(),
    budgets={
        "smoke": Budget("1,024 neurons, frequencies 3 to 8, five trainings; no images are asked.", "digits", {}, {}),
        "small": Budget("2,048 neurons, frequencies 3 to 16, ten trainings; minutes on one core.", "digits", {}, {}),
        "full": Budget("16,384 neurons, frequencies 3 to 32, twenty trainings; for a GPU.", "digits", {}, {}),
    },
    exhibits=(law.EXHIBIT, bias.EXHIBIT, spheres.EXHIBIT),
)
