"""Generated journey instances of three journeys, in chunks: loops, steps back, drop-offs, pauses.

The same seed and size give the same rows. A chunk takes a few tens of megabytes, at any total size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.measure.maps import AS_OF, DAYS, JOURNEYS, SIZES

Ints = npt.NDArray[np.int64]

CHUNK = 60_000
MEAN_EVENTS = 6.82
"""Mean number of events of a journey instance, used to find how many instances a number of events needs."""
EVENTS_OF_A_CUSTOMER = 10
ANSWERS_OF_EVENTS = 0.1
SLOTS = sum(SIZES)
_FIRSTS = np.cumsum((0, *SIZES[:-1]))
_STAGE = np.repeat(np.arange(len(SIZES)), SIZES)
_DAY = 86_400
_END = int(np.datetime64(AS_OF, "s").astype(np.int64))
BEGIN = _END - DAYS * _DAY
"""Seconds since 1970, UTC."""

# Probability of each touchpoint, given that its stage is reached.
_TOUCHPOINT_RATES = np.array([1, 0.12, 0.2, 0.95, 0.6, 0.97, 0.6, 0.2, 0.95, 0.6, 0.93, 0.35])
_AGAIN, _BACK, _DROP_OFF, _NO_GAP, _RETURNS, _UNKNOWN = 0.06, 0.05, 0.09, 0.04, 0.05, 0.02


@dataclass(frozen=True)
class Chunk:
    """Events and responses of one chunk of journey instances, ordered by time. Seconds since 1970, UTC.

    customer, journey: one entry a journey instance. The other arrays have one entry an event or a response, and refer
    to the instance by its position. touchpoint: 0 to 35, journey by journey. tier of an event: -1 if unknown. question:
    0 effort, 1 satisfaction, 2 recommend.
    """

    customer: Ints
    journey: Ints
    event_instance: Ints
    touchpoint: Ints
    occurred: Ints
    tier: Ints
    answer_instance: Ints
    question: Ints
    score: Ints
    answered: Ints


def chunks(events: int, seed: int = 7) -> Iterator[Chunk]:
    """About so many events in total, and a tenth as many responses. Journey instances are ordered by their start."""
    instances = max(round(events / MEAN_EVENTS), 1)
    customers = max(events // EVENTS_OF_A_CUSTOMER, 1)
    begins = _calendar(instances)
    for number, low in enumerate(range(0, instances, CHUNK)):
        random = np.random.default_rng([seed, number])
        yield _chunk(random, begins(low, min(low + CHUNK, instances)), customers)


def _calendar(instances: int) -> Callable[[int, int], Ints]:
    """Day on which each journey instance begins. A weekend day has half as many as a working day."""
    days = np.arange(DAYS)
    weekday = (days + BEGIN // _DAY + 3) % 7
    share = np.cumsum(np.where(weekday >= 5, 0.5, 1.0))
    return lambda low, high: np.searchsorted(share, (np.arange(low, high) + 0.5) / instances * share[-1])


def _chunk(random: np.random.Generator, day: Ints, customers: int) -> Chunk:
    n = len(day)
    start = BEGIN + day * _DAY + (5 * 3600 + random.beta(2, 3, n) * 16 * 3600).astype(np.int64)
    journey = random.integers(0, len(JOURNEYS), n)
    customer = random.integers(0, customers, n)
    # Some customers return days after their journey instance began, whether it has ended or not.
    back = np.flatnonzero(random.random(n) < _RETURNS)[1:]
    customer[back], journey[back] = customer[back - 1], journey[back - 1]
    start[back] = start[back - 1] + random.integers(_DAY // 4, 12 * _DAY, len(back))

    happens, touchpoint = _steps(random, n)
    gaps = np.exp(random.normal(np.log(2.2 * 3600), 1.35, happens.shape))
    gaps[random.random(happens.shape) < _NO_GAP] = 0
    gaps[:, 0] = 0
    times = start[:, None] + np.cumsum(np.where(happens, gaps, 0), axis=1).astype(np.int64)
    times = np.where((journey == 2)[:, None], times - times % 60, times)  # this journey records whole minutes
    happens &= times < _END

    instance, step = np.nonzero(happens)
    occurred = times[instance, step]
    order = np.argsort(occurred, kind="stable")
    instance, step, occurred = instance[order], step[order], occurred[order]
    known = random.random(len(instance)) >= _UNKNOWN
    tier = np.where(known, tier_of(customer[instance]), -1)
    answers = _answers(random, customer, journey, happens, times)
    return Chunk(customer, journey, instance, journey[instance] * SLOTS + touchpoint[step], occurred, tier, *answers)


def _steps(random: np.random.Generator, n: int) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Steps that each journey instance takes: per touchpoint a visit and a repetition, after a stage a step back."""
    touchpoint: list[int] = []
    happens = []
    reached = np.ones(n, dtype=bool)
    for slot in range(SLOTS):
        stage = _STAGE[slot]
        if slot == _FIRSTS[stage] and stage > 0:
            reached = reached & (random.random(n) >= _DROP_OFF)
        happened = reached & (random.random(n) < _TOUCHPOINT_RATES[slot])
        touchpoint += [slot, slot]
        happens += [happened, happened & (random.random(n) < _AGAIN)]
        if stage > 0 and (slot + 1 == SLOTS or _STAGE[slot + 1] != stage):
            # A step back to the stage before, and then this one once more.
            back = reached & (random.random(n) < _BACK)
            touchpoint += [int(_FIRSTS[stage - 1]) + 1, int(_FIRSTS[stage])]
            happens += [back, back & (random.random(n) < 0.7) & bool(stage < len(SIZES) - 1)]
    return np.column_stack(happens), np.array(touchpoint)


def _answers(
    random: np.random.Generator, customer: Ints, journey: Ints, happens: npt.NDArray[np.bool_], times: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Responses to the effort survey, soon after the start, and to both questions of the other survey, after the last
    step.

    Each question gets a third of the responses.
    """
    n = len(customer)
    share = ANSWERS_OF_EVENTS * happens.sum() / n / 3
    last = np.where(happens, times, 0).max(axis=1)
    event_count = happens.sum(axis=1)
    parts = []
    for questions, at, spread in (((0,), times[:, 0], 2 * _DAY), ((1, 2), last, 4 * _DAY)):
        who = np.flatnonzero((random.random(n) < share) & (last > 0))
        when = at[who] + random.integers(600, spread, len(who))
        satisfaction = (
            random.normal(0.15, 1.0, len(who)) + 0.12 * (event_count[who] - MEAN_EVENTS) / 2 - 0.1 * journey[who]
        )
        for question in questions:
            low, high = ((1, 7), (1, 5), (0, 10))[question]
            score = np.clip(np.round((low + high) / 2 + (satisfaction + 0.6) * (high - low) / 4), low, high)
            keep = when < _END
            parts.append((who[keep], np.full(keep.sum(), question), score[keep].astype(np.int64), when[keep]))
    instances, asked, scores, answered = (np.concatenate(parts) for parts in zip(*parts, strict=True))
    return instances, asked, scores, answered


def tier_of(customer: Ints) -> Ints:
    """0 gold to 2 bronze: a sixth, a third, a half of the customers."""
    parts: Ints = np.digitize((customer * 2654435761 >> 8) % 6, (1, 3))
    return parts


def region_of(customer: Ints) -> Ints:
    """One of four regions of unequal size."""
    parts: Ints = np.digitize((customer * 40503 >> 4) % 10, (4, 7, 9))
    return parts
