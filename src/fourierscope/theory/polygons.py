"""Piecewise-linear functions on the plane: their exact Fourier transform, from triangles and values at the corners.

A ReLU network is such a function on any plane through its input space. Its transform falls like |k|^-3 in almost all
directions k, and like |k|^-2 alone along the normals of the facets, the lines at which it bends. That holds for
functions that vanish at the rim; a rim that cuts a function off is a jump, and gives |k|^-2 and |k|^-1.

Frequencies are angular: k in radians per unit of x, with exp(-i k x).

Source: Rahaman et al. (2019), Lemma 1, Theorem 1. The printed sign of Lemma 1 is wrong, and its boundary terms, of
functions that do not vanish at the rim, are ours. Indicators of polygons: the divergence theorem, edge by edge.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

_CELLS = 2**21  # frequencies times triangles worked on at a time
_NODES = 8  # of the Gauss rule along each side of a triangle, exact to rounding where |k| diameter < 1


class Facets(NamedTuple):
    """The straight lines at which a function bends: middles (f, 2), unit normals (f, 2), lengths (f,), and jumps (f,)
    or (f, outputs) of the slope across, in values per unit of x, above 0 where the function turns upwards."""

    middles: Tensor
    normals: Tensor
    lengths: Tensor
    jumps: Tensor


def indicator(corners: Tensor, frequencies: Tensor) -> Tensor:
    """The integral of exp(-i k x) over a polygon, complex128 (m,); its area at k = 0.

    `corners` (n, 2) go round counter-clockwise, of a polygon that need not be convex; `frequencies` (m, 2). An edge e
    of outward normal n and middle x gives i (k n) |e| / |k|^2 sinc(k e / 2) exp(-i k x). As the edges close, n |e| adds
    up to 0, and 1 is taken from each sinc exp before the sum: small k lose no digits.

    Raises ValueError for corners that go clockwise or enclose nothing, and for shapes that do not fit.
    """
    corners, frequencies = corners.double(), frequencies.double()
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise ValueError(f"corners are (n, 2), three or more; {tuple(corners.shape)} came.")
    _check_frequencies(frequencies)
    area = float(_areas(corners[None]))
    if not area > 0:
        raise ValueError(
            f"corners go round counter-clockwise, about an area above 0; {area} came. Try corners.flip(0)."
        )
    at_a_time = max(1, _CELLS // len(corners))
    return torch.cat([_indicators(corners[None], some)[:, 0] for some in frequencies.split(at_a_time)])


def transform(vertices: Tensor, triangles: Tensor, values: Tensor, frequencies: Tensor) -> Tensor:
    """The integral of f(x) exp(-i k x) over the triangles, complex128 (m,) or (m, outputs).

    `vertices` (v, 2); `triangles` (t, 3) indices of vertices, either way round, that do not overlap; `values` (v,) or
    (v, outputs) at the vertices, linear on each triangle; `frequencies` (m, 2). With the gradient W and the indicator
    1_P of each triangle, -i k / |k|^2 (sum W 1_P(k) - the integral of f n exp(-i k x) along the rim); where |k| times
    the diameter of the whole is below 1, a Gauss rule instead, which loses no digits there. Outside the triangles f
    counts as 0: a function that does not vanish at the rim is cut off.

    Raises ValueError for shapes and indices that do not fit, triangles without area, and sides of three triangles.
    """
    mesh = _Mesh.of(vertices, triangles, values)
    frequencies = frequencies.double()
    _check_frequencies(frequencies)
    found = torch.empty(len(frequencies), mesh.heights.shape[1], dtype=torch.complex128)
    small = torch.linalg.vector_norm(frequencies, dim=1) * mesh.diameter() < 1
    for where, way, cells in ((small, _by_gauss, _NODES**2), (~small, _by_edges, 3)):
        for some in where.nonzero()[:, 0].split(max(1, _CELLS // (cells * len(triangles)))):
            found[some] = way(mesh, frequencies[some])
    return found[:, 0] if values.ndim == 1 else found


def facets(vertices: Tensor, triangles: Tensor, values: Tensor) -> Facets:
    """The facets of a function that vanishes at the rim: sides of triangles at which its gradient jumps, rim included.

    The Laplacian of f is nothing but its jumps along the facets, so that the transform is also -1 / |k|^2 times the sum
    of jump |e| sinc(k e / 2) exp(-i k x) over facets e of middle x: |k|^-2 along a normal, where k e = 0, and |k|^-3
    elsewhere. Sides at which the jump is below 1e-9 of the steepest slope are no facets.

    Raises ValueError as `transform` does, and where a value at the rim is not 0.
    """
    mesh = _Mesh.of(vertices, triangles, values)
    rim = float(mesh.heights[mesh.rim()].abs().max())
    if rim > 1e-12 * float(mesh.heights.abs().max()):
        raise ValueError(f"Facets are those of a function that vanishes at the rim of its triangles; {rim} came there.")
    starts, ends = mesh.sides().unbind(1)
    edges = mesh.places[ends] - mesh.places[starts]
    lengths = torch.linalg.vector_norm(edges, dim=1)
    normals = _outward(edges) / lengths[:, None]
    slopes = (normals[:, :, None] * mesh.gradients().repeat_interleave(3, 0)).sum(1)  # (3 t, outputs), outwards
    _, first, side = mesh.shared()
    jumps = torch.zeros(len(first), slopes.shape[1], dtype=slopes.dtype).index_add(0, side, -slopes)
    bent = jumps.abs().amax(1) > 1e-9 * slopes.abs().max()
    kept = first[bent]
    middles = (mesh.places[starts] + mesh.places[ends])[kept] / 2
    return Facets(middles, normals[kept], lengths[kept], jumps[bent, 0] if values.ndim == 1 else jumps[bent])


def tail(found: Facets) -> Tensor:
    """The sum of jump sizes times lengths, a number or (outputs,): |transform| is at most this / |k|^2, at any k."""
    return torch.tensordot(found.lengths, found.jumps.abs(), dims=1)


def decay(
    vertices: Tensor, triangles: Tensor, values: Tensor, direction: Tensor, lowest: float, octaves: int = 6
) -> float:
    """The exponent with which |transform| falls along a direction (2,): the slope of log rms against log |k|.

    The rms is taken over 500 even steps of |k| and all outputs in each octave from `lowest` on, radians per unit of x.
    About -3 in generic directions and -2 along normals of facets, for a function that vanishes at the rim, once |k e|
    is far above 1 for every facet e that is not across: `lowest` has to be above that.
    Raises ValueError as `transform` does, and for a direction without length, lowest not above 0, or one octave alone.
    """
    length = float(torch.linalg.vector_norm(direction.double()))
    if direction.shape != (2,) or not length > 0 or not lowest > 0 or octaves < 2:
        raise ValueError(
            "decay takes a direction (2,) of a length above 0, lowest above 0 and two octaves or more; "
            f"{direction.tolist()}, {lowest}, {octaves} came."
        )
    steps = 1 + torch.arange(500, dtype=torch.float64) / 500
    sizes = lowest * 2.0 ** torch.arange(octaves, dtype=torch.float64)[:, None] * steps
    asked = sizes.flatten()[:, None] * direction.double() / length
    power = transform(vertices, triangles, values, asked).abs().square().reshape(octaves, -1).mean(1)
    return float(np.polyfit(np.arange(octaves), 0.5 * power.log2().numpy(), 1)[0])


class _Mesh(NamedTuple):
    """Vertices (v, 2), counter-clockwise triangles (t, 3) and heights (v, outputs) that have been checked."""

    places: Tensor
    triangles: Tensor
    heights: Tensor

    @staticmethod
    def of(vertices: Tensor, triangles: Tensor, values: Tensor) -> _Mesh:
        _check(vertices, triangles, values)
        places, heights = vertices.double(), values.double()
        corners = places[triangles]
        areas, sides = _areas(corners), corners - corners.roll(1, 1)
        flat = areas.abs() <= 1e-13 * sides.square().sum(-1).amax(1)
        if bool(flat.any()):
            raise ValueError(f"Triangle {int(flat.nonzero()[0, 0])} has no area: leave such triangles out.")
        turned = torch.where((areas > 0)[:, None], triangles, triangles.flip(1))
        mesh = _Mesh(places, turned, heights[:, None] if heights.ndim == 1 else heights)
        counts = mesh.shared()[0]
        if int(counts.max()) > 2:
            raise ValueError(f"A side belongs to one triangle or two; one of {int(counts.max())} triangles came.")
        return mesh

    def sides(self) -> Tensor:
        """Start and end (3 t, 2) of the sides of all triangles, counter-clockwise."""
        return torch.stack([self.triangles, self.triangles.roll(-1, 1)], -1).reshape(-1, 2)

    def shared(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of each distinct side: how many triangles have it, and where in `sides` it is; of each of `sides`: which."""
        _, side, counts = self.sides().sort(1).values.unique(dim=0, return_inverse=True, return_counts=True)
        first = torch.empty(len(counts), dtype=torch.long)
        first[side] = torch.arange(len(side))
        return counts, first, side

    def rim(self) -> Tensor:
        """Start and end (r, 2) of the sides of one triangle alone, counter-clockwise."""
        counts, first, _ = self.shared()
        return self.sides()[first[counts == 1]]

    def gradients(self) -> Tensor:
        """The gradient (t, 2, outputs) of the function on each triangle."""
        corners = self.places[self.triangles]
        opposite = corners.roll(1, 1) - corners.roll(-1, 1)  # (t, 3, 2), counter-clockwise
        rising = -_outward(opposite) / (2 * _areas(corners))[:, None, None]
        return torch.einsum("tcx,tco->txo", rising, self.heights[self.triangles])

    def diameter(self) -> float:
        """The diagonal of the rectangle about all vertices."""
        return float(torch.linalg.vector_norm(self.places.amax(0) - self.places.amin(0)))


