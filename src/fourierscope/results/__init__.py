"""ANSWERED: labelled values with bounds and the record of what made them."""

from fourierscope.results.files import sealed as sealed
from fourierscope.results.files import unsealed as unsealed
from fourierscope.results.files import written_whole as written_whole
from fourierscope.results.intervals import Estimate as Estimate
from fourierscope.results.intervals import apart as apart
from fourierscope.results.intervals import mean_interval as mean_interval
from fourierscope.results.intervals import median_interval as median_interval
from fourierscope.results.intervals import paired_means as paired_means
from fourierscope.results.intervals import paired_rates as paired_rates
from fourierscope.results.intervals import ratio_interval as ratio_interval
from fourierscope.results.intervals import share_interval as share_interval
from fourierscope.results.intervals import wilson as wilson
from fourierscope.results.measured import Axes as Axes
from fourierscope.results.measured import bounded as bounded
from fourierscope.results.measured import count as count
from fourierscope.results.measured import mean as mean
from fourierscope.results.measured import mean_of_sums as mean_of_sums
from fourierscope.results.measured import rate as rate
from fourierscope.results.measured import share as share
from fourierscope.results.measured import unpacked as unpacked
from fourierscope.results.result import Result as Result
from fourierscope.results.result import classifier_name as classifier_name
from fourierscope.results.result import classifier_trace as classifier_trace
from fourierscope.results.result import described as described
from fourierscope.results.result import load as load
