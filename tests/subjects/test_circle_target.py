"""A target on the circle: a density, and told apart by its record."""

import pytest

import fourierscope as fs


def test_a_circle_says_what_it_is():
    told = fs.Circle(0.1, (1, 3, 10)).trace()
    assert told["name"] == "waves 1, 3, 10 by bumps of width 0.1"
    assert told == fs.Circle(0.1, (1, 3, 10), (0.3, 0.3, 0.3)).trace()
    assert told != fs.Circle(0.1, (1, 3, 10), (0.3, 0.3, 0.2)).trace()


def test_a_density_may_touch_zero_and_not_fall_below():
    assert fs.Circle(1.0, (1,), (1.0,)).amplitudes == (1.0,)
    assert fs.Circle(1.0, (7,), (-1.0,)).amplitudes == (-1.0,)
    with pytest.raises(ValueError, match=r"-0\.01 of the even one"):
        fs.Circle(1.0, (7,), (1.01,))
    with pytest.raises(ValueError, match="nowhere below 0"):
        fs.Circle(1.0, (1, 2), (-0.6, -0.6))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"width": 0.0}, "width is a finite"),
        ({"width": float("nan")}, "width is a finite"),
        ({"frequencies": ()}, "whole numbers from 1"),
        ({"frequencies": (0, 1, 2)}, "whole numbers from 1"),
        ({"frequencies": (1, 1, 2)}, "whole numbers from 1"),
        ({"frequencies": (1, 2.5, 3)}, "whole numbers from 1"),
        ({"frequencies": (1, 2)}, "has an amplitude"),
        ({"amplitudes": (0.1, 0.0, 0.1)}, "not 0"),
        ({"amplitudes": (0.1, float("inf"), 0.1)}, "not 0"),
    ],
)
def test_what_does_not_fit_is_told_at_the_door(change, says):
    with pytest.raises(ValueError, match=says):
        fs.Circle(**change)


def test_what_is_no_tuple_is_told():
    with pytest.raises(TypeError, match="such as"):
        fs.Circle(1.0, 3, 0.5)
    with pytest.raises(TypeError, match="width is a number"):
        fs.Circle("wide")
