"""What runs inside the virtual environment of rai-toolbox: one question a line on standard input, one answer a line.

Its first argument is a file with a network that takes images in [0, 1], images (n, c, h, w) and labels (n,), written by
`peer.py`. Nothing of this project is imported here.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from functools import partial
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

# A torchvision built for CUDA does not load its operators beside a torch for processors; none of them is used here.
# Declared without a body they do no harm. torchmetrics and rai-toolbox import it.
try:
    import torchvision  # noqa: F401
except RuntimeError:
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    declared = torch.library.Library("torchvision", "FRAGMENT")
    declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from rai_toolbox.augmentations.fourier import create_heatmaps
from torchmetrics import Accuracy


def main(path: str) -> None:
    with open(path, "rb") as held:
        given = pickle.load(held)
    torch.set_num_threads(given["threads"])
    torch.Tensor.pin_memory = lambda self, *_: self  # type: ignore[method-assign]  # 0.2.1 pins without asking for a GPU
    for line in sys.stdin:
        print(json.dumps(answer(given, **json.loads(line))), flush=True)


def answer(given: dict[str, Any], places: list[list[int]], batch: int, norm: float) -> dict[str, Any]:
    """Seconds that a heat map of some places takes, and the error at each of them."""
    images, labels = given["images"], given["labels"]
    start = time.perf_counter()
    found = create_heatmaps(
        DataLoader(TensorDataset(images, labels), batch_size=batch),
        tuple(images.shape[-2:]),
        model=given["network"],
        metrics={"accuracy": partial(Accuracy, task="multiclass", num_classes=given["classes"])},
        basis_norm=norm,
        rand_flip_per_channel=True,
        post_pert_batch_transform=lambda changed: changed.clamp_(0, 1),
        row_col_coords=[tuple(place) for place in places],
    )
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "errors": [1 - float(one.result) for one in found["accuracy"]]}


if __name__ == "__main__":
    main(sys.argv[1])
