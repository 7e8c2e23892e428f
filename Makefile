# `make` is all that a change has to pass; each line also works alone.
.PHONY: all format lint types test bench refreshes skips

all: format lint types test

format:
	ruff format .

lint:
	ruff check .
	ruff format --check .

types:
	mypy

test:
	coverage run -m pytest -n0
	coverage combine -q
	coverage report

bench:
	python -m benchmarks

# 2,000 random histories of random SQL, each table compared with a rebuild after every night; an hour on two cores.
refreshes:
	ASSETFLOW_HISTORIES=2000 pytest -q tests/laws/test_refreshes.py
	ASSETFLOW_HISTORIES=100 pytest -q tests/incremental/test_rules.py

# 2,000 histories of edits, whatever is left alone compared with a rebuild.
skips:
	ASSETFLOW_HISTORIES=2000 pytest -q tests/laws/test_skips.py
