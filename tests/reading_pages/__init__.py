"""What a published page says to somebody who reads it in a browser, beside what the tables say.

Written from the definitions and the tables: nothing here calls what draws the page. Each module holds a part of the
page against them, and says of each number that it found whether it is that of the tables.
"""

from __future__ import annotations

from pathlib import Path

from tests.reading_pages import curve, lanes, moments, paths, readings, segments, sources, touchpoints
from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown, read_page
from tests.reading_pages.tables import Tables, states_of

__all__ = ["Account", "Tables", "compare", "differences", "read_page", "states_of"]

_PARTS = (lanes, readings, moments, touchpoints, paths, curve, segments, sources)


def differences(page: Path, tables: Tables) -> Account:
    """The page in a browser beside the tables. Skips the test where there is no browser."""
    shown, errors = read_page(page)
    account = compare(shown, tables)
    account.wrong += errors
    return account


def compare(shown: Shown, tables: Tables) -> Account:
    """What a page said, beside the tables."""
    account = Account()
    for part in _PARTS:
        part.check(shown, tables, account)
    return account
