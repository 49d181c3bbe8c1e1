"""The command line: parse, call, print."""

from jkpi.cli.app import main

__all__ = ["main"]