def _by_edges(mesh: _Mesh, frequencies: Tensor) -> Tensor:
    """The transform (m, outputs) from the edges of all triangles and the rim, for |k| above 0."""
    gradients = mesh.gradients()
    inside = _indicators(mesh.places[mesh.triangles], frequencies) @ gradients.flatten(1).to(torch.complex128)
    starts, ends = mesh.rim().unbind(1)
    edges, middles = mesh.places[ends] - mesh.places[starts], (mesh.places[starts] + mesh.places[ends]) / 2
    first, second = mesh.heights[starts], mesh.heights[ends]
    half = frequencies @ edges.T / 2  # (m, r)
    turned = torch.exp(-1j * (frequencies @ middles.T))
    means, rises = (
        (_outward(edges)[:, :, None] * one[:, None] / 2).flatten(1) for one in (first + second, second - first)
    )
    even, odd = (1 + _sinc_less_one(half)) * turned, -1j * _first_bessel(half) * turned
    rim = even @ means.to(even) + odd @ rises.to(odd)
    size = torch.linalg.vector_norm(frequencies, dim=1, keepdim=True)
    along = (frequencies / size)[:, :, None]
    return -1j / size * (along * (inside - rim).unflatten(1, gradients.shape[1:])).sum(1)


def _by_gauss(mesh: _Mesh, frequencies: Tensor) -> Tensor:
    """The transform (m, outputs) by a Gauss rule on the square, folded onto each triangle."""
    nodes, weights = (torch.from_numpy(one) / 2 for one in np.polynomial.legendre.leggauss(_NODES))
    outer, inner = torch.meshgrid(nodes + 0.5, nodes + 0.5, indexing="ij")
    shares = torch.stack([1 - outer, outer * (1 - inner), outer * inner], -1).reshape(-1, 3)  # (nodes^2, corners)
    weight = (weights[:, None] * weights * outer).flatten()
    points = shares @ mesh.places[mesh.triangles]  # (t, nodes^2, 2)
    heights = shares @ mesh.heights[mesh.triangles]
    mass = 2 * _areas(mesh.places[mesh.triangles])[:, None, None] * weight[:, None] * heights
    waves = torch.exp(-1j * (frequencies @ points.flatten(0, 1).T))
    return waves @ mass.flatten(0, 1).to(waves)


