"""Journey instances, stage visits and spells under one version of a map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from tests.recount.facts import TIMES, Facts, of, segments_of, span, viewpoint_of

NOBODY = "(none)"
STAFFED_CHANNELS = ("phone", "field", "store", "chat")


@dataclass(frozen=True)
class JourneyHistory:
    """Events of a journey, and what follows from them under one version of its map."""

    facts: Facts
    document: dict[str, Any]

    @property
    def window(self) -> pd.Timedelta:
        return span(self.document["scope"]["window"])

    @property
    def starts(self) -> list[str]:
        return list(self.document["scope"]["starts_with"])

    @property
    def ends(self) -> list[str]:
        return list(self.document["scope"]["ends_with"])

    @property
    def staffed(self) -> list[str]:
        touchpoints = [one for stage in self.document["stages"] for one in stage["touchpoints"]]
        return [one["touchpoint"] for one in touchpoints if one.get("staffed", one["channel"] in STAFFED_CHANNELS)]

    @property
    def columns(self) -> list[str]:
        """Columns that segments and the viewpoint use."""
        parts = {part for parts in segments_of(self.document).values() for part in parts}
        return sorted(parts | set(viewpoint_of(self.document)))

    @cached_property
    def events(self) -> pd.DataFrame:
        """Events on the map, ordered by instance and time. stage: position from 0. instance: its id."""
        places = {
            touchpoint["touchpoint"]: (position, within)
            for position, stage in enumerate(self.document["stages"])
            for within, touchpoint in enumerate(stage["touchpoints"])
        }
        events = self.facts.events
        events = events[events["touchpoint"].isin(list(places))].copy()
        events["stage"] = events["touchpoint"].map({name: place[0] for name, place in places.items()}).astype(int)
        events["within"] = events["touchpoint"].map({name: place[1] for name, place in places.items()}).astype(int)
        named = events["case_id"].notna()
        events["case_key"] = ("case " + events["case_id"].fillna("")).where(
            named, "customer " + events["customer_id"].fillna("")
        )
        # Events of one touchpoint at one time can differ in their segments only.
        order = ["case_key", "occurred_at", "stage", "within", "due_at"]
        events = events.sort_values(order, ignore_index=True)
        events["instance"] = events["case_key"]
        nameless = events[events["case_id"].isna()]
        if len(nameless):
            events.loc[nameless.index, "instance"] = _cut(nameless, self)
        return events

    @cached_property
    def instances(self) -> pd.DataFrame:
        """By instance: started_at, ended_at (NaT), decided_at, is_completed, is_open, customer, case, columns."""
        events = self.events
        by = events.groupby("instance", sort=False)
        frame = pd.DataFrame({"started_at": by["occurred_at"].min(), "customer": self._first("customer_id")})
        frame["case"] = by["case_id"].first()
        over_at = frame["started_at"] + self.window
        ends = events[events["touchpoint"].isin(self.ends)]
        ends = ends[ends["occurred_at"] < of(ends["instance"], over_at)]
        frame["ended_at"] = ends.groupby("instance")["occurred_at"].max()
        frame["ended_at"] = frame["ended_at"].astype(TIMES)
        frame["is_completed"] = frame["ended_at"].notna()
        frame["decided_at"] = frame["ended_at"].fillna(over_at)
        frame["is_open"] = ~frame["is_completed"] & (over_at > self.facts.as_of)
        for column in self.columns:
            own = self._first(f"segment {column}")
            known = self.of_customers(column, frame["customer"], frame["started_at"])
            frame[column] = own.astype(object).where(own.notna(), known)
        return frame

    def _first(self, column: str) -> pd.Series:
        """By instance: the first known value of a column; the smallest where events have the same time."""
        order = ["occurred_at", "stage", "within", column]
        return self.events.sort_values(order).groupby("instance", sort=False)[column].first()

    def of_customers(self, column: str, customers: pd.Series, at: pd.Series) -> pd.Series:
        """Segment value of each customer at that time, by the index of `customers`; None where unknown."""
        known = self.facts.customers.dropna(subset=[f"segment {column}"]).sort_values("valid_from", kind="stable")
        asked = pd.DataFrame({"customer_id": customers.to_numpy(dtype=object), "at": at.to_numpy()})
        asked = asked.assign(row=range(len(asked))).dropna().sort_values("at", kind="stable")
        asked["at"] = asked["at"].astype(TIMES)
        known = known.rename(columns={"valid_from": "at", f"segment {column}": "value"})[["customer_id", "at", "value"]]
        asked, known = (one.astype({"customer_id": object}) for one in (asked, known))
        found = pd.Series(None, index=range(len(customers)), dtype=object)
        if len(known) and len(asked):
            merged = pd.merge_asof(asked, known, on="at", by="customer_id")
            found[merged["row"].to_numpy()] = merged["value"].to_numpy()
        return pd.Series(found.to_numpy(), index=customers.index, dtype=object)

    def asks(self, answers: pd.DataFrame) -> pd.Series:
        """Whether each response belongs to this journey: to one of its touchpoints or surveys."""
        document = self.document
        parts = [*document["stages"], document]
        asked = {entry.get("survey") for part in parts for entry in part.get("kpis", [])} - {None}
        drawn = {touchpoint["touchpoint"] for stage in document["stages"] for touchpoint in stage["touchpoints"]}
        return answers["touchpoint"].isin(list(drawn)) | answers["survey"].isin(list(asked))

    def instance_of(self, rows: pd.DataFrame, time: str) -> pd.Series:
        """Instance of each row: that of its case, else the last one its customer had begun at `time`; else None."""
        begun = self.instances
        cases = pd.Series(begun.index, index=begun["case"]).loc[lambda one: one.index.notna()]
        found = rows["case_id"].map(cases[~cases.index.duplicated()].to_dict()).astype(object)
        lost = rows[found.isna() & rows["customer_id"].notna()].rename_axis("row").reset_index()
        line = begun.rename_axis("instance").reset_index().dropna(subset=["customer"])
        line = line[["instance", "customer", "started_at"]].sort_values(["started_at", "instance"])
        if len(lost) and len(line):
            merged = pd.merge_asof(
                lost[["row", "customer_id", time]].sort_values(time, kind="stable").astype({"customer_id": object}),
                line.rename(columns={"started_at": time, "customer": "customer_id"}).astype({"customer_id": object}),
                on=time,
                by="customer_id",
            )
            found[merged["row"].to_numpy()] = merged["instance"].to_numpy()
        return found

    @cached_property
    def visits(self) -> pd.DataFrame:
        """One row a visit, in order: instance, stage, entered_at, exited_at, moved_on_at (NaT: it did not)."""
        events = self.events
        enters = (events["instance"] != events["instance"].shift()) | (events["stage"] != events["stage"].shift())
        frame = events.loc[enters, ["instance", "stage", "occurred_at"]].reset_index(drop=True)
        frame = frame.rename(columns={"occurred_at": "entered_at"})
        ended_at = of(frame["instance"], self.instances["ended_at"])
        next_at = frame.groupby("instance")["entered_at"].shift(-1)
        frame["exited_at"] = next_at.fillna(ended_at.where(ended_at >= frame["entered_at"]))
        frame["moved_on_at"] = pd.Series(pd.NaT, index=frame.index, dtype=TIMES)
        for stage in frame["stage"].unique():
            higher = frame["entered_at"].where(frame["stage"] > stage).groupby(frame["instance"]).bfill()
            frame["moved_on_at"] = frame["moved_on_at"].mask(frame["stage"] == stage, higher)
        return frame

    def spells(self, start: str, stop: str) -> pd.DataFrame:
        """One row a spell: instance, at, closed_at (NaT while open). None for a start after the only stop."""
        mine = self.events[self.events["touchpoint"].isin([start, stop])]
        begins = mine["touchpoint"] == start
        running = begins.groupby(mine["instance"]).shift(fill_value=False)
        run = (begins & ~running).groupby(mine["instance"]).cumsum()
        frame = mine[begins & ~running].assign(run=run)[["instance", "run", "occurred_at"]]
        stops = mine[~begins & running].assign(run=run)[["instance", "run", "occurred_at"]]
        frame = frame.rename(columns={"occurred_at": "at"})
        frame = frame.merge(stops.rename(columns={"occurred_at": "closed_at"}), on=["instance", "run"], how="left")
        ahead = set(mine.loc[~mine["instance"].duplicated() & ~begins, "instance"])
        in_order = frame["closed_at"].notna() | (frame["run"] > 1) | ~frame["instance"].isin(ahead)
        return frame[in_order].reset_index(drop=True).astype({"closed_at": TIMES})

    def promises(self, start: str, stop: str) -> pd.DataFrame:
        """One row a start of the clock: instance, at, closed_at, due_at (NaT: no promise).

        The promise is that of the event that starts the clock; else the first one named before the next start, and for
        the first start also ahead of it. One before the start is none.
        """
        rows = []
        for instance, events in self.events.groupby("instance", sort=False):
            running, current, ahead = False, -1, pd.NaT
            stopped_before = False
            mine: list[dict[str, Any]] = []
            event: Any
            for event in events.itertuples():
                if event.touchpoint == start and not running:
                    first = ahead if current < 0 else pd.NaT
                    mine.append({"at": event.occurred_at, "closed_at": pd.NaT, "own": event.due_at, "other": first})
                    running, current = True, current + 1
                elif current < 0:
                    ahead = event.due_at if pd.isna(ahead) else ahead
                elif pd.isna(mine[current]["other"]):
                    mine[current]["other"] = event.due_at
                if event.touchpoint == stop:
                    stopped_before |= current < 0
                    if running:
                        mine[current]["closed_at"], running = event.occurred_at, False
            if stopped_before and len(mine) == 1 and running:
                continue
            rows += [{"instance": instance, **row} for row in mine]
        frame = pd.DataFrame(rows, columns=["instance", "at", "closed_at", "own", "other"])
        frame = frame.astype(dict.fromkeys(("at", "closed_at", "own", "other"), TIMES))
        named = frame["own"].fillna(frame["other"])
        return frame.assign(due_at=named.where(named >= frame["at"]).astype(TIMES))


def _cut(line: pd.DataFrame, history: JourneyHistory) -> list[str]:
    """Instance of each event without a case, in one pass over the events in order."""
    scope = history.document["scope"]
    idle, window = span(scope["session_gap"]), history.window
    found: list[str] = []
    case_key, last, first, number, ended = None, None, None, 0, False
    row: Any
    for row in line[["case_key", "occurred_at", "touchpoint"]].itertuples(index=False):
        at = row.occurred_at
        if row.case_key != case_key:
            case_key, first, number, ended = row.case_key, at, 0, False
        elif at - last >= idle or (ended and row.touchpoint in scope["starts_with"]):
            first, number = at, number + 1
        if row.touchpoint in scope["starts_with"]:
            ended = False
        if row.touchpoint in scope["ends_with"]:
            ended = True
        last = at
        found.append(f"{case_key} {number}.{(at - first) // window}")
    return found
