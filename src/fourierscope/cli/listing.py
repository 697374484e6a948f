"""`fourierscope list`: what there is, a line each."""

from __future__ import annotations

import sys

from fourierscope.cli.catalogue import analyses
from fourierscope.papers import PAPERS

_SAMPLES = {
    "patches[:train|:test]": "32 x 32 patches of ten photographs, embedded",
    "digits": "8 x 8 handwritten digits of scikit-learn, embedded",
    "npz:PATH": "images and labels in a NumPy file",
    "folder:PATH": "a folder of class folders",
    "cifar10:test, mnist:train, ...": "torchvision's sets, downloaded on demand",
    "cifar10-c:FOLDER:NAME:SEVERITY": "published files of CIFAR-10-C, such as cifar10-c:FOLDER:fog:3",
    "imagenet-c:FOLDER:NAME:SEVERITY": "published folders of ImageNet-C",
    "hf:NAME[:SPLIT]": "a data set of the Hugging Face hub (extra hf)",
}
_CLASSIFIERS = {
    "reference:NAME": "natural, gaussian, adversarial: shipped with the package, for patches",
    "reference:cifar10-resnet20-NAME": "natural, gaussian, adversarial, lowpass15, highpass31, autoaugment",
    "network:NAME[/low15]": "small, resnet20 to resnet56, resnet18, wrn-28-10, vgg11: untrained, or with --weights",
    "trained:PATH": "a file that `fourierscope train` wrote",
    "torchvision:NAME": "with --weights",
    "timm:NAME": "with --weights (extra timm)",
    "hf:NAME": "a model of the Hugging Face hub, or its folder (extra hf)",
    "path/to/file.py:function": "whatever your function returns: a module or a callable",
}
_RECIPES = {
    "natural": "for patches: flips and tints",
    "gaussian": "for patches, under Gaussian noise",
    "adversarial": "for patches, under projected gradient descent",
    "cifar10-natural": "crops and flips, bfloat16",
    "cifar10-gaussian": "the same under Gaussian noise of deviation up to 0.1",
    "cifar10-adversarial": "the same under projected gradient descent, 8/255",
    "cifar10-autoaugment": "the same with AutoAugment, without brightness and contrast",
}
_TREATMENTS = {
    "corruption:NAME": "the 19 common corruptions (fog, shot_noise, ...), by severity 0 to 5",
    "gaussian-noise": "independent Gaussian noise on every value, by deviation",
    "low-pass": "square low pass, clipped to [0, 1], by odd bandwidth",
    "high-pass": "square high pass with the mean colour kept, clipped to [0, 1], by odd bandwidth",
    "fgsm": "one step along the sign of the gradient, by eps",
    "pgd-linf": "projected gradient ascent in the L-infinity ball, by eps",
    "pgd-l2": "projected gradient ascent in the L2 ball of the whole image, by eps",
    "apgd-ce": "APGD on the cross-entropy in the L-infinity ball, by eps",
    "apgd-dlr": "APGD on the ratio of logits in the L-infinity ball, for three classes or more, by eps",
    "square": "random squares in the L-infinity ball that are kept where they help, no gradients, by eps",
    "low-frequency-pgd": "projected gradient ascent in the lowest quarter of the cosines a side, L-infinity, by eps",
    "wave-search": "the first of 100 single waves that changes the prediction, L-infinity, no gradients, by eps",
    "deepfool": "to the nearest border of the predicted class and a little across, by overshoot",
}


def main(words: list[str]) -> int:
    """Print the catalogue."""
    if words and words[0] not in ("-h", "--help"):
        print(f"fourierscope list takes nothing; {' '.join(words)!r} came.", file=sys.stderr)
        return 2
    if words:
        print("usage: fourierscope list\n\nLists analyses, samples, classifiers, treatments, recipes and papers.")
        return 0
    asked = {entry.command: entry.says for entry in analyses()}
    for title, lines in (
        ("analyses", asked),
        ("samples", _SAMPLES),
        ("classifiers", _CLASSIFIERS),
        ("treatments", _TREATMENTS),
        ("recipes", _RECIPES),
        ("papers", PAPERS),
    ):
        print(title)
        for name, says in lines.items():
            print(f"  {name:<32} {says}")
    return 0
