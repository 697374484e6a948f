"""COMPARED: published figures and tables made again, each with its claim in words and checks in numbers.

Importing this room imports no paper, so that the list of papers is at hand at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fourierscope.papers.paper import Paper

PAPERS = {
    "yin2019": "A Fourier perspective on model robustness in computer vision: Figures 1-7, Tables 1-2",
    "karantzas2022": "Understanding robustness and generalization through Fourier masks: Figures 1-8, Tables 1-3",
    "wang2020": "High-frequency component helps explain the generalization of CNNs: Figures 2-6, Table 1, an audit",
    "lin2019": "Bandlimiting neural networks against adversarial attacks: averages, regions, the defence attacked",
    "jia2019": "Exploring frequency domain interpretation of CNNs: the leader table of methods, modulation, proportion",
    "xu2019": "Frequency principle: in which order networks learn frequencies: Figures 1-6, Table 1, Theorems 1-2",
    "luo2019": "Theory of the frequency principle for general deep neural networks: the three stages, the window",
    "rahaman2019": "On the spectral bias of neural networks: Experiments 1-7, Figure 6",
    "e2019": "Machine learning from a continuous viewpoint: the kernel, bumps with which the principle holds and fails",
    "basri2019": "The convergence rate of networks for different frequencies: the circle law, the bias, spheres",
    "tancik2020": "Fourier features let networks learn high frequency functions: Figures 2-4",
    "zhang2019": "The linear frequency principle of two-layer networks: Figures 1-2, by width, error budget, FP-norm",
}


def paper_named(name: str) -> Paper:
    """The paper of that name. Raises ValueError with the names there are."""
    if name not in PAPERS:
        raise ValueError(f"The papers are {', '.join(PAPERS)}; {name!r} came.")
    paper: Paper = import_module(f"{__name__}.{name}").PAPER
    return paper
