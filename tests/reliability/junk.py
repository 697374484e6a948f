"""Malformed values of every kind, for hypothesis to draw from."""

import numpy as np
import torch
from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.integers(-3, 70),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0, -1, 0.5, 1e-300, 1e300, float("nan"), float("inf"), -0.0, 2**63, 64.0]),
)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "\0", "../..", "/", "~", "a" * 5000, "</script>", "%s%n", "🜨", "\udcff", "nan", "1e400"]),
)


class Odd:
    """Something that is nothing of what any door takes, and that has no pretty name."""

    def __repr__(self):
        return "<something odd>"


def odd_things():
    """Values that fit hardly anywhere."""
    return [
        None,
        True,
        Odd(),
        Odd,
        object,
        b"bytes",
        1j,
        {},
        {"a": 1},
        set(),
        [],
        (),
        [[]],
        [None],
        ("a", 1),
        np.float32(2.5),
        np.int64(-1),
        np.bool_(True),
        np.array([]),
        np.array("x"),
        np.array([1, 2]),
        np.array([object()]),
        np.datetime64("2020-01-01"),
        np.zeros((2, 3, 4, 4), np.complex64),
        torch.tensor(float("nan")),
        torch.zeros(0),
        torch.zeros(2, 3, 4, 4),
        len,
        lambda *_: None,
        iter([1]),
        range(3),
        Exception("raised nowhere"),
    ]


ODD = st.integers(0, len(odd_things()) - 1).map(lambda place: odd_things()[place])
VALUES = st.one_of(NUMBERS, TEXTS, ODD, st.lists(st.one_of(NUMBERS, TEXTS), max_size=3), st.tuples(NUMBERS, NUMBERS))
