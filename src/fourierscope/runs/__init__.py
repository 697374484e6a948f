"""Questions run cell by cell: stores that survive a kill, batches that fit, worker processes."""

from fourierscope.runs.analysis import Analysis as Analysis
from fourierscope.runs.analysis import Measured as Measured
from fourierscope.runs.analysis import Whole as Whole
from fourierscope.runs.analysis import subjects_of as subjects_of
from fourierscope.runs.batching import Part as Part
from fourierscope.runs.batching import batch_size as batch_size
from fourierscope.runs.batching import batches as batches
from fourierscope.runs.kinds import check_kinds as check_kinds
from fourierscope.runs.kinds import is_count as is_count
from fourierscope.runs.kinds import is_whole as is_whole
from fourierscope.runs.plan import CellsFailed as CellsFailed
from fourierscope.runs.run import Shared as Shared
from fourierscope.runs.run import run as run
from fourierscope.runs.run import run_share as run_share
from fourierscope.runs.store import StoreError as StoreError
