"""Generated data for the examples: seeded, with one injected drop, some traps, and the ground truth next to the files.

Nothing here describes a real company, customer or response.
"""
