"""A published page, read in a browser, against the tables.

Written from the definitions and the tables alone: nothing here calls the code that builds the page. Each module
compares a part of the page.
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
    """The page in a browser against the tables. Skips the test if there is no browser."""
    shown, errors = read_page(page)
    account = compare(shown, tables)
    account.wrong += errors
    return account


def compare(shown: Shown, tables: Tables) -> Account:
    """What was read from a page, against the tables."""
    account = Account()
    for part in _PARTS:
        part.check(shown, tables, account)
    return account
