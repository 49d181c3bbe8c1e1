"""Customers who walk through the three journeys, in chunks of passages: loops, steps back, drop-outs, silences.

The same seed and size give the same rows. A chunk is a few tens of megabytes, whatever the size of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.measure.maps import AS_OF, DAYS, SIZES, WALKS

Ints = npt.NDArray[np.int64]

CHUNK = 60_000
MEAN_EVENTS = 6.82
"""Events of one passage, on average over many: how many passages are needed for a number of events."""
EVENTS_OF_A_CUSTOMER = 10
ANSWERS_OF_EVENTS = 0.1
SLOTS = sum(SIZES)
_FIRSTS = np.cumsum((0, *SIZES[:-1]))
_STAGE = np.repeat(np.arange(len(SIZES)), SIZES)
_DAY = 86_400
_END = int(np.datetime64(AS_OF, "s").astype(np.int64))
BEGIN = _END - DAYS * _DAY
"""Seconds since 1970, UTC."""

# How often each touchpoint of a stage is met by those who reach the stage.
_MET = np.array([1, 0.12, 0.2, 0.95, 0.6, 0.97, 0.6, 0.2, 0.95, 0.6, 0.93, 0.35])
_AGAIN, _BACK, _NOWHERE_ELSE, _AT_ONCE, _RETURNS, _UNKNOWN = 0.06, 0.05, 0.09, 0.04, 0.05, 0.02


@dataclass(frozen=True)
class Chunk:
    """Events and answers of one chunk of passages, in order of time. Seconds since 1970, UTC.

    customer: a customer's number for each passage; the other arrays are one entry an event or an answer and name the
    passage by its place. touchpoint: 0 to 35, journey by journey. tier and region of an event: -1 where not known.
    question: 0 effort, 1 satisfaction, 2 recommend.
    """

    customer: Ints
    journey: Ints
    event_passage: Ints
    touchpoint: Ints
    occurred: Ints
    tier: Ints
    answer_passage: Ints
    question: Ints
    score: Ints
    answered: Ints


def chunks(events: int, seed: int = 7) -> Iterator[Chunk]:
    """About so many events in all, a tenth as many answers. Passages come in order of their beginning."""
    passages = max(round(events / MEAN_EVENTS), 1)
    customers = max(events // EVENTS_OF_A_CUSTOMER, 1)
    begins = _calendar(passages)
    for number, low in enumerate(range(0, passages, CHUNK)):
        random = np.random.default_rng([seed, number])
        yield _chunk(random, begins(low, min(low + CHUNK, passages)), customers)


def _calendar(passages: int) -> Callable[[int, int], Ints]:
    """Which day each passage begins: a weekend's day has half of a working day's."""
    days = np.arange(DAYS)
    weekday = (days + BEGIN // _DAY + 3) % 7
    share = np.cumsum(np.where(weekday >= 5, 0.5, 1.0))
    return lambda low, high: np.searchsorted(share, (np.arange(low, high) + 0.5) / passages * share[-1])


def _chunk(random: np.random.Generator, day: Ints, customers: int) -> Chunk:
    n = len(day)
    start = BEGIN + day * _DAY + (5 * 3600 + random.beta(2, 3, n) * 16 * 3600).astype(np.int64)
    journey = random.integers(0, len(WALKS), n)
    customer = random.integers(0, customers, n)
    # Some come back some days after their passage began, be it over or not.
    back = np.flatnonzero(random.random(n) < _RETURNS)[1:]
    customer[back], journey[back] = customer[back - 1], journey[back - 1]
    start[back] = start[back - 1] + random.integers(_DAY // 4, 12 * _DAY, len(back))

    happens, touchpoint = _steps(random, n)
    gaps = np.exp(random.normal(np.log(2.2 * 3600), 1.35, happens.shape))
    gaps[random.random(happens.shape) < _AT_ONCE] = 0
    gaps[:, 0] = 0
    times = start[:, None] + np.cumsum(np.where(happens, gaps, 0), axis=1).astype(np.int64)
    times = np.where((journey == 2)[:, None], times - times % 60, times)  # this one keeps minutes only
    happens &= times < _END

    passage, step = np.nonzero(happens)
    occurred = times[passage, step]
    order = np.argsort(occurred, kind="stable")
    passage, step, occurred = passage[order], step[order], occurred[order]
    known = random.random(len(passage)) >= _UNKNOWN
    tier = np.where(known, tier_of(customer[passage]), -1)
    answers = _answers(random, customer, journey, happens, times)
    return Chunk(customer, journey, passage, journey[passage] * SLOTS + touchpoint[step], occurred, tier, *answers)


def _steps(random: np.random.Generator, n: int) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Which of the possible steps each passage takes: per touchpoint it, it again, and after a stage a step back."""
    touchpoint: list[int] = []
    happens = []
    reached = np.ones(n, dtype=bool)
    for slot in range(SLOTS):
        stage = _STAGE[slot]
        if slot == _FIRSTS[stage] and stage > 0:
            reached = reached & (random.random(n) >= _NOWHERE_ELSE)
        met = reached & (random.random(n) < _MET[slot])
        touchpoint += [slot, slot]
        happens += [met, met & (random.random(n) < _AGAIN)]
        if stage > 0 and (slot + 1 == SLOTS or _STAGE[slot + 1] != stage):
            # A step back to the stage before, and then this one once more.
            back = reached & (random.random(n) < _BACK)
            touchpoint += [int(_FIRSTS[stage - 1]) + 1, int(_FIRSTS[stage])]
            happens += [back, back & (random.random(n) < 0.7) & bool(stage < len(SIZES) - 1)]
    return np.column_stack(happens), np.array(touchpoint)


def _answers(
    random: np.random.Generator, customer: Ints, journey: Ints, happens: npt.NDArray[np.bool_], times: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Answers to the effort survey, soon after the beginning; and both questions of the other one, after the last step.

    Each third of the answers is to one question.
    """
    n = len(customer)
    share = ANSWERS_OF_EVENTS * happens.sum() / n / 3
    last = np.where(happens, times, 0).max(axis=1)
    went = happens.sum(axis=1)
    found = []
    for questions, at, spread in (((0,), times[:, 0], 2 * _DAY), ((1, 2), last, 4 * _DAY)):
        who = np.flatnonzero((random.random(n) < share) & (last > 0))
        when = at[who] + random.integers(600, spread, len(who))
        mood = random.normal(0.15, 1.0, len(who)) + 0.12 * (went[who] - MEAN_EVENTS) / 2 - 0.1 * journey[who]
        for question in questions:
            low, high = ((1, 7), (1, 5), (0, 10))[question]
            score = np.clip(np.round((low + high) / 2 + (mood + 0.6) * (high - low) / 4), low, high)
            keep = when < _END
            found.append((who[keep], np.full(keep.sum(), question), score[keep].astype(np.int64), when[keep]))
    passages, asked, scores, answered = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return passages, asked, scores, answered


def tier_of(customer: Ints) -> Ints:
    """0 gold to 2 bronze: a sixth, a third, a half."""
    found: Ints = np.digitize((customer * 2654435761 >> 8) % 6, (1, 3))
    return found


def region_of(customer: Ints) -> Ints:
    """Of four, of unequal size."""
    found: Ints = np.digitize((customer * 40503 >> 4) % 10, (4, 7, 9))
    return found
