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
    "lin2019": "Bandlimiting neural networks against adversarial attacks: transfer, regions, defence",
    "wang2020": "High-frequency components and generalization: Figures 2-8, Tables 1-2, adjacent-weights, audit",
    "xu2019": "Frequency principle: in which order networks learn frequencies: Figures 1-6, Table 1, theorems",
    "luo2019": "Theory of the frequency principle for general deep neural networks: window, stages",
    "jia2019": "Exploring frequency domain interpretation of CNNs: leader-table, modulation, proportion, dial",
    "rahaman2019": "On the spectral bias of neural networks: Experiments 1-7, Figure 6",
    "e2019": "Machine learning from a continuous viewpoint: kernel, works, fails, not-monotone",
    "basri2019": "The convergence rate of networks for different frequencies: circle-law, bias, spheres",
    "tancik2020": "Fourier features let networks learn high frequency functions: Figures 2-4",
    "zhang2019": "The linear frequency principle of two-layer networks: Figures 1a, 1b, 2, width, budget, norm",
}
"""What each is about, and after the last colon its exhibits, in words that name them on the command line."""


def paper_named(name: str) -> Paper:
    """The paper of that name. Raises ValueError with the names there are."""
    if name not in PAPERS:
        from fourierscope.fourier.kinds import did_you_mean

        raise ValueError(f"The papers are {', '.join(PAPERS)}; {name!r} came.{did_you_mean(name, list(PAPERS))}")
    paper: Paper = import_module(f"{__name__}.{name}").PAPER
    return paper
