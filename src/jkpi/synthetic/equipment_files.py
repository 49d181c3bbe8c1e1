"""The files of the equipment example: four systems and two surveys, each with its own format."""

from __future__ import annotations

from datetime import date

import numpy as np

from jkpi.synthetic.clock import DAY, MINUTE, NEVER, TextArray, TimeArray, ZoneClock, as_datetime64, utc_text
from jkpi.synthetic.deliveries import Corruption, Delivery, TruncatedFile, delivery_times, unmatched_id
from jkpi.synthetic.equipment_repair import (
    DROP,
    SATISFIED_LOSS_IF_LATE,
    SATISFIED_LOSS_IF_REPORTED_AGAIN,
    SATISFIED_RATE,
    TOLERANCE,
    RepairCases,
    SimulatedRepairs,
    simulate_repairs,
)
from jkpi.synthetic.formats import BROKEN_JSON, RAGGED, OutputFormat
from jkpi.synthetic.random_streams import RandomStreams, bernoulli, daily_rates, daily_value_at, response_times
from jkpi.synthetic.rows import IGNORED_ROW, VALID_ROW, SourceRows, long_rows, monthly_snapshots, stacked
from jkpi.synthetic.scenario import Cohorts, Scenario, flatten_log, is_lost, make_ids, translate_names, where_happened
from jkpi.synthetic.surveys import eleven_point_scores, five_point_scores, seven_point_scores

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


def equipment_scenario(streams: RandomStreams, clock: ZoneClock) -> Scenario:
    """The whole example."""
    repairs = simulate_repairs(streams, clock)
    after_repair, ends_well = _repair_responses(streams("satisfaction"), clock, repairs)
    deliveries = [
        _web_delivery(streams("web files"), repairs),
        _calls_delivery(streams("calls files"), clock, repairs),
        _tickets_delivery(streams("tickets files"), repairs),
        _visits_delivery(streams("visits files"), clock, repairs),
        _call_responses(streams("effort"), clock, repairs),
        after_repair,
    ]
    cohorts_by_moment = {
        "technician_on_site": _on_site_cohorts(clock, repairs),
        "told_once": _reported_once_cohorts(clock, repairs),
        "ends_well": ends_well,
    }
    return Scenario(
        DROP,
        deliveries,
        cohorts_by_moment=cohorts_by_moment,
        count_lost_events=sum(int(is_lost(clock, DROP, repairs.at[name]).sum()) for name in VISITS),
    )


def _case_ids(case: TimeArray) -> TextArray:
    return make_ids("SR-", case + 100_000)


def _customer_ids(cases: RepairCases, case: TimeArray) -> TextArray:
    return make_ids("C", cases.customer[case], 5)


def _web_delivery(rng: np.random.Generator, repairs: SimulatedRepairs) -> tuple[SourceRows, Delivery]:
    names, case, instants = flatten_log([entry for entry in repairs.log if entry[0] in WEB])
    columns = {
        "id": make_ids("w", np.arange(len(instants)), 7),
        "request": _case_ids(case),
        "customer": _customer_ids(repairs.cases, case),
        "action": translate_names(names, WEB),
        "ts": utc_text(instants),
    }
    corruptions = (
        Corruption("unknown touchpoint", 5, {"action": "scroll_depth", "id": unmatched_id}),
        Corruption("no customer and no case", 4, {"request": "", "customer": "", "id": unmatched_id}),
        Corruption("impossible date", 3, {"ts": "2026-02-30T10:15:00Z", "id": unmatched_id}),
        Corruption(BROKEN_JSON, 4, {"id": unmatched_id}),
    )
    return long_rows(columns, *delivery_times(rng, instants)), Delivery(
        "web", OutputFormat("jsonl", compression="gzip"), "2026-01", corruptions=corruptions
    )


def _calls_delivery(
    rng: np.random.Generator, clock: ZoneClock, repairs: SimulatedRepairs
) -> tuple[SourceRows, Delivery]:
    names, case, instants = flatten_log([entry for entry in repairs.log if entry[0] in CALLS])
    columns = {
        "case_no": _case_ids(case),
        "account": _customer_ids(repairs.cases, case),
        "disposition": translate_names(names, CALLS),
        "call_time": clock.text(instants, LOCAL),
        "tier": repairs.cases.tier[case],
        "region": repairs.cases.region[case],
        "machine": repairs.cases.machine[case],
    }
    rows = long_rows(columns, *delivery_times(rng, instants))
    voicemail = rows.take(np.sort(rng.choice(len(rows), 300, replace=False))).with_columns({"disposition": "VOICEMAIL"})
    voicemail = voicemail.with_status(IGNORED_ROW)
    corruptions = (
        Corruption("impossible date", 6, {"call_time": "31/02/2026 10:15"}),
        Corruption("date in the future", 3, {"call_time": "14/05/2036 09:30"}),
        Corruption("unknown touchpoint", 5, {"disposition": "T_99"}),
        Corruption("no customer and no case", 5, {"case_no": "", "account": ""}),
        Corruption(RAGGED, 6, {}),
    )
    truncated = TruncatedFile("2026-03", date(2026, 3, 27), date(2026, 3, 20))
    plan = Delivery(
        "calls", OutputFormat("csv", delimiter=";"), "2026-02", corruptions=corruptions, truncated_file=truncated
    )
    return stacked([rows, voicemail]), plan


