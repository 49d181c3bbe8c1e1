"""Made-up data for the examples: seeded, with one planted fall and traps, and the truth written beside it.

Nothing here describes a real company, customer or answer. `generate` writes the data files of an example into a
workspace and `data/EXPECTED.json`, which says what is in them: counted by the generator, never by what it tests.
"""

from __future__ import annotations

from pathlib import Path

from jkpi.synthetic.planted import EXAMPLES, PLANTED, PlantedFall

__all__ = ["EXAMPLES", "PLANTED", "PlantedFall", "generate"]


def generate(example: str, directory: Path, seed: int = 7) -> None:
    """Write the data files of `example` into `directory`/data. The same seed writes the same bytes.

    Files of the same names are replaced, others are left alone.

    Raises:
        InputError: there is no example of that name.
    """
    from jkpi.synthetic.generator import write_example

    write_example(example, directory, seed)
