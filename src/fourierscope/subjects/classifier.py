"""The classifier under study: images in [0, 1] go in, logits come out. The only owner of normalisation."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from fourierscope.fourier.kinds import came, check_texts, number_of
from fourierscope.subjects.fingerprint import fingerprint
from fourierscope.subjects.outputs import logits_of

if TYPE_CHECKING:
    from fourierscope.subjects.prepared import Prepared

Precision = Literal["float32", "bfloat16", "float16"]


class Classifier:
    """Any callable or `nn.Module` that classifies images, with its normalisation inside.

    Called with images (n, c, h, w) in [0, 1] it returns logits (n, classes). `mean` and `std` (one number, or one a
    channel) are subtracted and divided by before `network` sees the images; without them it sees them as they are.
    `device` is where the network lives unless given, and then a copy goes there. `provenance` says where mean and std
    were read.

    Nothing of the network is changed: it is asked in eval mode and given back in the mode it came in; it gets a copy of
    the images, so that a network that changes its input in place does no harm. Outputs may be a tensor, an object with
    `.logits`, a mapping with "logits" or "out", or a sequence whose first member is the tensor.
    """

    prepared: Prepared | None = None  # a faster copy that answers in the network's place; see `Trial.at`
    origin: Classifier | None = None  # the classifier that it was prepared from

    def __init__(
        self,
        network: Callable[[Tensor], Any],
        name: str | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        device: str | None = None,
        precision: Precision = "float32",
        provenance: str = "given by the user",
    ) -> None:
        if not callable(network):
            raise TypeError(f"A classifier wraps a callable from images to logits; {type(network).__name__} came.")
        if isinstance(network, Classifier | type):
            came = f"the class {network.__name__}: build one" if isinstance(network, type) else "a Classifier already"
            raise TypeError(f"A classifier wraps a network or function; this is {came}.")
        if (mean is None) != (std is None):
            raise ValueError(f"Give mean and std together, or neither; mean={mean}, std={std} came.")
        check_texts(
            name="" if name is None else name,
            precision=precision,
            device="" if device is None else device,
            provenance=provenance,
        )
        if precision not in ("float32", "bfloat16", "float16"):
            raise ValueError(f"precision is float32, bfloat16 or float16; {precision!r} came.")
        _check_has_values(network)
        self.device = _place(network, device)
        self.network = _moved(network, self.device)
        self.name = name or _name_of(network)
        self.mean, self.std = channelwise(mean, "mean"), channelwise(std, "std")
        if self.mean is not None and self.std is not None:
            _check_normalisation(self.mean, self.std)
        self.precision: Precision = precision
        self.provenance = provenance if self.mean is not None else "none: the network sees images in [0, 1]"

    def __repr__(self) -> str:
        return f"Classifier({self.name!r}, mean={self.mean}, std={self.std}, {self.device}, {self.precision})"

    def __call__(self, images: Tensor, spare: bool = False) -> Tensor:
        """Logits (n, classes), floating point, on the classifier's device, of images (n, c, h, w).

        With `spare` the images may be written into: nobody needs them any more. Raises TypeError or ValueError where
        the outputs are not one row of finite numbers for each image.
        """
        return logits_of(self.outputs(images, spare=True) if spare else self.outputs(images), len(images))

    def outputs(self, images: Tensor, spare: bool = False) -> Any:
        """Whatever the network returns for images (n, c, h, w): for scores of embeddings, detectors, segmenters."""
        if not isinstance(images, Tensor):
            raise TypeError(f"A classifier takes images (n, c, h, w), a tensor; {came(images)} came.")
        if images.ndim != 4 or not images.is_floating_point():
            raise ValueError(
                f"A classifier takes floating-point images (n, c, h, w); "
                f"{images.dtype} of shape {tuple(images.shape)} came."
            )
        there = images.to(self.device)
        if self.prepared is not None and self.prepared.network is self.network and self.prepared.serves():
            return self._copied_answers(self.prepared, there, spare)
        given = self.normalised(there, spare=True) if spare else self.normalised(there)
        return self._answered(given.to(self.input_dtype(images)))

    @property
    def takes_spare(self) -> bool:
        """Whether images may be given as `spare`: a class of your own may answer in its own way, from images alone."""
        own = ("__call__", "outputs")
        return self.normalises_itself and all(getattr(type(self), name) is getattr(Classifier, name) for name in own)

    @property
    def normalises_itself(self) -> bool:
        """Whether images are normalised by mean and std: a class of your own may do so in its own way."""
        return type(self).normalised is Classifier.normalised and "normalised" not in vars(self)

    def _answered(self, given: Tensor) -> Any:
        """What the network returns for `given`, images (n, c, h, w) as it sees them; it may write into them."""
        with self.evaluating(), torch.autocast(self.device.type, self._dtype(), enabled=self.precision != "float32"):
            try:
                return self.network(given)
            except RuntimeError as error:
                other = self.other_channels(given.shape[1])
                mend = f" {other} If that is why, give images of as many channels." if other else ""
                error.add_note(f"So said {self.name} of images of shape {tuple(given.shape)} (n, c, h, w).{mend}")
                raise

    def _copied_answers(self, faster: Prepared, images: Tensor, spare: bool) -> Any:
        """What the network's faster copy returns for images (n, c, h, w) in [0, 1].

        It answers where it can speak for the network: under `torch.no_grad`, while nothing listens to a layer, and as
        long as weights and layers are those that were copied.
        """
        if self.normalises_itself and self.mean is not None:
            given = images.to(self.input_dtype(images))
            return faster(given, *self._moments(given))
        given = self.normalised(images, spare=True) if spare else self.normalised(images)
        return faster(given.to(self.input_dtype(images)))

    @property
    def exact(self) -> Classifier:
        """This classifier without a faster copy: the network itself answers."""
        if self.prepared is None:
            return self
        if self.origin is not None and self.origin.network is self.network:
            return self.origin  # itself, so that what is known of how it was opened still holds
        plain = copy.copy(self)
        plain.prepared = plain.origin = None
        return plain

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """The network in eval mode for a while; every module gets its own mode back. Warns where one was training."""
        modules = list(self.network.modules()) if isinstance(self.network, nn.Module) else []
        training = [module for module in modules if module.training]
        if not training:
            yield
            return
        warnings.warn(
            f"{self.name} is in train mode: it is asked in eval mode and put back. "
            "Call network.eval() to say that you mean it.",
            stacklevel=4,
        )
        try:
            for module in training:
                module.training = False
            yield
        finally:
            for module in training:
                module.training = True

    def normalised(self, images: Tensor, spare: bool = False) -> Tensor:
        """What the network sees of images (n, c, h, w) in [0, 1]: a new tensor, or these images if they are `spare`."""
        if self.mean is None:
            return images if spare else images.clone()
        mean, std = self._moments(images)
        return (images.sub_(mean) if spare else images - mean).div_(std)

    def _moments(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and std (c, 1, 1) for images (n, c, h, w). Raises ValueError where they are of other channels."""
        assert self.mean is not None
        assert self.std is not None
        channels = images.shape[1]
        if len(self.mean) not in (1, channels) or len(self.std) not in (1, channels):
            raise ValueError(
                f"Images have {channels} channels; mean={self.mean} and std={self.std} fit "
                f"{max(len(self.mean), len(self.std))}."
            )
        mean, std = (images.new_tensor(one * (channels // len(one))).view(-1, 1, 1) for one in (self.mean, self.std))
        return mean, std

    def input_dtype(self, images: Tensor) -> torch.dtype:
        """The dtype that the network's own weights want; that of the images for a network without weights."""
        weights = self.network.parameters() if isinstance(self.network, nn.Module) else ()
        return next((one.dtype for one in weights if one.is_floating_point()), images.dtype)

    def other_channels(self, channels: int) -> str:
        """Told in a sentence where the first convolution takes other images than those of `channels` channels."""
        modules = self.network.modules() if isinstance(self.network, nn.Module) else ()
        taken = next((one.in_channels for one in modules if isinstance(one, nn.Conv2d)), channels)
        takes = number_of(taken, "channel")
        return "" if taken == channels else f"The network takes {takes}, and the images have {channels}."

    def module(self, name: str) -> nn.Module:
        """The submodule of that dotted name. Raises ValueError with names that exist."""
        if not isinstance(self.network, nn.Module):
            raise ValueError(f"{self.name} is a plain function: it has no layers by name. Use the layer 'output'.")
        known = dict(self.network.named_modules())
        if name not in known:
            some = ", ".join(list(known)[1:13])
            raise ValueError(f"{self.name} has no layer {name!r}. Its layers begin: {some}.")
        found: nn.Module = known[name]
        return found

    def trace(self) -> dict[str, Any]:
        """What to record: name, digest of the weights, normalisation and its provenance, device, precision.

        The precision of a prepared classifier is what was chosen for it and how it was checked.
        """
        return {
            "name": self.name,
            "digest": fingerprint(self.network),
            "mean": self.mean,
            "std": self.std,
            "preprocessing": self.provenance,
            "device": self.device.type if self.device.type == "cpu" else torch.cuda.get_device_name(self.device),
            "precision": self.precision if self.prepared is None else self.prepared.plan.trace(),
        }

    def _dtype(self) -> torch.dtype:
        return torch.float16 if self.precision == "float16" else torch.bfloat16


def _check_has_values(network: Any) -> None:
    if not isinstance(network, nn.Module):
        return
    named = [*network.named_parameters(), *network.named_buffers()]
    bare = [name for name, values in named if values.is_meta]
    if bare:
        raise ValueError(
            f"{len(bare)} of {len(named)} entries of the network ({bare[0]}, ...) lie on the meta device, without "
            "values: build it on the CPU and load its weights first."
        )


def _home(network: Any) -> torch.device:
    """Where the network's parameters lie; the CPU for what has none."""
    if isinstance(network, nn.Module):
        for values in [*network.parameters(), *network.buffers()]:
            return values.device
    return torch.device("cpu")


def _place(network: Any, device: str | None) -> torch.device:
    """The device meant: "cuda" without a number is the one on which the network lives already, if it does."""
    try:
        home, meant = _home(network), torch.device(device) if device else None
    except RuntimeError as error:
        raise ValueError(f"device is a word such as cpu, cuda or cuda:1; {device!r} came.") from error
    if meant is not None and meant.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={device!r} came, and this machine offers no CUDA: leave device out, or say cpu.")
    if meant is None or (meant.type == home.type and meant.index is None):
        return home
    return meant


def _moved(network: Any, device: torch.device) -> Any:
    """The network on `device`; a copy where it lives elsewhere, so that the user's stays where it is."""
    if not isinstance(network, nn.Module) or _home(network) == device:
        return network
    return copy.deepcopy(network).to(device)


def _name_of(network: Any) -> str:
    return str(getattr(network, "__name__", type(network).__name__))


def channelwise(values: float | Sequence[float] | None, name: str) -> tuple[float, ...] | None:
    """One number for all channels, or one for each, as a tuple; None for None. Raises for what is no finite number."""
    if values is None:
        return None
    try:
        found = tuple(float(one) for one in torch.as_tensor(values, dtype=torch.float64).flatten())
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(f"{name} is a number, or one for each channel; {values!r} came.") from error
    if not found or not all(isfinite(one) for one in found):
        raise ValueError(f"{name} is a finite number, or one for each channel; {values!r} came.")
    return found


def _check_normalisation(mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    if min(std) <= 0:
        raise ValueError(f"Every std is above 0; std={std} came.")
    if len(mean) != len(std) and 1 not in (len(mean), len(std)):
        raise ValueError(f"mean and std are for the same channels; mean={mean}, std={std} came.")
