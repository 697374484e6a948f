"""How a door is tried: many malformed inputs, each of which must end in a refusal of the package's own, and soon."""

import ast
import errno
import functools
import hashlib
import os
import signal
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings

import fourierscope

SOAK = bool(os.environ.get("FOURIERSCOPE_SOAK"))
MALFORMED = 200 if SOAK else 12  # refusals that a door must have given
SECONDS = 30  # for one input
REFUSALS = (ValueError, TypeError, OSError, IndexError, KeyError, MemoryError)
HOUSE = Path(fourierscope.__file__).parent


class Hung(BaseException):
    """An input took too long."""


@contextmanager
def time_limit(seconds=SECONDS):
    """Raise Hung in this thread when the time is over."""

    def ring(*_):
        raise Hung(f"still at it after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def ending(act, also=()):
    """ "answered" or "refused": what `act` ends in. Anything else that it raises is a fault, and is raised on.

    A refusal is one of REFUSALS that a `raise` of the package's own gave, or one of `also`, with a sentence.
    """
    with time_limit(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            act()
        except also:
            return "refused"
        except REFUSALS as error:
            if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:  # the system's own word, with the name
                return "refused"
            file, line = _origin(error)
            if HOUSE in file.parents and _raised(file, line) and len(str(error)) > 15:
                return "refused"
            raise AssertionError(f"no refusal but a stumble in {file}, line {line}:\n{_trace(error)}") from error
    return "answered"


def tried(door, inputs, least=None, most=None, also=()):
    """Try a door with inputs drawn by hypothesis until enough of them were refused.

    `least` refusals must come from `most` inputs. Returns how many inputs had which ending.
    """
    least = MALFORMED if least is None else least
    found = Counter()

    @settings(
        max_examples=most or 3 * least,
        deadline=None,
        derandomize=not SOAK,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def each(one):
        if found["refused"] >= least and not SOAK:
            return
        found[ending(lambda: door(one), also)] += 1

    each()
    assert found["refused"] >= least, found
    print(f"malformed inputs refused: {found['refused']}; answered: {found['answered']}")  # noqa: T201
    return found


def digests(folder):
    """The content of every file below a folder, links not followed."""
    return {
        str(one.relative_to(folder)): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in sorted(folder.rglob("*"))
        if one.is_file() and not one.is_symlink()
    }


def _origin(error):
    """The file and the line of the last frame."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Path(last.filename), last.lineno


@functools.cache
def _raises(file):
    found = [one for one in ast.walk(ast.parse(file.read_text())) if isinstance(one, ast.Raise) and one.exc]
    return [(one.lineno, one.end_lineno) for one in found]


def _raised(file, line):
    """Whether a `raise` of the package stands there, and not a line that stumbled."""
    return any(first <= line <= last for first, last in _raises(file))


def _trace(error):
    return "".join(traceback.format_exception(error))[-3000:]