def _tickets_delivery(rng: np.random.Generator, repairs: SimulatedRepairs) -> tuple[SourceRows, Delivery]:
    names, case, instants = flatten_log([entry for entry in repairs.log if entry[0] in TICKETS])
    columns = {
        "history_id": make_ids("H", np.arange(len(instants)), 7),
        "ticket": _case_ids(case),
        "account": _customer_ids(repairs.cases, case),
        "state": translate_names(names, TICKETS),
        "via": translate_names(names, VIA),
        "state_since": as_datetime64(instants),
        "tier": repairs.cases.tier[case],
        "region": repairs.cases.region[case],
    }
    corruptions = (
        Corruption(
            "date in the future", 4, {"state_since": np.datetime64("2036-05-14T09:30"), "history_id": unmatched_id}
        ),
        Corruption("unknown touchpoint", 6, {"state": "Migrated", "history_id": unmatched_id}),
        Corruption("no customer and no case", 4, {"ticket": "", "account": "", "history_id": unmatched_id}),
        Corruption("same id, other content", 5, {"via": "import"}),
    )
    return long_rows(columns, *delivery_times(rng, instants)), Delivery(
        "tickets", OutputFormat("parquet"), "2025-12", corruptions=corruptions
    )


def _visits_delivery(
    rng: np.random.Generator, clock: ZoneClock, repairs: SimulatedRepairs
) -> tuple[SourceRows, Delivery]:
    """One row a visit, exported at the end of each month in which it changed, so a visit may come twice."""
    visited = np.flatnonzero(repairs.at["visit_requested"] < NEVER)
    milestones = {name: repairs.at[name][visited] for name in VISITS}
    # The server was down for a day, and what the technicians pressed that day never came through.
    milestones = {
        name: where_happened(~is_lost(clock, DROP, instants), instants) for name, instants in milestones.items()
    }
    arrives, late = delivery_times(rng, milestones["visit_requested"])
    delay = np.where(milestones["visit_requested"] < NEVER, arrives - milestones["visit_requested"], 15 * MINUTE)
    index, visible, arrives, count_events, new = monthly_snapshots(clock, milestones, delay, late)
    case = visited[index]
    columns = {
        "visit": make_ids("V", case),
        "case_no": _case_ids(case),
        "account": _customer_ids(repairs.cases, case),
        "region": repairs.cases.region[case],
        "tier": repairs.cases.tier[case],
        **{
            column: clock.text(visible[name], "%Y-%m-%d %H:%M")
            for name, column in zip(VISITS, _VISIT_COLUMNS, strict=True)
        },
    }
    blanks = {"part_picked": "", "on_site": "", "running": ""}
    corruptions = (
        Corruption("impossible date", 5, {**blanks, "requested": "2026-04-31 08:00"}),
        Corruption("date in the future", 3, {**blanks, "requested": "2036-01-09 11:20"}),
        Corruption(
            "no customer and no case", 4, {**blanks, "requested": "2026-01-09 11:20", "case_no": "", "account": ""}
        ),
        Corruption(RAGGED, 4, {**blanks, "requested": "2026-01-09 11:20"}),
    )
    status = np.full(len(index), VALID_ROW)
    return SourceRows(columns, arrives, late[index], count_events, new, status), Delivery(
        "visits", OutputFormat("csv"), "2026-05", corruptions=corruptions
    )


_VISIT_COLUMNS = ("requested", "part_picked", "on_site", "running")


def _call_responses(
    rng: np.random.Generator, clock: ZoneClock, repairs: SimulatedRepairs
) -> tuple[SourceRows, Delivery]:
    case, asked, answered = _respondents(rng, repairs, repairs.at["fault_reported"] + 30 * MINUTE)
    easy = np.where(repairs.reported_again[case], 0.38, 0.71)
    columns = {
        "answer_no": make_ids("AC", np.arange(len(case))),
        "case_no": _case_ids(case),
        "account": _customer_ids(repairs.cases, case),
        "asked": clock.text(asked, LOCAL),
        "answered": clock.text(answered, LOCAL),
        "easy": seven_point_scores(rng, easy).astype(str),
    }
    corruptions = (
        Corruption("score outside its scale", 6, {"easy": "9", "answer_no": unmatched_id}),
        Corruption("impossible date", 3, {"answered": "30/02/2026 18:40", "answer_no": unmatched_id}),
        Corruption(RAGGED, 3, {"answer_no": unmatched_id}),
    )
    rows = long_rows(columns, *delivery_times(rng, answered, 0.02))
    plan = Delivery(
        "answers_call",
        OutputFormat("csv", delimiter=";"),
        "2026-02",
        views={"answers_call": ("easy",)},
        corruptions=corruptions,
    )
    return rows, plan


