"""The files of the equipment example: four systems and two surveys, each with habits of its own."""

from __future__ import annotations

from datetime import date

import numpy as np

from jkpi.synthetic.clock import DAY, MINUTE, NEVER, Clock, Texts, Times, stamps, utc_text
from jkpi.synthetic.deliveries import BrokenOff, Damage, Delivery, arrival, other_id
from jkpi.synthetic.equipment_repair import (
    FALL,
    SATISFIED,
    SATISFIED_LESS_IF_LATE,
    SATISFIED_LESS_IF_TOLD_AGAIN,
    WITHIN,
    Cases,
    Passages,
    passages,
)
from jkpi.synthetic.formats import BROKEN_JSON, RAGGED, Format
from jkpi.synthetic.random_streams import Chance, answer_times, daily_rates, happens, on_day
from jkpi.synthetic.rows import SOUND, UNWANTED, Rows, long_rows, snapshots, stacked
from jkpi.synthetic.scenario import Cohorts, Story, flat, is_lost, numbered, where, words
from jkpi.synthetic.surveys import five_points, seven_points, ten_points

WEB = {"self_service_search": "search", "self_service_not_found": "no_result"}
CALLS = {"fault_reported": "NEW", "call_transferred": "XFER", "fault_reported_again": "TOLD AGAIN"}
TICKETS = {
    "case_opened": "Open",
    "fault_diagnosed": "Diagnosed",
    "visit_scheduled": "Visit agreed",
    "repair_confirmed": "Confirmed by customer",
    "survey_sent": "Survey sent",
    "case_closed": "Closed",
}
VIA = {
    "case_opened": "back_office",
    "fault_diagnosed": "phone",
    "visit_scheduled": "phone",
    "repair_confirmed": "phone",
    "survey_sent": "email",
    "case_closed": "back_office",
}
VISITS = ("visit_requested", "part_picked", "technician_arrived", "machine_running")
LOCAL = "%d/%m/%Y %H:%M"


def story(chance: Chance, clock: Clock) -> Story:
    """The whole example."""
    told = passages(chance, clock)
    after_repair, ends_well = _answers_repair(chance("satisfaction"), clock, told)
    deliveries = [
        _web(chance("web files"), told),
        _calls(chance("calls files"), clock, told),
        _tickets(chance("tickets files"), told),
        _visits(chance("visits files"), clock, told),
        _answers_call(chance("effort"), clock, told),
        after_repair,
    ]
    moments = {
        "technician_on_site": _on_site(clock, told),
        "told_once": _told_once(clock, told),
        "ends_well": ends_well,
    }
    return Story(
        FALL,
        deliveries,
        moments=moments,
        lost=sum(int(is_lost(clock, FALL, told.at[name]).sum()) for name in VISITS),
    )


def _case(case: Times) -> Texts:
    return numbered("SR-", case + 100_000)


def _customer(cases: Cases, case: Times) -> Texts:
    return numbered("C", cases.customer[case], 5)


def _web(rng: np.random.Generator, told: Passages) -> tuple[Rows, Delivery]:
    names, case, at = flat([entry for entry in told.log if entry[0] in WEB])
    columns = {
        "id": numbered("w", np.arange(len(at)), 7),
        "request": _case(case),
        "customer": _customer(told.cases, case),
        "action": words(names, WEB),
        "ts": utc_text(at),
    }
    damages = (
        Damage("unknown touchpoint", 5, {"action": "scroll_depth", "id": other_id}),
        Damage("no customer and no case", 4, {"request": "", "customer": "", "id": other_id}),
        Damage("impossible date", 3, {"ts": "2026-02-30T10:15:00Z", "id": other_id}),
        Damage(BROKEN_JSON, 4, {"id": other_id}),
    )
    return long_rows(columns, *arrival(rng, at)), Delivery(
        "web", Format("jsonl", compression="gzip"), "2026-01", damages=damages
    )


