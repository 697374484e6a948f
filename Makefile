# Two commands: `make demo` (a report on embedded images and classifiers) and `make test`. Both set themselves up.
PYTHON ?= python3
BIN := .venv/bin

BESIDE := OMP_NUM_THREADS=2 $(BIN)/python -m benchmarks.beside $(BENCH)

.PHONY: demo test soak bench check-types check-style clean

demo: .venv/installed
	$(BIN)/fourierscope demo $(DEMO)

test: .venv/installed-dev
	$(BIN)/ruff check src tests benchmarks docs
	$(BIN)/ruff format --check src tests benchmarks docs
	$(BIN)/mypy src
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal $(TESTS)

# the reliability suite at full length: faults and malformed inputs by the hundred
soak: .venv/installed-dev
	FOURIERSCOPE_SOAK=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal tests/reliability tests/subjects/test_large_arrays.py

# This package beside other tools, into docs/speed.md: about 20 minutes on 2 cores. BENCH takes options, such as --samples.
bench: .venv/installed
	$(BESIDE) whole_map precision agreement cost masks
	$(BESIDE) whole_map precision --without-bfloat16
	$(BESIDE) --page docs/speed.md

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv demo report.html
