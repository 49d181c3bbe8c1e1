"""The files of the spare parts example: a shop, a parts desk, an ERP that speaks German, a carrier, and two surveys."""

from __future__ import annotations

from datetime import date

import numpy as np

from jkpi.synthetic.clock import DAY, HOUR, MINUTE, NEVER, Clock, Texts, Times, stamps, utc_text
from jkpi.synthetic.deliveries import BrokenOff, Damage, Delivery, arrival, other_id
from jkpi.synthetic.formats import BROKEN_JSON, RAGGED, Format
from jkpi.synthetic.random_streams import Chance, answer_times, daily_rates, happens, on_day
from jkpi.synthetic.rows import SOUND, UNWANTED, Rows, long_rows, snapshots, stacked
from jkpi.synthetic.scenario import Cohorts, Story, flat, is_lost, numbered, where, words
from jkpi.synthetic.spare_parts import FALL, WINDOW, Enquiries, enquiries
from jkpi.synthetic.surveys import five_points, ten_points

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


def story(chance: Chance, clock: Clock) -> Story:
    """The whole example."""
    told = enquiries(chance, clock)
    answers, ends_well = _answers(chance("satisfaction"), clock, told)
    deliveries = [
        _shop(chance("shop files"), clock, told),
        _desk(chance("desk files"), told),
        _erp(chance("erp files"), clock, told),
        _parcels(chance("parcels files"), clock, told),
        *answers,
    ]
    moments = {
        "part_available": _bought_elsewhere(clock, told),
        "delivered_when_promised": _as_promised(clock, told),
        "ends_well": ends_well,
    }
    lost = sum(int(is_lost(clock, FALL, told.at[name]).sum()) for name in ERP)
    return Story(FALL, deliveries, moments, lost)


def _enquiry(case: Times) -> Texts:
    return numbered("EQ", case)


def _customer(told: Enquiries, case: Times) -> Texts:
    return numbered("K", told.customer[case], 5)


def _stock(told: Enquiries, case: Times) -> Texts:
    return np.where(told.out_of_stock[case], "out_of_stock", "in_stock")


def _shop(rng: np.random.Generator, clock: Clock, told: Enquiries) -> tuple[Rows, Delivery]:
    names, case, at = flat([entry for entry in told.log if entry[0] in SHOP])
    columns = {
        "id": numbered("s", np.arange(len(at)), 7),
        "session": _enquiry(case),
        "customer": _customer(told, case),
        "action": words(names, SHOP),
        "via": np.where(told.by_phone[case], "phone", "web"),
        "ts": clock.text_with_offset(at),
        "part_class": told.part_class[case],
        "stock": np.where(names == "availability_shown", _stock(told, case), ""),
    }
    rows = long_rows(columns, *arrival(rng, at))
    looked = rows.take(np.sort(rng.choice(len(rows), 400, replace=False)))
    ids = np.char.add("h", looked.columns["id"])
    help_pages = looked.with_columns({"action": "help.view", "stock": "", "id": ids}).spoiled(UNWANTED)
    damages = (
        Damage("unknown touchpoint", 6, {"action": "test.ping", "id": other_id}),
        Damage("no customer and no case", 5, {"session": "", "customer": "", "id": other_id}),
        Damage("impossible date", 4, {"ts": "2026-02-30T10:15:00+01:00", "id": other_id}),
        Damage("same id, other content", 5, {"via": "kiosk"}),
        Damage(BROKEN_JSON, 4, {"id": other_id}),
    )
    plan = Delivery("shop", Format("jsonl", compression="gzip"), "2026-01", damages=damages)
    return stacked([rows, help_pages]), plan


def _desk(rng: np.random.Generator, told: Enquiries) -> tuple[Rows, Delivery]:
    """The parts desk writes down one thing only: that somebody asked."""
    _, case, at = flat([entry for entry in told.log if entry[0] == "advice_asked"])
    columns = {
        "enquiry": _enquiry(case),
        "customer": _customer(told, case),
        "asked_at": utc_text(at),
        "part_class": told.part_class[case],
    }
    damages = (
        Damage("no customer and no case", 3, {"enquiry": "", "customer": ""}),
        Damage("date in the future", 2, {"asked_at": "2036-03-01T08:00:00Z"}),
        Damage(RAGGED, 4, {}),
    )
    plan = Delivery("desk", Format("csv", delimiter="\t", compression="zstd"), "2025-11", damages=damages)
    return long_rows(columns, *arrival(rng, at)), plan


def _erp(rng: np.random.Generator, clock: Clock, told: Enquiries) -> tuple[Rows, Delivery]:
    names, case, at = flat([entry for entry in told.log if entry[0] in ERP])
    # A day of the ERP's journal was never written.
    kept = ~is_lost(clock, FALL, at)
    names, case, at = names[kept], case[kept], at[kept]
    ordered = np.char.startswith(names, "order_")
    columns = {
        "Vorgang": _enquiry(case),
        "Kunde": _customer(told, case),
        "Ereignis": words(names, ERP),
        "Zeitpunkt": clock.text(at, GERMAN),
        "Liefertermin": np.where(ordered, clock.text(told.due[case], GERMAN), ""),
        "Teileklasse": told.part_class[case],
        "Lagerstatus": _stock(told, case),
    }
    damages = (
        Damage("impossible date", 6, {"Zeitpunkt": "31.02.2026 10:15:00"}),
        Damage("date in the future", 3, {"Zeitpunkt": "14.05.2036 09:30:00"}),
        Damage("unknown touchpoint", 5, {"Ereignis": "Übernahme Altsystem"}),
        Damage("no customer and no case", 4, {"Vorgang": "", "Kunde": ""}),
        Damage(RAGGED, 5, {}),
    )
    broken = BrokenOff("2026-04", date(2026, 4, 27), date(2026, 4, 20))
    how = Format("csv", delimiter=";", encoding="latin-1")
    return long_rows(columns, *arrival(rng, at)), Delivery("erp", how, "2026-01", damages=damages, broken_off=broken)