def _calls(rng: np.random.Generator, clock: Clock, told: Passages) -> tuple[Rows, Delivery]:
    names, case, at = flat([entry for entry in told.log if entry[0] in CALLS])
    columns = {
        "case_no": _case(case),
        "account": _customer(told.cases, case),
        "disposition": words(names, CALLS),
        "call_time": clock.text(at, LOCAL),
        "tier": told.cases.tier[case],
        "region": told.cases.region[case],
        "machine": told.cases.machine[case],
    }
    rows = long_rows(columns, *arrival(rng, at))
    voicemail = rows.take(np.sort(rng.choice(len(rows), 300, replace=False))).with_columns({"disposition": "VOICEMAIL"})
    voicemail = voicemail.spoiled(UNWANTED)
    damages = (
        Damage("impossible date", 6, {"call_time": "31/02/2026 10:15"}),
        Damage("date in the future", 3, {"call_time": "14/05/2036 09:30"}),
        Damage("unknown touchpoint", 5, {"disposition": "T_99"}),
        Damage("no customer and no case", 5, {"case_no": "", "account": ""}),
        Damage(RAGGED, 6, {}),
    )
    broken = BrokenOff("2026-03", date(2026, 3, 27), date(2026, 3, 20))
    plan = Delivery("calls", Format("csv", delimiter=";"), "2026-02", damages=damages, broken_off=broken)
    return stacked([rows, voicemail]), plan


def _tickets(rng: np.random.Generator, told: Passages) -> tuple[Rows, Delivery]:
    names, case, at = flat([entry for entry in told.log if entry[0] in TICKETS])
    columns = {
        "history_id": numbered("H", np.arange(len(at)), 7),
        "ticket": _case(case),
        "account": _customer(told.cases, case),
        "state": words(names, TICKETS),
        "via": words(names, VIA),
        "state_since": stamps(at),
        "tier": told.cases.tier[case],
        "region": told.cases.region[case],
    }
    damages = (
        Damage("date in the future", 4, {"state_since": np.datetime64("2036-05-14T09:30"), "history_id": other_id}),
        Damage("unknown touchpoint", 6, {"state": "Migrated", "history_id": other_id}),
        Damage("no customer and no case", 4, {"ticket": "", "account": "", "history_id": other_id}),
        Damage("same id, other content", 5, {"via": "import"}),
    )
    return long_rows(columns, *arrival(rng, at)), Delivery("tickets", Format("parquet"), "2025-12", damages=damages)


def _visits(rng: np.random.Generator, clock: Clock, told: Passages) -> tuple[Rows, Delivery]:
    """One row a visit, exported at each month's end when it was touched: so a visit may come twice."""
    visited = np.flatnonzero(told.at["visit_requested"] < NEVER)
    milestones = {name: told.at[name][visited] for name in VISITS}
    # The server was down for a day, and what the technicians pressed that day never came through.
    milestones = {name: where(~is_lost(clock, FALL, at), at) for name, at in milestones.items()}
    arrives, late = arrival(rng, milestones["visit_requested"])
    delay = np.where(milestones["visit_requested"] < NEVER, arrives - milestones["visit_requested"], 15 * MINUTE)
    index, shown, arrives, speaks_of, new = snapshots(clock, milestones, delay, late)
    case = visited[index]
    columns = {
        "visit": numbered("V", case),
        "case_no": _case(case),
        "account": _customer(told.cases, case),
        "region": told.cases.region[case],
        "tier": told.cases.tier[case],
        **{
            column: clock.text(shown[name], "%Y-%m-%d %H:%M")
            for name, column in zip(VISITS, _VISIT_COLUMNS, strict=True)
        },
    }
    alone = {"part_picked": "", "on_site": "", "running": ""}
    damages = (
        Damage("impossible date", 5, {**alone, "requested": "2026-04-31 08:00"}),
        Damage("date in the future", 3, {**alone, "requested": "2036-01-09 11:20"}),
        Damage("no customer and no case", 4, {**alone, "requested": "2026-01-09 11:20", "case_no": "", "account": ""}),
        Damage(RAGGED, 4, {**alone, "requested": "2026-01-09 11:20"}),
    )
    fate = np.full(len(index), SOUND)
    return Rows(columns, arrives, late[index], speaks_of, new, fate), Delivery(
        "visits", Format("csv"), "2026-05", damages=damages
    )


_VISIT_COLUMNS = ("requested", "part_picked", "on_site", "running")


def _answers_call(rng: np.random.Generator, clock: Clock, told: Passages) -> tuple[Rows, Delivery]:
    case, asked, answered = _asked(rng, told, told.at["fault_reported"] + 30 * MINUTE)
    easy = np.where(told.told_again[case], 0.38, 0.71)
    columns = {
        "answer_no": numbered("AC", np.arange(len(case))),
        "case_no": _case(case),
        "account": _customer(told.cases, case),
        "asked": clock.text(asked, LOCAL),
        "answered": clock.text(answered, LOCAL),
        "easy": seven_points(rng, easy).astype(str),
    }
    damages = (
        Damage("score outside its scale", 6, {"easy": "9", "answer_no": other_id}),
        Damage("impossible date", 3, {"answered": "30/02/2026 18:40", "answer_no": other_id}),
        Damage(RAGGED, 3, {"answer_no": other_id}),
    )
    rows = long_rows(columns, *arrival(rng, answered, 0.02))
    plan = Delivery(
        "answers_call", Format("csv", delimiter=";"), "2026-02", views={"answers_call": ("easy",)}, damages=damages
    )
    return rows, plan


