"""The story of the spare parts example: customers search a part, and buy elsewhere if it is not in stock.

From a fixed day on fewer parts are in stock, most of all hydraulic ones. Customers behave as before,
whether a part is in stock or not: only the mix changes. `spare_parts_files` writes these events to files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jkpi.synthetic.clock import DAY, HOUR, MINUTE, NEVER, BoolArray, TextArray, TimeArray, ZoneClock
from jkpi.synthetic.ground_truth import EXAMPLE_DROPS
from jkpi.synthetic.random_streams import (
    RandomStreams,
    arrivals,
    bernoulli,
    daily_rates,
    daily_value_at,
    lognormal_delay,
    uniform_delay,
    weighted_choice,
)
from jkpi.synthetic.scenario import EventLog, where_happened

DROP = EXAMPLE_DROPS["spare_parts"]
WINDOW = 3 * DAY

CUSTOMERS = 7800
ENQUIRIES_PER_DAY = 138.6  # chosen as in `equipment_repair`
CLASSES = {"wear": 0.40, "electronic": 0.25, "hydraulic": 0.35}
WEEK = (1.30, 1.25, 1.20, 1.18, 1.10, 0.50, 0.28)
HOURS = (0, 0, 0, 0, 1, 4, 10, 18, 22, 21, 18, 14, 11, 14, 16, 15, 12, 8, 6, 5, 4, 3, 2, 1)

OUT_OF_STOCK = {"wear": 0.12, "electronic": 0.18, "hydraulic": 0.22}
OUT_OF_STOCK_AFTER_DROP = {"wear": 0.17, "electronic": 0.26, "hydraulic": 0.72}
BUYS_ELSEWHERE_RATE = {"in_stock": 0.175, "out_of_stock": 0.70}
PROMISE_KEPT_RATE = 0.925


@dataclass(frozen=True)
class SimulatedEnquiries:
    """All enquiries. `at`: times by touchpoint, NEVER if it did not happen."""

    customer: TimeArray
    part_class: TextArray
    out_of_stock: BoolArray
    by_phone: BoolArray
    due: TimeArray
    at: Mapping[str, TimeArray]
    log: EventLog


def simulate_enquiries(streams: RandomStreams, clock: ZoneClock) -> SimulatedEnquiries:
    """All enquiries of the example, simulated beyond `as_of`."""
    began = arrivals(streams("enquiries"), clock, ENQUIRIES_PER_DAY, WEEK, HOURS, growth=-0.05)
    rng = streams("customers")
    count = len(began)
    weight = rng.gamma(1.4, 1.0, CUSTOMERS)
    customer = rng.choice(CUSTOMERS, count, p=weight / weight.sum())
    part_class = weighted_choice(rng, CLASSES, count)
    by_phone = bernoulli(rng, 0.15, count)
    at: dict[str, TimeArray] = {}

    log = _simulate_search(streams("search"), at, began, by_phone)
    out_of_stock = _simulate_stock(streams("stock"), clock, part_class, at["availability_shown"])
    _simulate_order(streams, clock, at, out_of_stock)
    due = _simulate_delivery(streams, clock, at, out_of_stock)
    all_enquiries = np.arange(count)
    log += [(touchpoint, all_enquiries, instants) for touchpoint, instants in at.items()]
    return SimulatedEnquiries(customer, part_class, out_of_stock, by_phone, due, at, log)


def _simulate_search(
    rng: np.random.Generator, at: dict[str, TimeArray], began: TimeArray, by_phone: BoolArray
) -> EventLog:
    """Searches in the shop or by phone; a customer who finds nothing asks, or gives up."""
    count = len(began)
    searched = where_happened(~by_phone, began)
    empty = ~by_phone & bernoulli(rng, 0.16, count)
    at["part_searched"] = searched
    at["part_not_found"] = where_happened(empty, uniform_delay(rng, began, 20, 3 * MINUTE))
    tried_again = empty & bernoulli(rng, 0.35, count)
    asked = by_phone | (empty & bernoulli(rng, 0.58, count))
    at["advice_asked"] = where_happened(
        asked, np.where(by_phone, began, uniform_delay(rng, began, 12 * MINUTE, 5 * HOUR))
    )
    left = (empty & ~asked) | bernoulli(rng, 0.05, count)
    shown_at = np.where(
        asked,
        uniform_delay(rng, at["advice_asked"], 3 * MINUTE, 50 * MINUTE),
        uniform_delay(rng, began, 30, 9 * MINUTE),
    )
    at["availability_shown"] = where_happened(~left, shown_at)
    return [
        (
            "part_searched",
            np.arange(count),
            where_happened(tried_again, uniform_delay(rng, began, 4 * MINUTE, 10 * MINUTE)),
        )
    ]


def _simulate_stock(
    rng: np.random.Generator, clock: ZoneClock, part_class: TextArray, shown_at: TimeArray
) -> BoolArray:
    rate = np.zeros(len(shown_at))
    for name, base in OUT_OF_STOCK.items():
        rate_before = daily_rates(rng, clock, base, (0.05, 0, 0, 0, 0, 0, 0), 0.15)
        rate_after = daily_rates(rng, clock, OUT_OF_STOCK_AFTER_DROP[name], (0.05, 0, 0, 0, 0, 0, 0), 0.10)
        daily = np.where(np.arange(clock.days) >= clock.day_number(DROP.starts_on), rate_after, rate_before)
        rate = np.where(part_class == name, daily_value_at(clock, daily, shown_at), rate)
    return bernoulli(rng, rate, len(shown_at))


def _simulate_order(
    streams: RandomStreams, clock: ZoneClock, at: dict[str, TimeArray], out_of_stock: BoolArray
) -> None:
    """The moment of truth: customers order a part that is in stock, and mostly buy elsewhere if it is not."""
    rng = streams("orders")
    shown_at = at["availability_shown"]
    count = len(shown_at)
    quoted = bernoulli(rng, np.where(out_of_stock, 0.55, 0.38), count)
    at["quote_sent"] = where_happened(quoted, uniform_delay(rng, shown_at, 5 * MINUTE, 70 * MINUTE))
    alternative = bernoulli(rng, np.where(out_of_stock, 0.35, 0.01), count)
    at["alternative_offered"] = where_happened(alternative, uniform_delay(rng, shown_at, 8 * MINUTE, 80 * MINUTE))
    weekend = (0.0, 0.0, 0.0, 0.0, 0.04, 0.12, 0.16)
    leave = np.zeros(count)
    for state, base in BUYS_ELSEWHERE_RATE.items():
        daily = daily_rates(rng, clock, base, weekend, 0.08)
        leave = np.where(out_of_stock == (state == "out_of_stock"), daily_value_at(clock, daily, shown_at), leave)
    stays = ~bernoulli(rng, leave, count)
    fast_order_at = lognormal_delay(rng, shown_at, 5 * HOUR, 1.1, 82 * MINUTE, WINDOW - 7 * HOUR)
    slow_order_at = uniform_delay(rng, shown_at, WINDOW + 2 * HOUR, 5 * DAY)
    ordered_at = where_happened(stays | bernoulli(rng, 0.01, count), np.where(stays, fast_order_at, slow_order_at))
    at["order_placed"] = _in_waking_hours(clock, ordered_at)
    at["order_confirmed"] = where_happened(
        bernoulli(rng, 0.985, count), uniform_delay(rng, at["order_placed"], 12 * MINUTE, 5 * HOUR)
    )


def _simulate_delivery(
    streams: RandomStreams, clock: ZoneClock, at: dict[str, TimeArray], out_of_stock: BoolArray
) -> TimeArray:
    """Shipped, delivered on the promised day or not, confirmed. Returns what was promised."""
    rng = streams("delivery")
    confirmed = at["order_confirmed"]
    count = len(confirmed)
    days = np.where(out_of_stock, rng.integers(5, 9, count), rng.integers(4, 7, count))
    promised = np.where(
        at["order_placed"] < NEVER,
        clock.to_utc(clock.day(at["order_placed"]) + days, np.full(count, 18 * HOUR)),
        NEVER,
    )
    rate = daily_rates(rng, clock, PROMISE_KEPT_RATE, (0, 0, 0, 0.05, -0.05, -0.1, -0.1), 0.10)
    promise_kept = bernoulli(rng, daily_value_at(clock, rate, at["order_placed"]), count)
    early = promised - rng.integers(2 * HOUR, 26 * HOUR, count)
    late = promised + rng.integers(8 * HOUR, 70 * HOUR, count)
    delivered = _in_delivery_hours(clock, rng, np.where(promise_kept, early, late), promise_kept)
    cancelled = bernoulli(rng, np.where(out_of_stock, 0.05, 0.015), count)
    at["order_cancelled"] = where_happened(cancelled, uniform_delay(rng, confirmed, HOUR, 30 * HOUR))
    delivered = where_happened(~cancelled & (confirmed < NEVER), delivered)
    at["part_shipped"] = where_happened(
        delivered < NEVER, np.maximum(delivered - rng.integers(16 * HOUR, 40 * HOUR, count), confirmed + HOUR)
    )
    at["part_delivered"] = delivered
    at["delivery_confirmed"] = where_happened(
        bernoulli(rng, 0.62, count), lognormal_delay(rng, delivered, 5 * HOUR, 1.0, 10 * MINUTE, 3 * DAY)
    )
    return promised


def _in_delivery_hours(
    clock: ZoneClock, rng: np.random.Generator, instants: TimeArray, promise_kept: BoolArray
) -> TimeArray:
    """Move deliveries to between 7:00 and 18:00, and from Sunday to the day before, or to the day after if late."""
    day = clock.day(instants)
    sunday = clock.weekday(day) == 6
    day = day + np.where(sunday, np.where(promise_kept, -1, 1), 0)
    return np.where(instants < NEVER, clock.to_utc(day, rng.integers(7 * HOUR, 18 * HOUR, len(instants))), NEVER)


def _in_waking_hours(clock: ZoneClock, instants: TimeArray) -> TimeArray:
    """Nobody orders at night: an action before six is moved by some hours."""
    return np.where((instants < NEVER) & (clock.hour(instants) < 6), instants + 6 * HOUR, instants)
