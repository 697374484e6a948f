"""Where cells are measured: in this process, in several of this machine, on a cluster. Engines follow `Engine`."""

from fourierscope.runs.engines.cluster import Cluster as Cluster
from fourierscope.runs.engines.engine import AtWork as AtWork
from fourierscope.runs.engines.engine import Engine as Engine
from fourierscope.runs.engines.engine import Job as Job
from fourierscope.runs.engines.engine import Outcome as Outcome
from fourierscope.runs.engines.engine import Task as Task
from fourierscope.runs.engines.here import Here as Here
from fourierscope.runs.engines.processes import Processes as Processes
