"""The files of the spare parts example: a shop, a parts desk, an ERP in German, a carrier, and two surveys."""

from __future__ import annotations

from datetime import date

import numpy as np

from jkpi.synthetic.clock import DAY, MINUTE, NEVER, TextArray, TimeArray, ZoneClock, as_datetime64, utc_text
from jkpi.synthetic.deliveries import Corruption, Delivery, TruncatedFile, delivery_times, unmatched_id
from jkpi.synthetic.formats import BROKEN_JSON, RAGGED, OutputFormat
from jkpi.synthetic.random_streams import RandomStreams, bernoulli, daily_rates, daily_value_at, response_times
from jkpi.synthetic.rows import IGNORED_ROW, VALID_ROW, SourceRows, long_rows, monthly_snapshots, stacked
from jkpi.synthetic.scenario import Cohorts, Scenario, flatten_log, is_lost, make_ids, translate_names, where_happened
from jkpi.synthetic.spare_parts import DROP, WINDOW, SimulatedEnquiries, simulate_enquiries
from jkpi.synthetic.surveys import eleven_point_scores, five_point_scores

SHOP = {"part_searched": "search", "part_not_found": "search.empty", "availability_shown": "stock.view"}
ERP = {
    "quote_sent": "Angebot verschickt",
    "alternative_offered": "Alternative angeboten",
    "order_placed": "Auftrag angelegt",
    "order_confirmed": "Auftrag bestätigt",
    "order_cancelled": "Auftrag storniert",
}
PARCELS = ("part_shipped", "part_delivered", "delivery_confirmed")
GERMAN = "%d.%m.%Y %H:%M:%S"


def spare_parts_scenario(streams: RandomStreams, clock: ZoneClock) -> Scenario:
    """The whole example."""
    simulated = simulate_enquiries(streams, clock)
    survey_deliveries, ends_well = _survey_deliveries(streams("satisfaction"), clock, simulated)
    deliveries = [
        _shop_delivery(streams("shop files"), clock, simulated),
        _desk_delivery(streams("desk files"), simulated),
        _erp_delivery(streams("erp files"), clock, simulated),
        _parcels_delivery(streams("parcels files"), clock, simulated),
        *survey_deliveries,
    ]
    cohorts_by_moment = {
        "part_available": _bought_elsewhere_cohorts(clock, simulated),
        "delivered_when_promised": _delivered_as_promised_cohorts(clock, simulated),
        "ends_well": ends_well,
    }
    lost = sum(int(is_lost(clock, DROP, simulated.at[name]).sum()) for name in ERP)
    return Scenario(DROP, deliveries, cohorts_by_moment, lost)


def _enquiry_ids(case: TimeArray) -> TextArray:
    return make_ids("EQ", case)


def _customer_ids(simulated: SimulatedEnquiries, case: TimeArray) -> TextArray:
    return make_ids("K", simulated.customer[case], 5)


def _stock_states(simulated: SimulatedEnquiries, case: TimeArray) -> TextArray:
    return np.where(simulated.out_of_stock[case], "out_of_stock", "in_stock")


def _shop_delivery(
    rng: np.random.Generator, clock: ZoneClock, simulated: SimulatedEnquiries
) -> tuple[SourceRows, Delivery]:
    names, case, instants = flatten_log([entry for entry in simulated.log if entry[0] in SHOP])
    columns = {
        "id": make_ids("s", np.arange(len(instants)), 7),
        "session": _enquiry_ids(case),
        "customer": _customer_ids(simulated, case),
        "action": translate_names(names, SHOP),
        "via": np.where(simulated.by_phone[case], "phone", "web"),
        "ts": clock.text_with_offset(instants),
        "part_class": simulated.part_class[case],
        "stock": np.where(names == "availability_shown", _stock_states(simulated, case), ""),
    }
    rows = long_rows(columns, *delivery_times(rng, instants))
    help_views = rows.take(np.sort(rng.choice(len(rows), 400, replace=False)))
    ids = np.char.add("h", help_views.columns["id"])
    help_pages = help_views.with_columns({"action": "help.view", "stock": "", "id": ids}).with_status(IGNORED_ROW)
    corruptions = (
        Corruption("unknown touchpoint", 6, {"action": "test.ping", "id": unmatched_id}),
        Corruption("no customer and no case", 5, {"session": "", "customer": "", "id": unmatched_id}),
        Corruption("impossible date", 4, {"ts": "2026-02-30T10:15:00+01:00", "id": unmatched_id}),
        Corruption("same id, other content", 5, {"via": "kiosk"}),
        Corruption(BROKEN_JSON, 4, {"id": unmatched_id}),
    )
    plan = Delivery("shop", OutputFormat("jsonl", compression="gzip"), "2026-01", corruptions=corruptions)
    return stacked([rows, help_pages]), plan


