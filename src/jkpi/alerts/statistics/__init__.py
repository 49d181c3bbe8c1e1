"""Baseline, CUSUM, thresholds, tails and the sign test, on arrays. Pure."""
