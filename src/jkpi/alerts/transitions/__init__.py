"""Stored alerts against evaluated series: transitions, inhibition, reasons for closing. Pure."""