def _indicators(polygons: Tensor, frequencies: Tensor) -> Tensor:
    """The transform (m, t) of the indicators of polygons (t, n, 2); below 0 where they go clockwise."""
    edges = polygons.roll(-1, 1) - polygons
    centres = polygons.mean(1)
    middles = polygons + edges / 2 - centres[:, None]
    half, phase = (torch.einsum("mx,tnx->mtn", frequencies, one) for one in (edges / 2, middles))
    back = torch.complex(-2 * (phase / 2).sin().square(), -phase.sin())  # exp(-i phase) - 1
    less_one = _sinc_less_one(half) * (1 + back) + back
    size = torch.linalg.vector_norm(frequencies, dim=1)
    still = size == 0
    size = torch.where(still, 1.0, size)
    through = torch.einsum("mx,tnx->mtn", frequencies / size[:, None], _outward(edges))
    found = 1j / size[:, None] * (through * less_one).sum(-1) * torch.exp(-1j * (frequencies @ centres.T))
    return torch.where(still[:, None], _areas(polygons).to(found), found)


def _areas(polygons: Tensor) -> Tensor:
    """The area (t,) of polygons (t, n, 2), above 0 where they go counter-clockwise."""
    centred = polygons - polygons.mean(1, keepdim=True)
    x, y = centred.unbind(-1)
    return (x * y.roll(-1, 1) - x.roll(-1, 1) * y).sum(1) / 2