def _desk_delivery(rng: np.random.Generator, simulated: SimulatedEnquiries) -> tuple[SourceRows, Delivery]:
    """The parts desk records one touchpoint only: advice is asked."""
    _, case, instants = flatten_log([entry for entry in simulated.log if entry[0] == "advice_asked"])
    columns = {
        "enquiry": _enquiry_ids(case),
        "customer": _customer_ids(simulated, case),
        "asked_at": utc_text(instants),
        "part_class": simulated.part_class[case],
    }
    corruptions = (
        Corruption("no customer and no case", 3, {"enquiry": "", "customer": ""}),
        Corruption("date in the future", 2, {"asked_at": "2036-03-01T08:00:00Z"}),
        Corruption(RAGGED, 4, {}),
    )
    plan = Delivery("desk", OutputFormat("csv", delimiter="\t", compression="zstd"), "2025-11", corruptions=corruptions)
    return long_rows(columns, *delivery_times(rng, instants)), plan


def _erp_delivery(
    rng: np.random.Generator, clock: ZoneClock, simulated: SimulatedEnquiries
) -> tuple[SourceRows, Delivery]:
    names, case, instants = flatten_log([entry for entry in simulated.log if entry[0] in ERP])
    # A day of the ERP's journal was never written.
    not_lost = ~is_lost(clock, DROP, instants)
    names, case, instants = names[not_lost], case[not_lost], instants[not_lost]
    ordered = np.char.startswith(names, "order_")
    columns = {
        "Vorgang": _enquiry_ids(case),
        "Kunde": _customer_ids(simulated, case),
        "Ereignis": translate_names(names, ERP),
        "Zeitpunkt": clock.text(instants, GERMAN),
        "Liefertermin": np.where(ordered, clock.text(simulated.due[case], GERMAN), ""),
        "Teileklasse": simulated.part_class[case],
        "Lagerstatus": _stock_states(simulated, case),
    }
    corruptions = (
        Corruption("impossible date", 6, {"Zeitpunkt": "31.02.2026 10:15:00"}),
        Corruption("date in the future", 3, {"Zeitpunkt": "14.05.2036 09:30:00"}),
        Corruption("unknown touchpoint", 5, {"Ereignis": "Übernahme Altsystem"}),
        Corruption("no customer and no case", 4, {"Vorgang": "", "Kunde": ""}),
        Corruption(RAGGED, 5, {}),
    )
    truncated = TruncatedFile("2026-04", date(2026, 4, 27), date(2026, 4, 20))
    output_format = OutputFormat("csv", delimiter=";", encoding="latin-1")
    return long_rows(columns, *delivery_times(rng, instants)), Delivery(
        "erp", output_format, "2026-01", corruptions=corruptions, truncated_file=truncated
    )


def _parcels_delivery(
    rng: np.random.Generator, clock: ZoneClock, simulated: SimulatedEnquiries
) -> tuple[SourceRows, Delivery]:
    """One row a parcel, exported at the end of each month in which it changed, so a parcel may come twice."""
    shipped = np.flatnonzero(simulated.at["part_shipped"] < NEVER)
    milestones = {name: simulated.at[name][shipped] for name in PARCELS}
    arrives_at, late = delivery_times(rng, milestones["part_shipped"])
    index, visible, arrives_at, count_events, new = monthly_snapshots(
        clock, milestones, arrives_at - milestones["part_shipped"], late
    )
    case = shipped[index]
    columns = {
        "consignment": make_ids("P", case),
        "enquiry": _enquiry_ids(case),
        "customer": _customer_ids(simulated, case),
        "promised_until": as_datetime64(simulated.due[case]),
        **{column: as_datetime64(visible[name]) for name, column in zip(PARCELS, _PARCEL_COLUMNS, strict=True)},
    }
    blanks = {"delivered": "", "signed": ""}
    corruptions = (
        Corruption("date in the future", 4, {**blanks, "handed_over": np.datetime64("2036-05-14T09:30:00")}),
        Corruption(
            "no customer and no case",
            4,
            {**blanks, "handed_over": np.datetime64("2026-01-14T09:30:00"), "enquiry": "", "customer": ""},
        ),
    )
    rows = SourceRows(columns, arrives_at, late[index], count_events, new, np.full(len(index), VALID_ROW))
    return rows, Delivery("parcels", OutputFormat("parquet"), "2026-05", corruptions=corruptions)


