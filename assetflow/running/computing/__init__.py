"""Does the work of one step, on a worker: makes the rows, holds them to their contract, asks the checks."""
