"""`python -m fourierscope`: the command line."""

import sys

from fourierscope.cli import main

sys.exit(main())
