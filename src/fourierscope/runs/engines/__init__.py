"""Where cells are measured: in this process, in several on this machine. An engine is one class with `outcomes`."""

from fourierscope.runs.engines.engine import Engine as Engine
from fourierscope.runs.engines.engine import Job as Job
from fourierscope.runs.engines.engine import Outcome as Outcome
from fourierscope.runs.engines.engine import Task as Task
from fourierscope.runs.engines.here import Here as Here
from fourierscope.runs.engines.processes import Processes as Processes