def _answers_repair(rng: np.random.Generator, clock: Clock, told: Passages) -> tuple[tuple[Rows, Delivery], Cohorts]:
    case, asked, answered = _asked(rng, told, told.at["survey_sent"])
    rate = on_day(clock, daily_rates(rng, clock, SATISFIED, (0.05, 0, 0, 0, 0.04, -0.05, -0.08), 0.08), answered)
    waited_long = (told.at["visit_requested"][case] < NEVER) & ~told.on_time[case]
    rate = rate - waited_long * SATISFIED_LESS_IF_LATE - told.told_again[case] * SATISFIED_LESS_IF_TOLD_AGAIN
    satisfied = happens(rng, rate, len(case))
    scores = five_points(rng, satisfied)
    # Not everybody answers the whole form.
    recommended = happens(rng, 0.95, len(case))
    punctual = happens(rng, 0.93, len(case)) & (told.at["visit_requested"][case] < NEVER)
    on_time_scores = five_points(rng, happens(rng, np.where(waited_long, 0.30, 0.86), len(case)))
    columns = {
        "answer_no": numbered("AR", np.arange(len(case))),
        "case_no": _case(case),
        "account": _customer(told.cases, case),
        "asked": clock.text(asked, LOCAL),
        "answered": clock.text(answered, LOCAL),
        "q1_satisfied": scores.astype(str),
        "q2_recommend": np.where(recommended, ten_points(rng, scores).astype(str), ""),
        "q3_punctual": np.where(punctual, on_time_scores.astype(str), ""),
    }
    answers = 1 + recommended.astype(np.int64) + punctual.astype(np.int64)
    rows = long_rows(columns, *arrival(rng, answered, 0.02), answers=answers)
    alone = {"q2_recommend": "", "q3_punctual": "", "answer_no": other_id}
    damages = (
        Damage("score outside its scale", 6, {**alone, "q1_satisfied": "7"}),
        Damage("date in the future", 2, {**alone, "answered": "02/07/2036 12:00"}),
        Damage("missing id", 3, {**alone, "answer_no": "", "case_no": "", "account": ""}),
    )
    views = {"answers_repair": ("q1_satisfied", "q3_punctual"), "answers_recommend": ("q2_recommend",)}
    plan = Delivery("answers_repair", Format("csv", delimiter=";"), "2026-02", views=views, damages=damages)
    final = Cohorts(clock.day(answered), satisfied, told.cases.region[case], 0)
    return (rows, plan), final


def _asked(rng: np.random.Generator, told: Passages, asked: Times) -> tuple[Times, Times, Times]:
    """Who answers, a little over a quarter: case, when asked, when answered."""
    willing = np.where(told.cases.tier[: told.cases.calls] == "gold", 0.33, 0.28)
    case = np.flatnonzero(happens(rng, willing, told.cases.calls) & (asked < NEVER))
    answered = answer_times(rng, asked[case])
    return case, asked[case], answered


def _on_site(clock: Clock, told: Passages) -> Cohorts:
    """By the day of the request, from what was delivered: what was lost stays lost."""
    requested, arrived = told.at["visit_requested"], told.at["technician_arrived"]
    seen = (requested < NEVER) & ~is_lost(clock, FALL, requested)
    within = (arrived - requested <= WITHIN) & ~is_lost(clock, FALL, arrived)
    region = told.cases.region[: told.cases.calls]
    return Cohorts(clock.day(requested[seen]), within[seen], region[seen], WITHIN)


def _told_once(clock: Clock, told: Passages) -> Cohorts:
    """By the day on which a passage began; who found it on the web has told nothing, once or twice."""
    began = np.minimum(told.at["fault_reported"], told.at["self_service_search"])
    again = np.concatenate([told.told_again, np.zeros(len(told.found), dtype=bool)])
    return Cohorts(clock.day(np.concatenate([began, told.found])), again, told.cases.region, 30 * DAY)
