"""A part is wanted: it is found or not, in stock or not; who is told to wait buys elsewhere.

From a fixed day on fewer parts are in stock, most of all hydraulic ones. Within each state of stock people do what they
always did: it is the mix that changed. What happens is decided here; how it gets into files is in `spare_files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jkpi.synthetic.clock import DAY, HOUR, MINUTE, NEVER, Clock, Mask, Texts, Times
from jkpi.synthetic.ground_truth import PLANTED
from jkpi.synthetic.random_streams import Chance, arrivals, between, daily_rates, happens, later, on_day, pick
from jkpi.synthetic.scenario import Log, where

FALL = PLANTED["spare_parts"]
WINDOW = 3 * DAY

CUSTOMERS = 7800
ENQUIRIES_PER_DAY = 138.0  # chosen as in `equipment_repair`
CLASSES = {"wear": 0.40, "electronic": 0.25, "hydraulic": 0.35}
WEEK = (1.30, 1.25, 1.20, 1.18, 1.10, 0.50, 0.28)
HOURS = (0, 0, 0, 0, 1, 4, 10, 18, 22, 21, 18, 14, 11, 14, 16, 15, 12, 8, 6, 5, 4, 3, 2, 1)

OUT_OF_STOCK = {"wear": 0.12, "electronic": 0.18, "hydraulic": 0.22}
OUT_OF_STOCK_SINCE = {"wear": 0.17, "electronic": 0.26, "hydraulic": 0.72}
BUYS_ELSEWHERE = {"in_stock": 0.175, "out_of_stock": 0.70}
KEPT_PROMISE = 0.925


@dataclass(frozen=True)
class Enquiries:
    """What was wanted by whom, and how it went: `at` by touchpoint, NEVER where it did not happen."""

    customer: Times
    part_class: Texts
    out_of_stock: Mask
    by_phone: Mask
    due: Times
    at: Mapping[str, Times]
    log: Log


def enquiries(chance: Chance, clock: Clock) -> Enquiries:
    """All enquiries of the example, simulated beyond `as_of`."""
    began = arrivals(chance("enquiries"), clock, ENQUIRIES_PER_DAY, WEEK, HOURS, growth=-0.05)
    rng = chance("customers")
    count = len(began)
    weight = rng.gamma(1.4, 1.0, CUSTOMERS)
    customer = rng.choice(CUSTOMERS, count, p=weight / weight.sum())
    part_class = pick(rng, CLASSES, count)
    by_phone = happens(rng, 0.15, count)
    at: dict[str, Times] = {}

    log = _search(chance("search"), at, began, by_phone)
    out_of_stock = _stock(chance("stock"), clock, part_class, at["availability_shown"])
    _quote_and_order(chance, clock, at, out_of_stock)
    due = _delivery(chance, clock, at, out_of_stock)
    every = np.arange(count)
    log += [(touchpoint, every, instants) for touchpoint, instants in at.items()]
    return Enquiries(customer, part_class, out_of_stock, by_phone, due, at, log)


def _search(rng: np.random.Generator, at: dict[str, Times], began: Times, by_phone: Mask) -> Log:
    """In the shop or by phone; who finds nothing asks, or goes away."""
    count = len(began)
    searched = where(~by_phone, began)
    empty = ~by_phone & happens(rng, 0.16, count)
    at["part_searched"] = searched
    at["part_not_found"] = where(empty, between(rng, began, 20, 3 * MINUTE))
    tried_again = empty & happens(rng, 0.35, count)
    asked = by_phone | (empty & happens(rng, 0.58, count))
    at["advice_asked"] = where(asked, np.where(by_phone, began, between(rng, began, 12 * MINUTE, 5 * HOUR)))
    left = (empty & ~asked) | happens(rng, 0.05, count)
    seen = np.where(
        asked, between(rng, at["advice_asked"], 3 * MINUTE, 50 * MINUTE), between(rng, began, 30, 9 * MINUTE)
    )
    at["availability_shown"] = where(~left, seen)
    return [("part_searched", np.arange(count), where(tried_again, between(rng, began, 4 * MINUTE, 10 * MINUTE)))]


def _stock(rng: np.random.Generator, clock: Clock, part_class: Texts, shown: Times) -> Mask:
    rate = np.zeros(len(shown))
    for name, base in OUT_OF_STOCK.items():
        usual = daily_rates(rng, clock, base, (0.05, 0, 0, 0, 0, 0, 0), 0.15)
        since = daily_rates(rng, clock, OUT_OF_STOCK_SINCE[name], (0.05, 0, 0, 0, 0, 0, 0), 0.10)
        daily = np.where(np.arange(clock.days) >= clock.number(FALL.starts_on), since, usual)
        rate = np.where(part_class == name, on_day(clock, daily, shown), rate)
    return happens(rng, rate, len(shown))


def _quote_and_order(chance: Chance, clock: Clock, at: dict[str, Times], out_of_stock: Mask) -> None:
    """The moment of truth: who sees that the part is there orders it; who does not, mostly buys elsewhere."""
    rng = chance("orders")
    shown = at["availability_shown"]
    count = len(shown)
    quoted = happens(rng, np.where(out_of_stock, 0.55, 0.38), count)
    at["quote_sent"] = where(quoted, between(rng, shown, 5 * MINUTE, 70 * MINUTE))
    alternative = happens(rng, np.where(out_of_stock, 0.35, 0.01), count)
    at["alternative_offered"] = where(alternative, between(rng, shown, 8 * MINUTE, 80 * MINUTE))
    weekend = (0.0, 0.0, 0.0, 0.0, 0.04, 0.12, 0.16)
    leave = np.zeros(count)
    for state, base in BUYS_ELSEWHERE.items():
        daily = daily_rates(rng, clock, base, weekend, 0.08)
        leave = np.where(out_of_stock == (state == "out_of_stock"), on_day(clock, daily, shown), leave)
    stays = ~happens(rng, leave, count)
    soon = later(rng, shown, 5 * HOUR, 1.1, 82 * MINUTE, WINDOW - 7 * HOUR)
    slow = between(rng, shown, WINDOW + 2 * HOUR, 5 * DAY)
    placed = where(stays | happens(rng, 0.01, count), np.where(stays, soon, slow))
    at["order_placed"] = _awake(clock, placed)
    at["order_confirmed"] = where(happens(rng, 0.985, count), between(rng, at["order_placed"], 12 * MINUTE, 5 * HOUR))


def _delivery(chance: Chance, clock: Clock, at: dict[str, Times], out_of_stock: Mask) -> Times:
    """Shipped, delivered on the promised day or not, confirmed. Returns what was promised."""
    rng = chance("delivery")
    confirmed = at["order_confirmed"]
    count = len(confirmed)
    days = np.where(out_of_stock, rng.integers(5, 9, count), rng.integers(4, 7, count))
    promised = np.where(
        at["order_placed"] < NEVER,
        clock.instants(clock.day(at["order_placed"]) + days, np.full(count, 18 * HOUR)),
        NEVER,
    )
    rate = daily_rates(rng, clock, KEPT_PROMISE, (0, 0, 0, 0.05, -0.05, -0.1, -0.1), 0.10)
    kept = happens(rng, on_day(clock, rate, at["order_placed"]), count)
    early = promised - rng.integers(2 * HOUR, 26 * HOUR, count)
    late = promised + rng.integers(8 * HOUR, 70 * HOUR, count)
    delivered = _by_day(clock, rng, np.where(kept, early, late), kept)
    cancelled = happens(rng, np.where(out_of_stock, 0.05, 0.015), count)
    at["order_cancelled"] = where(cancelled, between(rng, confirmed, HOUR, 30 * HOUR))
    delivered = where(~cancelled & (confirmed < NEVER), delivered)
    at["part_shipped"] = where(
        delivered < NEVER, np.maximum(delivered - rng.integers(16 * HOUR, 40 * HOUR, count), confirmed + HOUR)
    )
    at["part_delivered"] = delivered
    at["delivery_confirmed"] = where(
        happens(rng, 0.62, count), later(rng, delivered, 5 * HOUR, 1.0, 10 * MINUTE, 3 * DAY)
    )
    return promised


def _by_day(clock: Clock, rng: np.random.Generator, at: Times, kept: Mask) -> Times:
    """Parcels come between seven and six, and on a Sunday not at all: the day before, or the day after where late."""
    day = clock.day(at)
    sunday = clock.weekday(day) == 6
    day = day + np.where(sunday, np.where(kept, -1, 1), 0)
    return np.where(at < NEVER, clock.instants(day, rng.integers(7 * HOUR, 18 * HOUR, len(at))), NEVER)


def _awake(clock: Clock, at: Times) -> Times:
    """Nobody orders at night: what would fall before six is done some hours later."""
    return np.where((at < NEVER) & (clock.hour(at) < 6), at + 6 * HOUR, at)
