-- step: cells
-- The finest cells first (day, tier, region); segments and periods are sums of them. `ones` is the numerator, `late` the
-- last timestamp at which a member is decided.
create temp table cells as
with
visits as (
    select
        v.journey, v.stage, v.seg, local_day(v.journey, v.entered) as day,
        count(*) filter (where v.entered + s.drop_window <= {as_of_us}) as decided,
        count(*) filter (where v.entered + s.drop_window <= {as_of_us}
            and (v.moved_on is null or v.moved_on >= v.entered + s.drop_window)) as ones,
        count(*) as members, max(v.entered + s.drop_window) as late
    from whole_visits as v
    inner join stages as s on v.journey = s.journey and v.stage = s.stage
    where v.stage < 5
    group by all
),
shares as (
    select
        s.journey, s.kind, s.seg, local_day(s.journey, s.begins) as day,
        count(*) filter (where s.closes is not null or {as_of_us} - s.begins > t.tolerance) as decided,
        count(*) filter (where s.closes - s.begins <= t.tolerance) as ones,
        count(*) as members, max(least(s.closes, s.begins + t.tolerance)) as late
    from spells as s
    inner join tolerances as t on s.journey = t.journey and s.kind = t.kind
    group by all
),
happened as (
    select
        s.pid,
        count(*) filter (where (s.o & 31) = {repeated}) as repeated,
        count(*) filter (where (s.o & 31) = {occurring}) as occurring
    from steps as s
    inner join instances as i on s.pid = i.pid
    where (s.o & 31) in ({repeated}, {occurring}) and (i.ended is null or (s.o >> 5) <= i.ended)
    group by s.pid
),
journey_instances as (
    select
        i.journey, i.seg, local_day(i.journey, i.started) as day,
        count(*) as members, max(i.started) as started, max(i.started + {window}) as over, max(i.matures) as matures,
        count(*) filter (where i.started + {window} <= {as_of_us}) as aged,
        count(*) filter (where i.started + {window} <= {as_of_us} and i.reached_last) as reached,
        count(*) filter (where not i.is_open) as decided,
        count(*) filter (where not i.is_open and h.repeated >= 2) as repeated,
        count(*) filter (where not i.is_open and h.occurring >= 1) as occurring
    from instances as i
    left join happened as h on i.pid = h.pid
    group by all
),
surveyed as (
    select
        a.kpi, a.seg, local_day(a.journey, a.moment) as day, count(*) as members, max(a.moment) as late,
        count(*) filter (where a.score >= k.box_min) as ones,
        count(*) filter (where a.score <= 6) as low,
        sum(a.score) as total, sum(a.score * a.score) as squares
    from answers as a
    inner join survey_kpis as k on a.kpi = k.kpi
    group by all
)
select k.kpi, c.day, c.seg, c.decided, c.ones, c.members - c.decided as open, c.late, null::bigint as low,
    null::double as total, null::double as squares
from visits as c inner join kpis as k on k.journey = c.journey and k.stage = c.stage and k.kind = 'drop_off'
union all by name
select k.kpi, c.day, c.seg, c.decided, c.ones, c.members - c.decided as open, c.late
from shares as c inner join kpis as k on k.journey = c.journey and k.spell_kind = c.kind
union all by name
select k.kpi, c.day, c.seg, c.aged as decided, c.reached as ones, c.members - c.aged as open, c.over as late
from journey_instances as c inner join kpis as k on k.journey = c.journey and k.kind = 'conversion'
union all by name
select k.kpi, c.day, c.seg, c.decided, c.repeated as ones, c.members - c.decided as open, c.matures as late
from journey_instances as c inner join kpis as k on k.journey = c.journey and k.kind = 'repeat_contact'
union all by name
select k.kpi, c.day, c.seg, c.decided, c.occurring as ones, c.members - c.decided as open, c.matures as late
from journey_instances as c inner join kpis as k on k.journey = c.journey and k.kind = 'occurrence'
union all by name
select k.kpi, c.day, c.seg, c.members as decided, c.members as ones, 0 as open, c.started as late
from journey_instances as c inner join kpis as k on k.journey = c.journey and k.kind = 'volume'
union all by name
select c.kpi, c.day, c.seg, c.members as decided, c.ones, 0 as open, c.late, c.low, c.total, c.squares
from surveyed as c;

-- step: transitions
create table out.fct_stage_transitions as
with counted as (
    select v.journey, v.stage, v.next_stage, v.seg, local_day(v.journey, v.entered) as day, count(*) as n
    from whole_visits as v
    left join (select pid from instances where is_open) as o on v.pid = o.pid
    where v.next_stage is not null or o.pid is null
    group by all
)
select
    n.name as journey, s.stage_name as stage, coalesce(x.stage_name, '(end)') as next_stage, g.segment, g.segment_value,
    date '1970-01-01' + c.day as period_start, sum(c.n)::bigint as count_transitions
from counted as c
inner join segments as g on c.seg = g.seg
inner join journey_names as n on c.journey = n.journey
inner join stages as s on c.journey = s.journey and c.stage = s.stage
left join stages as x on c.journey = x.journey and c.next_stage = x.stage
group by all;

-- step: tallies
create temp table tallies as
with by_period as (
    select c.kpi, p.period, p.period_start, c.seg, sum(decided)::bigint as decided, sum(ones)::bigint as ones,
        sum(open)::bigint as open, max(late) as late, sum(low)::bigint as low, sum(total) as total, sum(squares) as squares
    from cells as c
    inner join periods as p on c.day = p.day
    group by all
)
select b.kpi, b.period, b.period_start, g.segment, g.segment_value, sum(decided)::bigint as decided,
    sum(ones)::bigint as ones, sum(open)::bigint as open, max(late) as late, sum(low)::bigint as low,
    sum(total) as total, sum(squares) as squares
from by_period as b
inner join segments as g on b.seg = g.seg
group by all;
