-- step: read events
-- A row is a key (62 bits of the customer's hash and the journey), a timestamp, and the segments: 17 bytes. The timestamp is
-- microseconds * 32 + stage * 4 + position, so that one integer is the whole order; its low five bits are the touchpoint.
-- Two rows with equal order are the same touchpoint at the same timestamp of the same customer, so their order is irrelevant.
create temp table events as
select
    (hash(e.customer_id) & 18446744073709551612::ubigint) | t.journey as key,
    epoch_us(e.occurred_at) * 32 + t.code as o,
    s.code as seg
from src.raw.touchpoint_events as e
inner join touchpoints as t on e.touchpoint = t.touchpoint
inner join segment_texts as s on e.segments = s.segments
where e.occurred_at <= {as_of}
order by key, o;

-- step: split instances
-- The table is sorted, so windows without partition stream over it, one after the other without sorting again.
-- `mark` is the last row that starts or ends, or is the first of its key: twice its number, plus one if it ends.
-- `cut` is the number of the row at which the journey instance begins. The few instances that last longer than the window
-- are split at each full window; in one thread, because several threads would not keep the order in a join.
create temp table cuts as
with
numbered as (
    select key, o, seg, row_number() over () as rn, lag(key) over () as prev_key, lag(o) over () as prev_o
    from events
),
marked as (
    select *,
        key is distinct from prev_key as is_first,
        max(case when key is distinct from prev_key or (o & 31) in ({start}, {finish})
            then rn * 2 + ((o & 31) = {finish})::int end) over (rows unbounded preceding) as mark
    from numbered
),
with_cuts as (
    select key, o, seg, rn,
        is_first
        or (o >> 5) - (prev_o >> 5) >= {idle}
        or ((o & 31) = {start} and (lag(mark) over () & 1) = 1) as is_cut
    from marked
)
select key, o, seg, max(case when is_cut then rn end) over (rows unbounded preceding) as cut from with_cuts;

drop table events;

create temp table long_cuts as
select cut, min(o) >> 5 as begins
from cuts
group by cut
having (max(o) >> 5) - (min(o) >> 5) >= {window};

set threads = 1;
create temp table steps as
select c.key, c.o, c.seg, c.cut * 64 + coalesce(((c.o >> 5) - l.begins) // {window}, 0) as pid
from cuts as c
left join long_cuts as l on c.cut = l.cut;
reset threads;

drop table cuts;

-- step: instances
-- The first event with a value: timestamp and value in one integer, so that a plain minimum selects it.
create temp table instances as
with grouped as (
    select
        pid,
        min(key) as key,
        min(o) as first_o,
        max(case when (o & 31) = {finish} then o end) as end_o,
        min(case when (seg >> 3) < 3 then o * 4 + (seg >> 3) end) as first_tier,
        min(case when (seg & 7) < 4 then o * 8 + (seg & 7) end) as first_region,
        bool_or(((o >> 2) & 7) = 5) as reached_last,
        count(*) as count_events
    from steps
    group by pid
)
select
    pid, key, (key & 3)::tinyint as journey,
    first_o >> 5 as started, end_o >> 5 as ended,
    (coalesce(first_tier & 3, 3) * 8 + coalesce(first_region & 7, 4))::tinyint as seg,
    reached_last, count_events,
    coalesce(end_o >> 5, (first_o >> 5) + {window}) as matures,
    end_o is null and (first_o >> 5) + {window} > {as_of_us} as is_open
from grouped;

-- step: visits
create temp table entries as
select
    pid, rn, stage, o >> 5 as entered,
    rn - max(case when is_first then rn end) over (rows unbounded preceding) as vi
from (
    select pid, o, (o >> 2) & 7 as stage, row_number() over () as rn, lag(pid) over () is distinct from pid as is_first
    from (
        select pid, o, lag(pid) over () as prev_pid, lag(o) over () as prev_o from steps
    )
    where prev_pid is distinct from pid or ((prev_o >> 2) & 7) <> ((o >> 2) & 7)
);

create temp table visits as
select
    pid, vi, stage, entered,
    case when next_pid = pid then next_entered end as next_entered,
    case when next_pid = pid then next_stage end as next_stage
from (
    select *, lead(pid) over () as next_pid, lead(entered) over () as next_entered, lead(stage) over () as next_stage
    from entries
);

drop table entries;

-- step: steps back
-- Only in journey instances that step back is a stage visited twice, or the next visit not the one that moves on.
create temp table back as
with
those as (select distinct pid from visits where next_stage < stage),
affected as (select v.pid, v.vi, v.stage, v.entered from visits as v semi join those using (pid)),
numbered as (select *, row_number() over (partition by pid, stage order by vi) as visit_number from affected),
moved as (
    select a.pid, a.vi, min(b.entered) as moved_on
    from affected as a
    inner join affected as b on a.pid = b.pid and b.vi > a.vi and b.stage > a.stage
    group by all
)
select n.pid, n.vi, n.visit_number, m.moved_on
from numbered as n
left join moved as m on n.pid = m.pid and n.vi = m.vi;

-- step: whole visits
create temp table whole_visits as
select
    v.pid, i.journey, i.seg, v.stage, v.vi, v.entered,
    coalesce(b.visit_number, 1) as visit_number,
    coalesce(v.next_entered, case when i.ended >= v.entered then i.ended end) as exited,
    v.next_stage,
    case when b.pid is null then v.next_entered else b.moved_on end as moved_on
from visits as v
inner join instances as i on v.pid = i.pid
left join back as b on v.pid = b.pid and v.vi = b.vi;

drop table visits;
drop table back;

-- step: spells
-- Only these two touchpoints, without a second start while the clock runs: the row after a start ends it.
create temp table spells as
with
clock as (
    select pid, o >> 5 as moment, (o & 31) = {clock_from} as is_start, lag(pid) over () as prev_pid,
        lag((o & 31) = {clock_from}) over () as after_start
    from steps
    where (o & 31) in ({clock_from}, {clock_to})
),
turns as (
    select pid, moment, is_start, lead(pid) over () as next_pid, lead(moment) over () as next_at, lead(is_start) over () as starts
    from clock
    where not (is_start and coalesce(prev_pid = pid and after_start, false))
)
select
    i.journey, 0::tinyint as kind, i.seg, t.moment as begins,
    case when t.next_pid = t.pid and not t.starts then t.next_at end as closes
from turns as t
inner join instances as i on t.pid = i.pid
where t.is_start
union all
select journey, 1::tinyint, seg, entered, exited from whole_visits where stage = 2;
