"""Speed and memory, as ratios to a baseline in the same run. python -m benchmarks runs them all."""