def _outward(edges: Tensor) -> Tensor:
    """The normals (..., 2) to the right of edges (..., 2), as long as these."""
    return torch.stack([edges[..., 1], -edges[..., 0]], -1)


def _sinc_less_one(values: Tensor) -> Tensor:
    """sin(u) / u - 1, by its series for small u."""
    square = values.square()
    series = square * 0
    for order in (13, 11, 9, 7, 5, 3):
        series = -square / (order * (order - 1)) * (1 + series)
    return torch.where(square < 0.25, series, torch.sinc(values / torch.pi) - 1)


def _first_bessel(values: Tensor) -> Tensor:
    """The spherical Bessel function j1(u) = sin(u) / u^2 - cos(u) / u, by its series for small u."""
    square = values.square()
    series = torch.ones_like(square)
    for order in (6, 5, 4, 3, 2, 1):
        series = 1 - square / (2 * order * (2 * order + 3)) * series
    safe = torch.where(square < 0.25, 1.0, values)
    return torch.where(square < 0.25, values / 3 * series, safe.sin() / safe.square() - safe.cos() / safe)


def _check_frequencies(frequencies: Tensor) -> None:
    if frequencies.ndim != 2 or frequencies.shape[1] != 2 or not bool(frequencies.isfinite().all()):
        raise ValueError(f"frequencies are finite and (m, 2), angular; {tuple(frequencies.shape)} came.")


def _check(vertices: Tensor, triangles: Tensor, values: Tensor) -> None:
    shapes = tuple(vertices.shape), tuple(triangles.shape), tuple(values.shape)
    fits = vertices.ndim == 2 and vertices.shape[1] == 2 and triangles.ndim == 2 and triangles.shape[1] == 3
    if not fits or not len(triangles) or values.ndim not in (1, 2) or len(values) != len(vertices):
        raise ValueError(
            "vertices are (v, 2), triangles (t, 3), one or more, values (v,) or (v, outputs); "
            f"{shapes[0]}, {shapes[1]}, {shapes[2]} came."
        )
    if triangles.is_floating_point() or int(triangles.min()) < 0 or int(triangles.max()) >= len(vertices):
        raise ValueError(f"triangles hold whole numbers from 0 to {len(vertices) - 1}, indices of vertices.")
    if not bool(vertices.isfinite().all()) or not bool(values.isfinite().all()):
        raise ValueError("vertices and values are finite; NaN or infinity came.")
