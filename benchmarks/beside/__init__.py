"""This package beside other ways to the same: `python -m benchmarks.beside`, or `make bench`."""
