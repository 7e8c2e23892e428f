# `make` is all that a change has to pass; each line also works alone.
.PHONY: all format lint types test bench

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
