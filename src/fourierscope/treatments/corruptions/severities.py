"""The published parameters of the common corruptions, and what lies between their rows.

Source: Hendrycks & Dietterich (2019), "Benchmarking neural network robustness to common corruptions and perturbations",
section 4.1, with the numbers of the programs that made CIFAR-10-C (table "cifar", for 32 x 32) and ImageNet-C (table
"imagenet", for 224 x 224); all were checked against these. Lengths are in pixels and stay so on planes of another size,
but those of elastic_transform, which are shares of the shorter side. Where we write a parameter differently: shot
noise has the variance a unit of brightness (their lambda is its reciprocal), zoom blur the end and step of its factors.
"""

from __future__ import annotations

from typing import Literal

Row = tuple[float, ...]
Table = Literal["cifar", "imagenet"]

_ELASTIC = 244 / 224  # ImageNet-C was made with 244 where 224 was meant

IDENTITY: dict[str, tuple[float | None, ...] | None] = {
    "gaussian_noise": (0,),
    "shot_noise": (0,),
    "impulse_noise": (0,),
    "speckle_noise": (0,),
    "defocus_blur": None,
    "glass_blur": None,
    "motion_blur": None,
    "zoom_blur": None,
    "gaussian_blur": (0,),
    "snow": None,
    "frost": (1, 0),
    "fog": (0, None),
    "brightness": (0,),
    "spatter": None,
    "contrast": (1,),
    "elastic_transform": (0, None, 0),
    "pixelate": (1,),
    "jpeg_compression": (100,),
    "saturate": (1, 0),
}
"""Parameters of severity 0. None for a parameter: as in the first row, for it has no effect where the others are so.

None for all: a parameter counts or chooses, so that pictures are mixed instead of parameters.
"""

TABLES: dict[Table, dict[str, tuple[Row, Row, Row, Row, Row]]] = {
    "cifar": {
        "gaussian_noise": ((0.04,), (0.06,), (0.08,), (0.09,), (0.10,)),  # deviation
        "shot_noise": ((1 / 500,), (1 / 250,), (1 / 100,), (1 / 75,), (1 / 50,)),  # variance a unit of brightness
        "impulse_noise": ((0.01,), (0.02,), (0.03,), (0.05,), (0.07,)),  # share of values
        "speckle_noise": ((0.06,), (0.1,), (0.12,), (0.16,), (0.2,)),  # deviation a unit of brightness
        "defocus_blur": ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),  # radius, deviation of its edge
        "glass_blur": ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),  # deviation, reach, passes
        "motion_blur": ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),  # radius, deviation
        "zoom_blur": ((1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)),  # end, step of the factors
        "gaussian_blur": ((0.4,), (0.6,), (0.7,), (0.8,), (1,)),  # deviation
        "snow": (  # mean, deviation, zoom, threshold, radius and deviation of the blur, share of the image kept
            (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
        ),
        "frost": ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)),  # weights of image and texture
        "fog": ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),  # weight, decay of the heights
        "brightness": ((0.05,), (0.1,), (0.15,), (0.2,), (0.3,)),  # added to the value
        "spatter": (  # mean, deviation, blur, threshold, weight (water) or blur (mud), mud
            (0.62, 0.1, 0.7, 0.7, 0.5, 0),
            (0.65, 0.1, 0.8, 0.7, 0.5, 0),
            (0.65, 0.3, 1, 0.69, 0.5, 0),
            (0.65, 0.1, 0.7, 0.69, 0.6, 1),
            (0.65, 0.1, 0.5, 0.68, 0.6, 1),
        ),
        "contrast": ((0.75,), (0.5,), (0.4,), (0.3,), (0.15,)),  # factor
        "elastic_transform": (  # displacement, its blur, shift of three points
            (0, 0, 0.08),
            (0.05, 0.2, 0.07),
            (0.08, 0.06, 0.06),
            (0.1, 0.04, 0.05),
            (0.1, 0.03, 0.03),
        ),
        "pixelate": ((0.95,), (0.9,), (0.85,), (0.75,), (0.65,)),  # share of the side
        "jpeg_compression": ((80,), (65,), (58,), (50,), (40,)),  # quality
        "saturate": ((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)),  # factor, added to the saturation
    },
    "imagenet": {
        "gaussian_noise": ((0.08,), (0.12,), (0.18,), (0.26,), (0.38,)),
        "shot_noise": ((1 / 60,), (1 / 25,), (1 / 12,), (1 / 5,), (1 / 3,)),
        "impulse_noise": ((0.03,), (0.06,), (0.09,), (0.17,), (0.27,)),
        "speckle_noise": ((0.15,), (0.2,), (0.35,), (0.45,), (0.6,)),
        "defocus_blur": ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
        "glass_blur": ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
        "motion_blur": ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
        "zoom_blur": ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)),
        "gaussian_blur": ((1,), (2,), (3,), (4,), (6,)),
        "snow": (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
        "frost": ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)),
        "fog": ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)),
        "brightness": ((0.1,), (0.2,), (0.3,), (0.4,), (0.5,)),
        "spatter": (
            (0.65, 0.3, 4, 0.69, 0.6, 0),
            (0.65, 0.3, 3, 0.68, 0.6, 0),
            (0.65, 0.3, 2, 0.68, 0.5, 0),
            (0.65, 0.3, 1, 0.65, 1.5, 1),
            (0.67, 0.4, 1, 0.65, 1.5, 1),
        ),
        "contrast": ((0.4,), (0.3,), (0.2,), (0.1,), (0.05,)),
        "elastic_transform": (
            (2 * _ELASTIC, 0.7 * _ELASTIC, 0.1 * _ELASTIC),
            (2 * _ELASTIC, 0.08 * _ELASTIC, 0.2 * _ELASTIC),
            (0.05 * _ELASTIC, 0.01 * _ELASTIC, 0.02 * _ELASTIC),
            (0.07 * _ELASTIC, 0.01 * _ELASTIC, 0.02 * _ELASTIC),
            (0.12 * _ELASTIC, 0.01 * _ELASTIC, 0.02 * _ELASTIC),
        ),
        "pixelate": ((0.6,), (0.5,), (0.4,), (0.3,), (0.25,)),
        "jpeg_compression": ((25,), (18,), (15,), (10,), (7,)),
        "saturate": ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)),
    },
}


def weighted_rows(name: str, severity: float, table: Table) -> list[tuple[float, Row | None]]:
    """The rows of parameters to use at a severity above 0, each with the weight of its picture; None: as it was.

    Weights add up to 1. At whole severities there is the published row alone. Between them the parameters are
    interpolated linearly, from those of no change on; where a parameter counts or chooses (radii, passes, numbers
    of factors, water or mud) the pictures of the two neighbouring rows, made with the same chance, are mixed instead.
    """
    below = min(int(severity), 4)
    rows: list[Row | None] = [_identity(name, table), *TABLES[table][name]]
    first, second, part = rows[below], rows[below + 1], severity - below
    if part in (0, 1):
        return [(1.0, second if part else first)]
    if IDENTITY[name] is None or first is None or second is None:
        return [(1 - part, first), (part, second)]
    return [(1.0, tuple((1 - part) * one + part * other for one, other in zip(first, second, strict=True)))]


def _identity(name: str, table: Table) -> Row | None:
    unchanged, first = IDENTITY[name], TABLES[table][name][0]
    if unchanged is None:
        return None
    return tuple(other if one is None else one for one, other in zip(unchanged, first, strict=True))