_PARCEL_COLUMNS = ("handed_over", "delivered", "signed")


def _survey_deliveries(
    rng: np.random.Generator, clock: ZoneClock, simulated: SimulatedEnquiries
) -> tuple[list[tuple[SourceRows, Delivery]], Cohorts]:
    """A form of two questions from the survey tool, and the recommendation from another tool."""
    asked = simulated.at["part_delivered"] + DAY
    case = np.flatnonzero(bernoulli(rng, 0.31, len(asked)) & (asked < NEVER))
    answered = response_times(rng, asked[case])
    late = simulated.at["part_delivered"][case] > simulated.due[case]
    rate = (
        daily_value_at(clock, daily_rates(rng, clock, 0.80, (0, 0, 0, 0, 0.04, 0, -0.05), 0.08), answered) - 0.22 * late
    )
    satisfied = bernoulli(rng, rate, len(case))
    scores = five_point_scores(rng, satisfied)
    right_part = bernoulli(rng, 0.94, len(case))
    form = {
        "response": make_ids("SV", np.arange(len(case))),
        "enquiry": _enquiry_ids(case),
        "customer": _customer_ids(simulated, case),
        "sent": utc_text(asked[case], "%Y-%m-%d %H:%M:%S"),
        "submitted": utc_text(answered, "%Y-%m-%d %H:%M:%S"),
        "delivery_ok": scores.astype(str),
        "right_part": np.where(right_part, five_point_scores(rng, bernoulli(rng, 0.91, len(case))).astype(str), ""),
    }
    corruptions = (
        Corruption("score outside its scale", 6, {"right_part": "", "delivery_ok": "0", "response": unmatched_id}),
        Corruption(
            "impossible date", 3, {"right_part": "", "submitted": "2026-04-31 18:40:00", "response": unmatched_id}
        ),
        Corruption(RAGGED, 3, {"response": unmatched_id}),
    )
    views = {"answers_delivery": ("delivery_ok", "right_part")}
    form_delivery = Delivery("answers_delivery", OutputFormat("csv"), "2026-02", views=views, corruptions=corruptions)
    rows = long_rows(form, *delivery_times(rng, answered, 0.02))

    answered_score = bernoulli(rng, 0.90, len(case))
    score = {
        "answer": make_ids("R", np.flatnonzero(answered_score)),
        "enquiry": form["enquiry"][answered_score],
        "customer": form["customer"][answered_score],
        "at": (answered[answered_score] + 40) * 1000,
        "score": eleven_point_scores(rng, scores[answered_score]).astype(str),
    }
    score_delivery = Delivery(
        "recommend",
        OutputFormat("jsonl"),
        "2026-02",
        views={"recommend": ("score",)},
        corruptions=(
            Corruption("score outside its scale", 5, {"score": "11", "answer": unmatched_id}),
            Corruption("missing id", 3, {"answer": "", "enquiry": "", "customer": ""}),
        ),
    )
    recommended = long_rows(score, *delivery_times(rng, answered[answered_score] + MINUTE, 0.02))
    cohorts = Cohorts(clock.day(answered), satisfied, simulated.part_class[case], 0)
    return [(rows, form_delivery), (recommended, score_delivery)], cohorts


def _bought_elsewhere_cohorts(clock: ZoneClock, simulated: SimulatedEnquiries) -> Cohorts:
    """Cohorts by the day on which availability was shown, from the delivered rows: lost rows are not counted."""
    shown_at = simulated.at["availability_shown"]
    was_shown = shown_at < NEVER
    onwards = [
        where_happened(~is_lost(clock, DROP, simulated.at[name]), simulated.at[name])
        for name in ERP
        if name.startswith("order_")
    ]
    onwards += [simulated.at[name] for name in PARCELS]
    left = np.min(onwards, axis=0) - shown_at > WINDOW
    return Cohorts(clock.day(shown_at[was_shown]), left[was_shown], simulated.part_class[was_shown], WINDOW)


def _delivered_as_promised_cohorts(clock: ZoneClock, simulated: SimulatedEnquiries) -> Cohorts:
    """Cohorts by the promised day; a cancelled order was not delivered, so it was not delivered when promised."""
    placed = simulated.at["order_placed"]
    is_known = (placed < NEVER) & ~is_lost(clock, DROP, placed)
    promise_kept = simulated.at["part_delivered"] <= simulated.due
    return Cohorts(clock.day(simulated.due[is_known]), promise_kept[is_known], simulated.part_class[is_known], 0)
