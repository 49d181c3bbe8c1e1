"""Watched series: which there are, their panels from the marts, and their evaluation."""
