"""A classifier that answers faster: its network copied, and the copy changed by steps that were checked and timed."""

from fourierscope.subjects.prepared.choosing import compiled_beside as compiled_beside
from fourierscope.subjects.prepared.choosing import plan_for as plan_for
from fourierscope.subjects.prepared.choosing import prepared as prepared
from fourierscope.subjects.prepared.network import Prepared as Prepared
from fourierscope.subjects.prepared.network import looked_at_once as looked_at_once
from fourierscope.subjects.prepared.plan import PRECISIONS as PRECISIONS
from fourierscope.subjects.prepared.plan import Asked as Asked
from fourierscope.subjects.prepared.plan import Plan as Plan
from fourierscope.subjects.prepared.plan import Spoken as Spoken
from fourierscope.subjects.prepared.plan import own_word as own_word
from fourierscope.subjects.prepared.plan import remembered_plan as remembered_plan
