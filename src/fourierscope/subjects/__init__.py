"""WHAT: samples, classifiers, and trials of one on the other. Every subject says where it comes from."""

from fourierscope.subjects.check import Check as Check
from fourierscope.subjects.check import CheckFailed as CheckFailed
from fourierscope.subjects.check import check as check
from fourierscope.subjects.circle import Circle as Circle
from fourierscope.subjects.classifier import Classifier as Classifier
from fourierscope.subjects.classifier_kinds import open_classifier as open_classifier
from fourierscope.subjects.fingerprint import fingerprint as fingerprint
from fourierscope.subjects.learning import Fit as Fit
from fourierscope.subjects.learning import Training as Training
from fourierscope.subjects.masked import Masked as Masked
from fourierscope.subjects.outputs import logits_of as logits_of
from fourierscope.subjects.sample_datasets import samples_from as samples_from
from fourierscope.subjects.sample_kinds import open_samples as open_samples
from fourierscope.subjects.samples import Samples as Samples
from fourierscope.subjects.trial import Pair as Pair
from fourierscope.subjects.trial import Trial as Trial
from fourierscope.subjects.trial import check_subject as check_subject
