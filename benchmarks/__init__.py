"""Measures what assetflow promises about speed: `python -m benchmarks` prints every figure beside the one to reach."""