def _repair_responses(
    rng: np.random.Generator, clock: ZoneClock, repairs: SimulatedRepairs
) -> tuple[tuple[SourceRows, Delivery], Cohorts]:
    case, asked, answered = _respondents(rng, repairs, repairs.at["survey_sent"])
    rate = daily_value_at(
        clock, daily_rates(rng, clock, SATISFIED_RATE, (0.05, 0, 0, 0, 0.04, -0.05, -0.08), 0.08), answered
    )
    waited_long = (repairs.at["visit_requested"][case] < NEVER) & ~repairs.on_time[case]
    rate = rate - waited_long * SATISFIED_LOSS_IF_LATE - repairs.reported_again[case] * SATISFIED_LOSS_IF_REPORTED_AGAIN
    satisfied = bernoulli(rng, rate, len(case))
    scores = five_point_scores(rng, satisfied)
    # Some customers answer only part of the form.
    recommended = bernoulli(rng, 0.95, len(case))
    punctual = bernoulli(rng, 0.93, len(case)) & (repairs.at["visit_requested"][case] < NEVER)
    on_time_scores = five_point_scores(rng, bernoulli(rng, np.where(waited_long, 0.30, 0.86), len(case)))
    columns = {
        "answer_no": make_ids("AR", np.arange(len(case))),
        "case_no": _case_ids(case),
        "account": _customer_ids(repairs.cases, case),
        "asked": clock.text(asked, LOCAL),
        "answered": clock.text(answered, LOCAL),
        "q1_satisfied": scores.astype(str),
        "q2_recommend": np.where(recommended, eleven_point_scores(rng, scores).astype(str), ""),
        "q3_punctual": np.where(punctual, on_time_scores.astype(str), ""),
    }
    count_responses = 1 + recommended.astype(np.int64) + punctual.astype(np.int64)
    rows = long_rows(columns, *delivery_times(rng, answered, 0.02), count_responses=count_responses)
    blanks = {"q2_recommend": "", "q3_punctual": "", "answer_no": unmatched_id}
    corruptions = (
        Corruption("score outside its scale", 6, {**blanks, "q1_satisfied": "7"}),
        Corruption("date in the future", 2, {**blanks, "answered": "02/07/2036 12:00"}),
        Corruption("missing id", 3, {**blanks, "answer_no": "", "case_no": "", "account": ""}),
    )
    views = {"answers_repair": ("q1_satisfied", "q3_punctual"), "answers_recommend": ("q2_recommend",)}
    plan = Delivery(
        "answers_repair", OutputFormat("csv", delimiter=";"), "2026-02", views=views, corruptions=corruptions
    )
    cohorts = Cohorts(clock.day(answered), satisfied, repairs.cases.region[case], 0)
    return (rows, plan), cohorts


def _respondents(
    rng: np.random.Generator, repairs: SimulatedRepairs, asked: TimeArray
) -> tuple[TimeArray, TimeArray, TimeArray]:
    """Responses, from a little over a quarter of the cases: case, when asked, when answered."""
    response_rate = np.where(repairs.cases.tier[: repairs.cases.count_calls] == "gold", 0.33, 0.28)
    case = np.flatnonzero(bernoulli(rng, response_rate, repairs.cases.count_calls) & (asked < NEVER))
    answered = response_times(rng, asked[case])
    return case, asked[case], answered


def _on_site_cohorts(clock: ZoneClock, repairs: SimulatedRepairs) -> Cohorts:
    """Cohorts by the day of the request, from the delivered rows: lost rows are not counted."""
    requested, arrived = repairs.at["visit_requested"], repairs.at["technician_arrived"]
    is_known = (requested < NEVER) & ~is_lost(clock, DROP, requested)
    within = (arrived - requested <= TOLERANCE) & ~is_lost(clock, DROP, arrived)
    region = repairs.cases.region[: repairs.cases.count_calls]
    return Cohorts(clock.day(requested[is_known]), within[is_known], region[is_known], TOLERANCE)


def _reported_once_cohorts(clock: ZoneClock, repairs: SimulatedRepairs) -> Cohorts:
    """Cohorts by the start day of the journey instance; customers helped by the search never reported the fault."""
    began = np.minimum(repairs.at["fault_reported"], repairs.at["self_service_search"])
    reported_again = np.concatenate([repairs.reported_again, np.zeros(len(repairs.solved_by_search), dtype=bool)])
    return Cohorts(
        clock.day(np.concatenate([began, repairs.solved_by_search])), reported_again, repairs.cases.region, 30 * DAY
    )
