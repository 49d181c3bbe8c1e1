"""A machine stands still: the search finds nothing, the caller is passed on and tells it again, the technician comes.

From a fixed day on fewer technicians are on site within half a day, most of all in the south. What happens is decided
here, in UTC seconds; how it gets into files is in `equipment_files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jkpi.synthetic.clock import DAY, HOUR, MINUTE, NEVER, Clock, Mask, Texts, Times, whole_minutes
from jkpi.synthetic.ground_truth import PLANTED
from jkpi.synthetic.random_streams import (
    Chance,
    Floats,
    arrivals,
    at_a_likely_hour,
    between,
    daily_rates,
    happens,
    later,
    on_day,
    pick,
)
from jkpi.synthetic.scenario import Log, where

FALL = PLANTED["equipment_repair"]
WITHIN = 12 * HOUR

CUSTOMERS = 5200
# Chance makes three low days in a row now and then, in a series of nine months about one time in ten. The volumes
# were chosen such that with the default seed no watched series has them by chance: what alerts is what was planted.
CALLS_PER_DAY = 76.35
REGIONS = {"north": 0.215, "south": 0.33, "east": 0.165, "west": 0.205, "islands": 0.085}
TIERS = {"gold": 0.15, "silver": 0.35, "bronze": 0.50}
MACHINES = {"press": 0.3, "lathe": 0.25, "conveyor": 0.3, "pump": 0.15}
WEEK = (1.18, 1.12, 1.08, 1.08, 1.12, 0.84, 0.58)
HOURS = (1, 1, 1, 1, 1, 2, 5, 12, 20, 22, 20, 16, 13, 17, 18, 16, 13, 9, 6, 4, 3, 2, 2, 1)
TECHNICIANS = (7, 6, 5, 5, 6, 7, 9, 12, 13, 13, 13, 12, 11, 12, 13, 13, 13, 12, 12, 11, 11, 10, 9, 8)

ON_SITE_WITHIN = 0.905
FALL_IN_SOUTH, FALL_ELSEWHERE = 0.345, 0.025
SATISFIED, SATISFIED_LESS_IF_LATE, SATISFIED_LESS_IF_TOLD_AGAIN = 0.845, 0.14, 0.05


@dataclass(frozen=True)
class Cases:
    """Cases by index; `calls` is the number of those that began or went on by phone, the first ones."""

    customer: Times
    tier: Texts
    region: Texts
    machine: Texts
    calls: int


@dataclass(frozen=True)
class Passages:
    """What happened to each call: `at` by touchpoint, NEVER where it did not; `log` has everything, repeats too.

    `found` are the searches that made a call needless.
    """

    cases: Cases
    at: Mapping[str, Times]
    log: Log
    told_again: Mask
    on_time: Mask
    found: Times


def passages(chance: Chance, clock: Clock) -> Passages:
    """All passages of the example, simulated beyond `as_of`."""
    at: dict[str, Times] = {}
    rng = chance("calls")
    called = whole_minutes(arrivals(rng, clock, CALLS_PER_DAY, WEEK, HOURS, growth=0.06))
    rng = chance("searches that found it")
    found = arrivals(rng, clock, 6.0, WEEK, HOURS, growth=0.10)
    cases = _cases(chance("customers"), len(called), len(found))
    at["fault_reported"] = called

    log = _web(chance("web"), at, found)
    told_again, hung_up = _on_the_phone(chance("phone"), clock, at, log)
    _triage(chance("triage"), at, hung_up)
    on_time = _visit(chance, clock, cases, at)
    _confirm(chance("confirm"), at)
    every = np.arange(len(called))
    log += [(touchpoint, every, instants) for touchpoint, instants in at.items()]
    return Passages(cases, at, log, told_again, on_time, found)


def _cases(rng: np.random.Generator, calls: int, found: int) -> Cases:
    weight = rng.gamma(2.0, 1.0, CUSTOMERS)
    region, tier = pick(rng, REGIONS, CUSTOMERS), pick(rng, TIERS, CUSTOMERS)
    customer = rng.choice(CUSTOMERS, calls + found, p=weight / weight.sum())
    return Cases(customer, tier[customer], region[customer], pick(rng, MACHINES, calls + found), calls)


def _web(rng: np.random.Generator, at: dict[str, Times], found: Times) -> Log:
    """Searches before the call, most of them in vain; and the few that made a call needless."""
    called = at["fault_reported"]
    before = called - rng.integers(12 * MINUTE, 70 * MINUTE, len(called))
    searched = where(happens(rng, 0.38, len(called)) & (before >= called[0]), before)
    at["self_service_search"] = searched
    in_vain = happens(rng, 0.80, len(called)) & (searched < NEVER)
    at["self_service_not_found"] = where(in_vain, between(rng, searched, 40, 9 * MINUTE))
    return [("self_service_search", len(called) + np.arange(len(found)), found)]


def _on_the_phone(rng: np.random.Generator, clock: Clock, at: dict[str, Times], log: Log) -> tuple[Mask, Mask]:
    """Passed on and told again: who told it again, and who hung up for good."""
    called = at["fault_reported"]
    count = len(called)
    rate = daily_rates(rng, clock, 0.41, (0.08, 0, 0, 0, 0.05, -0.1, -0.15), 0.10)
    passed_on = happens(rng, on_day(clock, rate, called), count)
    transferred = where(passed_on, called + rng.integers(2, 9, count) * MINUTE)
    told = passed_on & happens(rng, 0.55, count)
    told_at = where(told, transferred + rng.integers(1, 6, count) * MINUTE)
    twice = told & happens(rng, 0.16, count)
    second = where(twice, told_at + rng.integers(2, 8, count) * MINUTE)
    third_time = where(twice & happens(rng, 0.7, count), second + rng.integers(1, 5, count) * MINUTE)
    at["call_transferred"], at["fault_reported_again"] = transferred, told_at
    every = np.arange(count)
    log += [("call_transferred", every, second), ("fault_reported_again", every, third_time)]

    moments = np.stack([called, transferred, told_at, second, third_time])
    at["call_ended"] = np.where(moments < NEVER, moments, 0).max(axis=0) + 2 * MINUTE
    hung_up = happens(rng, np.where(passed_on, 0.075, 0.015), count)
    return told, hung_up


def _triage(rng: np.random.Generator, at: dict[str, Times], hung_up: Mask) -> None:
    count = len(hung_up)
    opened = where(~hung_up, between(rng, at.pop("call_ended"), MINUTE, 12 * MINUTE))
    diagnosed = where(happens(rng, 0.985, count), later(rng, opened, 70 * MINUTE, 0.9, 6 * MINUTE, 2 * DAY))
    on_site = happens(rng, 0.84, count)
    at["case_opened"], at["fault_diagnosed"] = opened, diagnosed
    at["visit_scheduled"] = where(on_site, between(rng, diagnosed, 3 * MINUTE, 30 * MINUTE))


def _visit(chance: Chance, clock: Clock, cases: Cases, at: dict[str, Times]) -> Mask:
    """The moment of truth: the technician is on site within half a day, or not. Returns who was served on time."""
    rng = chance("visits")
    count = cases.calls
    requested = where(
        at["visit_scheduled"] < NEVER, whole_minutes(between(rng, at["visit_scheduled"], 3 * MINUTE, 12 * MINUTE))
    )
    on_time = happens(rng, _on_site_rate(chance("on site"), clock, cases, requested), count)
    delays = np.where(
        on_time[:, None],
        rng.integers(50 * MINUTE, WITHIN - 10 * MINUTE, (count, 3)),
        WITHIN + np.clip(9 * HOUR * np.exp(rng.normal(0, 0.8, (count, 3))), 15 * MINUTE, 3 * DAY).astype(np.int64),
    )
    arrived = whole_minutes(at_a_likely_hour(rng, clock, requested[:, None] + delays, TECHNICIANS))
    called_off = ~on_time & happens(rng, 0.06, count)
    at["visit_requested"] = requested
    at["technician_arrived"] = where(~called_off, arrived)
    waited = np.where(requested < NEVER, arrived - requested, 0)
    picked = whole_minutes(requested + (waited * rng.uniform(0.15, 0.7, count)).astype(np.int64))
    at["part_picked"] = where(happens(rng, 0.34, count) & ~called_off, picked)
    running = whole_minutes(later(rng, at["technician_arrived"], 130 * MINUTE, 0.6, 20 * MINUTE, 14 * HOUR))
    at["machine_running"] = where(happens(rng, 0.975, count), running)
    return on_time


def _on_site_rate(rng: np.random.Generator, clock: Clock, cases: Cases, requested: Times) -> Floats:
    region, tier = cases.region[: cases.calls], cases.tier[: cases.calls]
    usual = on_day(clock, daily_rates(rng, clock, ON_SITE_WITHIN, (-0.06, 0, 0, 0, 0, -0.12, -0.25), 0.08), requested)
    # A handful of visits a day, a ferry that runs or does not: large swings that mean nothing.
    islands = on_day(clock, daily_rates(rng, clock, 0.89, (0.0,) * 7, 1.0), requested)
    rate = usual + np.where(tier == "gold", 0.02, np.where(tier == "bronze", -0.006, 0.0))
    fallen = (clock.day(requested) >= clock.number(FALL.starts_on)) & (requested < NEVER)
    rate = rate - fallen * np.where(region == FALL.carried_by, FALL_IN_SOUTH, FALL_ELSEWHERE)
    return np.where(region == "islands", islands, np.clip(rate, 0.02, 0.99))


def _confirm(rng: np.random.Generator, at: dict[str, Times]) -> None:
    """The customer says that it runs; a survey goes out; the case is closed."""
    count = len(at["case_opened"])
    from_afar = (at["visit_scheduled"] >= NEVER) & (at["fault_diagnosed"] < NEVER)
    runs = np.where(
        from_afar, later(rng, at["fault_diagnosed"], 90 * MINUTE, 0.7, 15 * MINUTE, DAY), at["machine_running"]
    )
    confirmed = where(happens(rng, 0.90, count), later(rng, runs, 5 * HOUR, 0.9, 35 * MINUTE, 3 * DAY))
    at["repair_confirmed"] = confirmed
    at["survey_sent"] = where(happens(rng, 0.98, count), between(rng, confirmed, 20 * MINUTE, 2 * HOUR))
    finished = np.where(confirmed < NEVER, between(rng, confirmed, 2 * HOUR + MINUTE, 20 * HOUR), runs + 3 * DAY)
    at["case_closed"] = where(happens(rng, 0.985, count), finished)
