"""`python -m fourierscope.cli`: the command line without its script."""

import sys

from fourierscope.cli import main

sys.exit(main())
