"""Compilation of a network for batches of one shape, with its weights frozen into the code."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn


def compiler() -> str | None:
    """The C++ compiler that torch would call; none where there is none."""
    return next(
        (found for one in (os.environ.get("CXX"), "g++", "clang++") if one and (found := shutil.which(one))), None
    )


def compiled(network: nn.Module, *given: Tensor) -> Callable[..., Any]:
    """The network compiled for inputs of the shapes of `given`, and called once. Raises whatever compilation raises.

    Its forward pass is put upon it anew.
    """
    network.forward = MethodType(_with_code_of_its_own(type(network).forward), network)
    made = torch.compile(network, dynamic=False, options={"freezing": True})
    with torch.no_grad():
        made(*(one.clone() for one in given))
    called: Callable[..., Any] = made
    return called


@cache
def compiled_function(function: FunctionType, shape: tuple[int, ...]) -> Callable[..., Tensor]:
    """A function of tensors compiled, once a process for each shape of images: these share no code."""
    made: Callable[..., Tensor] = torch.compile(_with_code_of_its_own(function), dynamic=False)
    return made


def _with_code_of_its_own(function: Any) -> FunctionType:
    """A copy of the function: torch compiles one code object eight times at most, then runs it uncompiled."""
    code, names = function.__code__.replace(), function.__globals__
    return FunctionType(code, names, function.__name__, function.__defaults__, function.__closure__)
