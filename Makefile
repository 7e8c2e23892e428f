# `make` is all that a change has to pass; each line also works alone.
.PHONY: all format lint types test bench oracle refreshes skips reliability

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

# The long versions of what CI samples: each prints how much was compared, and how much of it was wrong.
oracle:
	python -m tests.oracle
	ASSETFLOW_TEST_ORACLE_QUERIES=1000 pytest -q tests/oracle

skips:
	python -m tests.laws
	ASSETFLOW_TEST_HISTORIES=200 pytest -q tests/laws/test_order.py
	ASSETFLOW_TEST_HISTORIES=100 pytest -q tests/laws/test_environments.py

# Kills, faults, signals, crowds, nonsense and planted bugs; needs strace and patch. `--quick` for a small part of each.
reliability:
	python -m tests.reliability --pieces build/reliability
	ASSETFLOW_TEST_MODELS=500 pytest -q tests/warehouse/test_model.py

# 2,000 random histories of random SQL, each table compared with a rebuild after every night; an hour on two cores.
refreshes:
	python -m tests.laws.nights 2000
	ASSETFLOW_TEST_HISTORIES=100 pytest -q tests/incremental/test_rules.py
	ASSETFLOW_TEST_HISTORIES=200 pytest -q tests/laws/test_functions.py