def _parcels(rng: np.random.Generator, clock: Clock, told: Enquiries) -> tuple[Rows, Delivery]:
    """One row a parcel, exported at each month's end when it was touched: so a parcel may come twice."""
    shipped = np.flatnonzero(told.at["part_shipped"] < NEVER)
    milestones = {name: told.at[name][shipped] for name in PARCELS}
    arrives, late = arrival(rng, milestones["part_shipped"])
    index, shown, arrives, speaks_of, new = snapshots(clock, milestones, arrives - milestones["part_shipped"], late)
    case = shipped[index]
    columns = {
        "consignment": numbered("P", case),
        "enquiry": _enquiry(case),
        "customer": _customer(told, case),
        "promised_until": stamps(told.due[case]),
        **{column: stamps(shown[name]) for name, column in zip(PARCELS, _PARCEL_COLUMNS, strict=True)},
    }
    alone = {"delivered": "", "signed": ""}
    damages = (
        Damage("date in the future", 4, {**alone, "handed_over": np.datetime64("2036-05-14T09:30:00")}),
        Damage(
            "no customer and no case",
            4,
            {**alone, "handed_over": np.datetime64("2026-01-14T09:30:00"), "enquiry": "", "customer": ""},
        ),
    )
    rows = Rows(columns, arrives, late[index], speaks_of, new, np.full(len(index), SOUND))
    return rows, Delivery("parcels", Format("parquet"), "2026-05", damages=damages)


_PARCEL_COLUMNS = ("handed_over", "delivered", "signed")


def _answers(rng: np.random.Generator, clock: Clock, told: Enquiries) -> tuple[list[tuple[Rows, Delivery]], Cohorts]:
    """A form of two questions from the survey tool, and the recommendation from another tool."""
    asked = told.at["part_delivered"] + DAY
    case = np.flatnonzero(happens(rng, 0.31, len(asked)) & (asked < NEVER))
    answered = answer_times(rng, asked[case])
    late = told.at["part_delivered"][case] > told.due[case]
    rate = on_day(clock, daily_rates(rng, clock, 0.80, (0, 0, 0, 0, 0.04, 0, -0.05), 0.08), answered) - 0.22 * late
    satisfied = happens(rng, rate, len(case))
    scores = five_points(rng, satisfied)
    right = happens(rng, 0.94, len(case))
    form = {
        "response": numbered("SV", np.arange(len(case))),
        "enquiry": _enquiry(case),
        "customer": _customer(told, case),
        "sent": utc_text(asked[case], "%Y-%m-%d %H:%M:%S"),
        "submitted": utc_text(answered, "%Y-%m-%d %H:%M:%S"),
        "delivery_ok": scores.astype(str),
        "right_part": np.where(right, five_points(rng, happens(rng, 0.91, len(case))).astype(str), ""),
    }
    damages = (
        Damage("score outside its scale", 6, {"right_part": "", "delivery_ok": "0", "response": other_id}),
        Damage("impossible date", 3, {"right_part": "", "submitted": "2026-04-31 18:40:00", "response": other_id}),
        Damage(RAGGED, 3, {"response": other_id}),
    )
    views = {"answers_delivery": ("delivery_ok", "right_part")}
    first = Delivery("answers_delivery", Format("csv"), "2026-02", views=views, damages=damages)
    rows = long_rows(form, *arrival(rng, answered, 0.02))

    kind = happens(rng, 0.90, len(case))
    score = {
        "answer": numbered("R", np.flatnonzero(kind)),
        "enquiry": form["enquiry"][kind],
        "customer": form["customer"][kind],
        "at": (answered[kind] + 40) * 1000,
        "score": ten_points(rng, scores[kind]).astype(str),
    }
    second = Delivery(
        "recommend",
        Format("jsonl"),
        "2026-02",
        views={"recommend": ("score",)},
        damages=(
            Damage("score outside its scale", 5, {"score": "11", "answer": other_id}),
            Damage("missing id", 3, {"answer": "", "enquiry": "", "customer": ""}),
        ),
    )
    recommended = long_rows(score, *arrival(rng, answered[kind] + MINUTE, 0.02))
    final = Cohorts(clock.day(answered), satisfied, told.part_class[case], 0)
    return [(rows, first), (recommended, second)], final


def _bought_elsewhere(clock: Clock, told: Enquiries) -> Cohorts:
    """By the day on which availability was shown, from what was delivered: what was lost stays lost."""
    shown = told.at["availability_shown"]
    seen = shown < NEVER
    onwards = [where(~is_lost(clock, FALL, told.at[name]), told.at[name]) for name in ERP if name.startswith("order_")]
    onwards += [told.at[name] for name in PARCELS]
    left = np.min(onwards, axis=0) - shown > WINDOW
    return Cohorts(clock.day(shown[seen]), left[seen], told.part_class[seen], WINDOW)


def _as_promised(clock: Clock, told: Enquiries) -> Cohorts:
    """By the day of the order; who cancelled was not delivered to, and so not when promised."""
    placed = told.at["order_placed"]
    seen = (placed < NEVER) & ~is_lost(clock, FALL, placed)
    kept = told.at["part_delivered"] <= told.due
    return Cohorts(clock.day(placed[seen]), kept[seen], told.part_class[seen], 9 * DAY + HOUR)
