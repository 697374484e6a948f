"""How checks read curves of accuracy on components."""

from __future__ import annotations

from fourierscope.papers.exhibit import Made, Reading


def last(made: Made, name: str, kept: str, radius: int | None = None, split: str = "test") -> Reading:
    """The accuracy after all epochs on components at a radius, or on whole images where there is none."""
    result = made[name]
    curve = f"{kept}_accuracy_{split}"
    part = "whole image" if radius is None else f"radius {radius}"
    values = result[curve].sel(part=part).isel(epoch=-1)
    low, high = (float(values.coords[f"{curve}_{end}"]) for end in ("low", "high"))
    samples = result.record["subject"]["samples" if split == "train" else "tested"]
    return Reading(float(values), low, high, min(int(samples["count"]), int(result.record["options"]["probe"])))


def lead(made: Made, name: str, radius: int, kept: str = "low") -> Reading:
    """How much is right by components relative to whole images when these are half learned."""
    values = made[name][f"{kept}_lead"].sel(radius=radius)
    low, high = (float(values.coords[f"{kept}_lead_{end}"]) for end in ("low", "high"))
    return Reading(float(values), low, high, made[name].dataset.sizes["seed"])
