"""The published severities written down a second time, column by column: no row of the package can be mistyped."""

import pytest

from fourierscope.analyses.alexnet import ALEXNET, ALEXNET_CLEAN
from fourierscope.treatments.corruptions.severities import TABLES

# Columns: each parameter's values at severities 1 to 5, as the programs that made CIFAR-10-C and ImageNet-C have them.
CIFAR = {
    "gaussian_noise": [".04 .06 .08 .09 .10"],
    "shot_noise": ["500 250 100 75 50"],
    "impulse_noise": [".01 .02 .03 .05 .07"],
    "speckle_noise": [".06 .1 .12 .16 .2"],
    "gaussian_blur": [".4 .6 .7 .8 1"],
    "glass_blur": [".05 .25 .4 .25 .4", "1 1 1 1 1", "1 1 1 2 2"],
    "defocus_blur": [".3 .4 .5 1 1.5", ".4 .5 .6 .2 .1"],
    "motion_blur": ["6 6 6 8 9", "1 1.5 2 2 2.5"],
    "zoom_blur": ["1.06 1.11 1.16 1.21 1.26", ".01 .01 .01 .01 .01"],
    "fog": [".2 .5 .75 1 1.5", "3 3 2.5 2 1.75"],
    "frost": ["1 1 .9 .85 .75", ".2 .3 .4 .4 .45"],
    "snow": [
        ".1 .1 .15 .25 .3", ".2 .2 .3 .3 .3", "1 1 1.75 2.25 1.25", ".6 .5 .55 .6 .65", "8 10 10 12 14", "3 4 4 6 12",
        ".95 .9 .9 .85 .8",
    ],
    "spatter": [
        ".62 .65 .65 .65 .65", ".1 .1 .3 .1 .1", ".7 .8 1 .7 .5", ".7 .7 .69 .69 .68", ".5 .5 .5 .6 .6", "0 0 0 1 1",
    ],
    "contrast": [".75 .5 .4 .3 .15"],
    "brightness": [".05 .1 .15 .2 .3"],
    "saturate": [".3 .1 1.5 2 2.5", "0 0 0 .1 .2"],
    "jpeg_compression": ["80 65 58 50 40"],
    "pixelate": [".95 .9 .85 .75 .65"],
    "elastic_transform": ["0 .05 .08 .1 .1", "0 .2 .06 .04 .03", ".08 .07 .06 .05 .03"],
}  # fmt: skip
IMAGENET = {
    "gaussian_noise": [".08 .12 .18 .26 .38"],
    "shot_noise": ["60 25 12 5 3"],
    "impulse_noise": [".03 .06 .09 .17 .27"],
    "speckle_noise": [".15 .2 .35 .45 .6"],
    "gaussian_blur": ["1 2 3 4 6"],
    "glass_blur": [".7 .9 1 1.1 1.5", "1 2 2 3 4", "2 1 3 2 2"],
    "defocus_blur": ["3 4 6 8 10", ".1 .5 .5 .5 .5"],
    "motion_blur": ["10 15 15 15 20", "3 5 8 12 15"],
    "zoom_blur": ["1.11 1.16 1.21 1.26 1.31", ".01 .01 .02 .02 .03"],
    "fog": ["1.5 2 2.5 2.5 3", "2 2 1.7 1.5 1.4"],
    "frost": ["1 .8 .7 .65 .6", ".4 .6 .7 .7 .75"],
    "snow": [
        ".1 .2 .55 .55 .55", ".3 .3 .3 .3 .3", "3 2 4 4.5 2.5", ".5 .5 .9 .85 .85", "10 12 12 12 12", "4 4 8 8 12",
        ".8 .7 .7 .65 .55",
    ],
    "spatter": [
        ".65 .65 .65 .65 .67", ".3 .3 .3 .3 .4", "4 3 2 1 1", ".69 .68 .68 .65 .65", ".6 .6 .5 1.5 1.5", "0 0 0 1 1",
    ],
    "contrast": [".4 .3 .2 .1 .05"],
    "brightness": [".1 .2 .3 .4 .5"],
    "saturate": [".3 .1 2 5 20", "0 0 0 .1 .2"],
    "jpeg_compression": ["25 18 15 10 7"],
    "pixelate": [".6 .5 .4 .3 .25"],
    "elastic_transform": ["488 488 12.2 17.08 29.28", "170.8 19.52 2.44 2.44 2.44", "24.4 48.8 4.88 4.88 4.88"],
}  # fmt: skip


def published(columns, name, table):
    """The rows of a corruption from its columns, in the package's own measures."""
    rows = list(zip(*([float(one) for one in column.split()] for column in columns), strict=True))
    if name == "shot_noise":
        return [(1 / rate,) for (rate,) in rows]
    if name == "elastic_transform" and table == "imagenet":  # written in pixels of 224
        return [tuple(one / 224 for one in row) for row in rows]
    return rows


@pytest.mark.parametrize(("table", "columns"), [("cifar", CIFAR), ("imagenet", IMAGENET)])
def test_the_severities_are_the_published_ones(table, columns):
    assert set(TABLES[table]) == set(columns)
    for name, told in columns.items():
        for ours, theirs in zip(TABLES[table][name], published(told, name, table), strict=True):
            assert ours == pytest.approx(theirs), (table, name)


def test_the_errors_of_alexnet_are_the_published_ones():
    told = (
        "gaussian_noise .886428, shot_noise .894468, impulse_noise .922640, defocus_blur .819880, glass_blur .826268, "
        "motion_blur .785948, zoom_blur .798360, snow .866816, frost .826572, fog .819324, brightness .564592, "
        "contrast .853204, elastic_transform .646056, pixelate .717840, jpeg_compression .606500"
    )
    pairs = [one.split(" ") for one in told.split(", ")]
    assert {name: float(error) for name, error in pairs} == ALEXNET
    assert ALEXNET_CLEAN == 0.4348
