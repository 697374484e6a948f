# Two commands: `make demo` (a report on embedded images and classifiers) and `make test`. Both set themselves up.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test soak check-types check-style clean

demo: .venv/installed
	$(BIN)/fourierscope demo $(DEMO)

test: .venv/installed-dev
	$(BIN)/ruff check src tests benchmarks docs
	$(BIN)/ruff format --check src tests benchmarks docs
	$(BIN)/mypy src
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto $(TESTS)

# the reliability suite at full length: faults and malformed inputs by the hundred
soak: .venv/installed-dev
	FOURIERSCOPE_SOAK=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto tests/reliability tests/subjects/test_large_arrays.py

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv demo report.html
