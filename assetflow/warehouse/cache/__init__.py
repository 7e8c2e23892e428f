"""Keeps beside the ledger what can be lost: it costs time and nothing else."""
