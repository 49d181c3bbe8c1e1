"""Public holidays of the places and years that the real days come from.

Sources: Brazil, laws 662/1949 and 6.802/1980, Good Friday and Corpus Christi as observed; Massachusetts, General Laws
chapter 4, section 7; England, gov.uk/bank-holidays.
"""

from __future__ import annotations

from datetime import date

BRAZIL = frozenset({date(2016, 3, 25), date(2016, 4, 21), date(2016, 5, 1), date(2016, 5, 26)})
MASSACHUSETTS = frozenset({date(2011, 7, 4)})
ENGLAND = frozenset(
    {
        *(date(2016, 5, 2), date(2016, 5, 30), date(2016, 8, 29), date(2016, 12, 26), date(2016, 12, 27)),
        *(date(2017, 1, 2), date(2017, 4, 14), date(2017, 4, 17), date(2017, 5, 1), date(2017, 5, 29)),
        *(date(2017, 8, 28), date(2017, 12, 25), date(2017, 12, 26), date(2018, 1, 1), date(2018, 3, 30)),
        *(date(2018, 4, 2), date(2018, 5, 7), date(2018, 5, 28), date(2018, 8, 27), date(2018, 12, 25)),
        *(date(2018, 12, 26), date(2019, 1, 1)),
    }
)
