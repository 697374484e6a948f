"""The questions, one file each. A new one is a file, a test, and a line here: the command line and `list` follow.

The command line reads these lines without running them: one import a line, class under its own name.
"""

from fourierscope.analyses.averaging_control import AveragingControl as AveragingControl
from fourierscope.analyses.averaging_defence import AveragingDefence as AveragingDefence
from fourierscope.analyses.band_importance import BandImportance as BandImportance
from fourierscope.analyses.band_noise import BandNoise as BandNoise
from fourierscope.analyses.circle_flow import CircleFlow as CircleFlow
from fourierscope.analyses.component_learning import ComponentLearning as ComponentLearning
from fourierscope.analyses.corruption_profile import CorruptionProfile as CorruptionProfile
from fourierscope.analyses.frequency_audit import FrequencyAudit as FrequencyAudit
from fourierscope.analyses.frequency_gradient import FrequencyGradient as FrequencyGradient
from fourierscope.analyses.frequency_principle import FrequencyPrinciple as FrequencyPrinciple
from fourierscope.analyses.frequency_shortcuts import FrequencyShortcuts as FrequencyShortcuts
from fourierscope.analyses.harmonic_distortion import HarmonicDistortion as HarmonicDistortion
from fourierscope.analyses.heat_map import HeatMap as HeatMap
from fourierscope.analyses.high_frequency_predictions import HighFrequencyPredictions as HighFrequencyPredictions
from fourierscope.analyses.high_frequency_share import HighFrequencyShare as HighFrequencyShare
from fourierscope.analyses.insertion_deletion import InsertionDeletion as InsertionDeletion
from fourierscope.analyses.kernel_spectrum import KernelSpectrum as KernelSpectrum
from fourierscope.analyses.layer_heat_map import LayerHeatMap as LayerHeatMap
from fourierscope.analyses.line_spectrum import LineSpectrum as LineSpectrum
from fourierscope.analyses.linear_principle import LinearPrinciple as LinearPrinciple
from fourierscope.analyses.mask import Mask as Mask
from fourierscope.analyses.mask_classes import MaskClasses as MaskClasses
from fourierscope.analyses.mask_energy import MaskEnergy as MaskEnergy
from fourierscope.analyses.mask_stability import MaskStability as MaskStability
from fourierscope.analyses.mask_transfer import MaskTransfer as MaskTransfer
from fourierscope.analyses.pass_curve import PassCurve as PassCurve
from fourierscope.analyses.power_spectrum import PowerSpectrum as PowerSpectrum
from fourierscope.analyses.region_crossings import RegionCrossings as RegionCrossings
from fourierscope.analyses.robustness import Robustness as Robustness
from fourierscope.analyses.shift_spectrum import ShiftSpectrum as ShiftSpectrum
from fourierscope.analyses.tangent_kernel import TangentKernel as TangentKernel
