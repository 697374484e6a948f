"""Points and values as they come to the solvers: converted once, and refused with what does not fit."""

from __future__ import annotations

import torch
from torch import Tensor


def paired(points: Tensor, values: Tensor, slopes: bool) -> tuple[Tensor, Tensor, bool]:
    """Points (n, d) and values (n, outputs), float64, and whether values came as (n,).

    With `slopes` the points must tell a linear function apart from 0. Raises ValueError with what came.
    """
    places, targets = (torch.as_tensor(one).detach() for one in (points, values))
    if places.ndim not in (1, 2) or targets.ndim not in (1, 2) or len(places) != len(targets) or not targets.numel():
        raise ValueError(
            "Points are (n, d) or (n,), values (n,) or (n, outputs), one for each point; "
            f"{tuple(places.shape)} and {tuple(targets.shape)} came."
        )
    if places.is_complex() or targets.is_complex():
        raise ValueError(f"Points and values are real numbers; {places.dtype} and {targets.dtype} came.")
    places = places.double()[:, None] if places.ndim == 1 else places.double()
    columns = targets.to(places)[:, None] if targets.ndim == 1 else targets.to(places)
    if not places.shape[1] or not bool(places.isfinite().all()) or not bool(columns.isfinite().all()):
        raise ValueError("Points and values are finite numbers, of at least one dimension; others came.")
    if slopes:
        _check_rank(places)
    return places, columns, targets.ndim == 1


def without_copies(points: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Each point once, in the order of first coming. Raises ValueError where copies have different values."""
    distinct, owner = torch.unique(points, dim=0, return_inverse=True)
    if len(distinct) == len(points):
        return points, values
    order = torch.arange(len(points), device=points.device)
    first = torch.full((len(distinct),), len(points), device=points.device).scatter_reduce(0, owner, order, "amin")
    differs = (values != values[first[owner]]).any(1)
    if bool(differs.any()):
        place = int(differs.nonzero()[0])
        raise ValueError(
            f"One function has one value at a point: points {int(first[owner[place]])} and {place} are both "
            f"{points[place].tolist()}, with values {values[first[owner[place]]].tolist()} and "
            f"{values[place].tolist()}. Take their mean."
        )
    kept = first.sort().values
    return points[kept], values[kept]


def _check_rank(points: Tensor) -> None:
    """Raises ValueError where two linear functions would agree on all points."""
    count, dimension = points.shape
    apart = points - points.mean(0)
    spread = apart.square().mean(0).sqrt()
    rank = int(torch.linalg.matrix_rank(apart / spread.clamp_min(torch.finfo(points.dtype).tiny))) if count > 1 else 0
    if rank < dimension:
        raise ValueError(
            f"The linear part needs {dimension + 1} points at least, not all in one hyperplane; {count} points came "
            f"that spread over {rank} of {dimension} dimensions. Leave out the coordinates that do not vary by "
            "themselves."
        )
