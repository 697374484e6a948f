"""Fourier masks: the fidelity they keep, the solver that makes them small, the article's own way, whole paths."""
