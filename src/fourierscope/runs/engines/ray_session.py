"""A connection to Ray, under settings of ours: no telemetry, no dashboard, nothing without a token."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_OBJECTS = 10**8  # bytes for results on their way, beside the samples


@contextmanager
def session(address: str | None, cores: int, arrays: int) -> Iterator[Any]:
    """The library `ray`, connected: to a cluster of this machine with so many cores, or to the one at an address.

    `arrays` is the number of bytes that are sent to workers. A cluster that is started here is stopped at the end; one
    that is joined is only left; a connection of the user's own is used where there is one, and stays.

    Raises ImportError without the extra `ray`, and ValueError or ConnectionError where there is nothing to join.
    """
    ray = _imported()
    if ray.is_initialized():
        if address not in (None, "auto"):
            raise ValueError(f"This process is connected to Ray already: leave the address {address!r} out.")
        yield ray
        return
    with _signals_kept():
        if address is None:
            _check_guarded()
            _begin(ray, address="local", num_cpus=cores, include_dashboard=False, object_store_memory=_OBJECTS + arrays)
        else:
            _begin(ray, address=address)
        try:
            yield ray
        finally:
            ray.shutdown()


def _imported() -> Any:
    """Ray, which reads its settings when it is imported."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if "ray" not in sys.modules:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
    except ImportError as error:
        raise ImportError('The engine "ray" needs the library ray: pip install "fourierscope[ray]".') from error
    return ray


def _check_guarded() -> None:
    """Nobody without a token may reach the cluster that is about to be started.

    Raises ValueError where the environment says otherwise. A token is drawn for this process where the user has none.
    """
    if os.environ.get("RAY_AUTH_MODE", "token").lower() != "token":
        raise ValueError(
            f"RAY_AUTH_MODE={os.environ['RAY_AUTH_MODE']} came. Ray's ports are open to the network, and whoever "
            "reaches them without a token runs code here: unset it."
        )
    named = any(os.environ.get(one) for one in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    if not named and not (Path.home() / ".ray" / "auth_token").exists():
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _begin(ray: Any, address: str, **settings: Any) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **settings)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        if address == "local":
            raise
        raise ConnectionError(
            f"There is no cluster of Ray to join at {address!r} ({' '.join(str(error).split())}). An address is "
            'HOST:PORT, or "auto" on a node of the cluster; its token stands in RAY_AUTH_TOKEN, or in the file that '
            "RAY_AUTH_TOKEN_PATH names; for a cluster that has none, on a network of your own, set "
            "RAY_AUTH_MODE=disabled."
        ) from error


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself while it is connected; afterwards it is as it was."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
