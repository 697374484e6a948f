"""The 19 common corruptions of Hendrycks & Dietterich (2019), a file for each family, by one door: `corrupt`."""

from fourierscope.treatments.corruptions.corrupting import CORRUPTIONS as CORRUPTIONS
from fourierscope.treatments.corruptions.corrupting import Corruption as Corruption
from fourierscope.treatments.corruptions.corrupting import corrupt as corrupt
