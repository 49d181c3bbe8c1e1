"""The story of the equipment example: a machine breaks, customers search and call, a technician comes and repairs it.

From a fixed day on fewer technicians are on site within half a day, most of all in the south. Times are UTC seconds.
`equipment_files` writes these events to files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jkpi.synthetic.clock import DAY, HOUR, MINUTE, NEVER, BoolArray, TextArray, TimeArray, ZoneClock, floor_to_minute
from jkpi.synthetic.ground_truth import EXAMPLE_DROPS
from jkpi.synthetic.random_streams import (
    FloatArray,
    RandomStreams,
    arrivals,
    bernoulli,
    choose_by_hour,
    daily_rates,
    daily_value_at,
    lognormal_delay,
    uniform_delay,
    weighted_choice,
)
from jkpi.synthetic.scenario import EventLog, where_happened

DROP = EXAMPLE_DROPS["equipment_repair"]
TOLERANCE = 12 * HOUR

CUSTOMERS = 5200
# Chance makes three low days in a row now and then, in a series of nine months about one time in ten. The volumes
# were chosen such that with the default seed no watched series has them by chance: only the injected drop alerts.
CALLS_PER_DAY = 76.35
REGIONS = {"north": 0.215, "south": 0.33, "east": 0.165, "west": 0.205, "islands": 0.085}
TIERS = {"gold": 0.15, "silver": 0.35, "bronze": 0.50}
MACHINES = {"press": 0.3, "lathe": 0.25, "conveyor": 0.3, "pump": 0.15}
WEEK = (1.18, 1.12, 1.08, 1.08, 1.12, 0.84, 0.58)
HOURS = (1, 1, 1, 1, 1, 2, 5, 12, 20, 22, 20, 16, 13, 17, 18, 16, 13, 9, 6, 4, 3, 2, 2, 1)
TECHNICIANS = (7, 6, 5, 5, 6, 7, 9, 12, 13, 13, 13, 12, 11, 12, 13, 13, 13, 12, 12, 11, 11, 10, 9, 8)

ON_SITE_WITHIN_TOLERANCE = 0.905
DROP_IN_SOUTH, DROP_ELSEWHERE = 0.345, 0.025
SATISFIED_RATE, SATISFIED_LOSS_IF_LATE, SATISFIED_LOSS_IF_REPORTED_AGAIN = 0.845, 0.14, 0.05


@dataclass(frozen=True)
class RepairCases:
    """Cases by index. `count_calls`: how many of them involve a call; these come first."""

    customer: TimeArray
    tier: TextArray
    region: TextArray
    machine: TextArray
    count_calls: int


@dataclass(frozen=True)
class SimulatedRepairs:
    """What happened to each call. `at`: times by touchpoint, NEVER if it did not happen; `log`: all events.

    `solved_by_search`: times of the searches that made a call unnecessary.
    """

    cases: RepairCases
    at: Mapping[str, TimeArray]
    log: EventLog
    reported_again: BoolArray
    on_time: BoolArray
    solved_by_search: TimeArray


def simulate_repairs(streams: RandomStreams, clock: ZoneClock) -> SimulatedRepairs:
    """All journey instances of the example, simulated beyond `as_of`."""
    at: dict[str, TimeArray] = {}
    rng = streams("calls")
    called = floor_to_minute(arrivals(rng, clock, CALLS_PER_DAY, WEEK, HOURS, growth=0.06))
    rng = streams("searches that found it")
    solved_by_search = arrivals(rng, clock, 6.0, WEEK, HOURS, growth=0.10)
    cases = _cases(streams("customers"), len(called), len(solved_by_search))
    at["fault_reported"] = called

    log = _simulate_searches(streams("web"), at, solved_by_search)
    reported_again, hung_up = _simulate_call(streams("phone"), clock, at, log)
    _simulate_triage(streams("triage"), at, hung_up)
    on_time = _simulate_visit(streams, clock, cases, at)
    _simulate_closing(streams("confirm"), at)
    all_calls = np.arange(len(called))
    log += [(touchpoint, all_calls, instants) for touchpoint, instants in at.items()]
    return SimulatedRepairs(cases, at, log, reported_again, on_time, solved_by_search)


def _cases(rng: np.random.Generator, calls: int, solved_by_search: int) -> RepairCases:
    weight = rng.gamma(2.0, 1.0, CUSTOMERS)
    region, tier = weighted_choice(rng, REGIONS, CUSTOMERS), weighted_choice(rng, TIERS, CUSTOMERS)
    customer = rng.choice(CUSTOMERS, calls + solved_by_search, p=weight / weight.sum())
    return RepairCases(
        customer, tier[customer], region[customer], weighted_choice(rng, MACHINES, calls + solved_by_search), calls
    )


def _simulate_searches(rng: np.random.Generator, at: dict[str, TimeArray], solved_by_search: TimeArray) -> EventLog:
    """Searches before the call, most of them in vain; and the few that made a call unnecessary."""
    called = at["fault_reported"]
    search_time = called - rng.integers(12 * MINUTE, 70 * MINUTE, len(called))
    searched = where_happened(bernoulli(rng, 0.38, len(called)) & (search_time >= called[0]), search_time)
    at["self_service_search"] = searched
    in_vain = bernoulli(rng, 0.80, len(called)) & (searched < NEVER)
    at["self_service_not_found"] = where_happened(in_vain, uniform_delay(rng, searched, 40, 9 * MINUTE))
    return [("self_service_search", len(called) + np.arange(len(solved_by_search)), solved_by_search)]


def _simulate_call(
    rng: np.random.Generator, clock: ZoneClock, at: dict[str, TimeArray], log: EventLog
) -> tuple[BoolArray, BoolArray]:
    """Transferred calls: who reported the fault again, and who gave up."""
    called = at["fault_reported"]
    count = len(called)
    rate = daily_rates(rng, clock, 0.41, (0.08, 0, 0, 0, 0.05, -0.1, -0.15), 0.10)
    was_transferred = bernoulli(rng, daily_value_at(clock, rate, called), count)
    transferred = where_happened(was_transferred, called + rng.integers(2, 9, count) * MINUTE)
    reported_again = was_transferred & bernoulli(rng, 0.55, count)
    reported_again_at = where_happened(reported_again, transferred + rng.integers(1, 6, count) * MINUTE)
    transferred_twice = reported_again & bernoulli(rng, 0.16, count)
    second_transfer_at = where_happened(transferred_twice, reported_again_at + rng.integers(2, 8, count) * MINUTE)
    third_report_at = where_happened(
        transferred_twice & bernoulli(rng, 0.7, count), second_transfer_at + rng.integers(1, 5, count) * MINUTE
    )
    at["call_transferred"], at["fault_reported_again"] = transferred, reported_again_at
    all_calls = np.arange(count)
    log += [("call_transferred", all_calls, second_transfer_at), ("fault_reported_again", all_calls, third_report_at)]

    instants = np.stack([called, transferred, reported_again_at, second_transfer_at, third_report_at])
    at["call_ended"] = np.where(instants < NEVER, instants, 0).max(axis=0) + 2 * MINUTE
    hung_up = bernoulli(rng, np.where(was_transferred, 0.075, 0.015), count)
    return reported_again, hung_up


def _simulate_triage(rng: np.random.Generator, at: dict[str, TimeArray], hung_up: BoolArray) -> None:
    count = len(hung_up)
    opened = where_happened(~hung_up, uniform_delay(rng, at.pop("call_ended"), MINUTE, 12 * MINUTE))
    diagnosed = where_happened(
        bernoulli(rng, 0.985, count), lognormal_delay(rng, opened, 70 * MINUTE, 0.9, 6 * MINUTE, 2 * DAY)
    )
    on_site = bernoulli(rng, 0.84, count)
    at["case_opened"], at["fault_diagnosed"] = opened, diagnosed
    at["visit_scheduled"] = where_happened(on_site, uniform_delay(rng, diagnosed, 3 * MINUTE, 30 * MINUTE))


def _simulate_visit(
    streams: RandomStreams, clock: ZoneClock, cases: RepairCases, at: dict[str, TimeArray]
) -> BoolArray:
    """The moment of truth: the technician is on site within half a day, or not. Returns which cases were on time."""
    rng = streams("visits")
    count = cases.count_calls
    requested = where_happened(
        at["visit_scheduled"] < NEVER,
        floor_to_minute(uniform_delay(rng, at["visit_scheduled"], 3 * MINUTE, 12 * MINUTE)),
    )
    on_time = bernoulli(rng, _on_site_rate(streams("on site"), clock, cases, requested), count)
    delays = np.where(
        on_time[:, None],
        rng.integers(50 * MINUTE, TOLERANCE - 10 * MINUTE, (count, 3)),
        TOLERANCE + np.clip(9 * HOUR * np.exp(rng.normal(0, 0.8, (count, 3))), 15 * MINUTE, 3 * DAY).astype(np.int64),
    )
    arrived = floor_to_minute(choose_by_hour(rng, clock, requested[:, None] + delays, TECHNICIANS))
    called_off = ~on_time & bernoulli(rng, 0.06, count)
    at["visit_requested"] = requested
    at["technician_arrived"] = where_happened(~called_off, arrived)
    waited = np.where(requested < NEVER, arrived - requested, 0)
    picked = floor_to_minute(requested + (waited * rng.uniform(0.15, 0.7, count)).astype(np.int64))
    at["part_picked"] = where_happened(bernoulli(rng, 0.34, count) & ~called_off, picked)
    running = floor_to_minute(lognormal_delay(rng, at["technician_arrived"], 130 * MINUTE, 0.6, 20 * MINUTE, 14 * HOUR))
    at["machine_running"] = where_happened(bernoulli(rng, 0.975, count), running)
    return on_time


def _on_site_rate(rng: np.random.Generator, clock: ZoneClock, cases: RepairCases, requested: TimeArray) -> FloatArray:
    region, tier = cases.region[: cases.count_calls], cases.tier[: cases.count_calls]
    base_rate = daily_value_at(
        clock, daily_rates(rng, clock, ON_SITE_WITHIN_TOLERANCE, (-0.06, 0, 0, 0, 0, -0.12, -0.25), 0.08), requested
    )
    # A few visits a day, which depend on a ferry: large random variation.
    islands_rate = daily_value_at(clock, daily_rates(rng, clock, 0.89, (0.0,) * 7, 1.0), requested)
    rate = base_rate + np.where(tier == "gold", 0.02, np.where(tier == "bronze", -0.006, 0.0))
    is_after_drop = (clock.day(requested) >= clock.day_number(DROP.starts_on)) & (requested < NEVER)
    rate = rate - is_after_drop * np.where(region == DROP.driven_by, DROP_IN_SOUTH, DROP_ELSEWHERE)
    return np.where(region == "islands", islands_rate, np.clip(rate, 0.02, 0.99))


def _simulate_closing(rng: np.random.Generator, at: dict[str, TimeArray]) -> None:
    """The customer confirms the repair; a survey is sent; the case is closed."""
    count = len(at["case_opened"])
    is_remote = (at["visit_scheduled"] >= NEVER) & (at["fault_diagnosed"] < NEVER)
    runs = np.where(
        is_remote,
        lognormal_delay(rng, at["fault_diagnosed"], 90 * MINUTE, 0.7, 15 * MINUTE, DAY),
        at["machine_running"],
    )
    confirmed = where_happened(
        bernoulli(rng, 0.90, count), lognormal_delay(rng, runs, 5 * HOUR, 0.9, 35 * MINUTE, 3 * DAY)
    )
    at["repair_confirmed"] = confirmed
    at["survey_sent"] = where_happened(
        bernoulli(rng, 0.98, count), uniform_delay(rng, confirmed, 20 * MINUTE, 2 * HOUR)
    )
    finished = np.where(confirmed < NEVER, uniform_delay(rng, confirmed, 2 * HOUR + MINUTE, 20 * HOUR), runs + 3 * DAY)
    at["case_closed"] = where_happened(bernoulli(rng, 0.985, count), finished)
