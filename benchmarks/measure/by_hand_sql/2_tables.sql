-- step: write instances
-- A path is its stages, three bits each, in two integers: the text is made once for each distinct path.
create temp table paths as
select pid,
    bit_or(case when vi < 20 then stage << (3 * vi) else 0 end) as low,
    bit_or(case when vi >= 20 then stage << (3 * (vi - 20)) else 0 end) as high,
    bit_count(bit_or(1 << stage::tinyint)) as count_stages,
    case when max(vi) >= 40 then error('an instance with more than forty visits') end as too_long
from whole_visits
group by pid;

create temp table path_texts as
select low, high, j.journey,
    list_aggregate(
        [stage_name(j.journey, (case when i < 20 then low >> (3 * i) else high >> (3 * (i - 20)) end) & 7)
            for i in range(40) if (case when i < 20 then low >> (3 * i) else high >> (3 * (i - 20)) end) & 7 > 0],
        'string_agg', ' > ') as path
from (select distinct low, high from paths), (values (0), (1), (2)) as j (journey);

create temp table customers as
select hash(customer_id) & 18446744073709551612::ubigint as key, any_value(customer_id) as customer_id
from src.raw.touchpoint_events
group by 1;

create table out.fct_journey_instances as
select
    n.name as journey, i.pid as instance_id, c.customer_id,
    make_timestamp(i.started) as started_at, make_timestamp(i.ended) as ended_at,
    case when i.ended is not null then 'completed' when i.is_open then 'open' else 'lost' end as outcome,
    t.path, i.count_events, p.count_stages, make_timestamp(i.matures) as matures_at, 1 as map_version
from instances as i
inner join journey_names as n on i.journey = n.journey
inner join customers as c on i.key & 18446744073709551612::ubigint = c.key
inner join paths as p on i.pid = p.pid
inner join path_texts as t on p.low = t.low and p.high = t.high and i.journey = t.journey;

drop table paths;
drop table customers;

-- step: write visits
create table out.fct_stage_visits as
select
    s.journey_name as journey, v.pid as instance_id, s.stage_name as stage, s.stage::integer as stage_position,
    v.visit_number, make_timestamp(v.entered) as entered_at, make_timestamp(v.exited) as exited_at,
    x.stage_name as next_stage, make_timestamp(v.moved_on) as moved_on_at,
    make_timestamp(v.entered + s.drop_window) as matures_at, 1 as map_version
from whole_visits as v
inner join stages as s on v.journey * 8 + v.stage = s.code
left join stages as x on v.journey * 8 + v.next_stage = x.code;

-- step: answers
create temp table answers as
with
asked as (
    select
        (hash(r.customer_id) & 18446744073709551612::ubigint) | k.journey as key, k.kpi, k.journey,
        epoch_us(r.responded_at) as moment, r.score, s.code as seg, r.response_id
    from src.raw.survey_responses as r
    inner join survey_kpis as k
        on r.survey = k.survey and r.question = k.question and r.scale_min = k.scale_min and r.scale_max = k.scale_max
    inner join segment_texts as s on r.segments = s.segments
    where r.responded_at <= {as_of} and r.score is not null
)
select
    a.kpi, a.journey, a.moment, a.score, a.response_id, i.pid,
    (case when (a.seg >> 3) < 3 then a.seg >> 3 else coalesce(i.seg >> 3, 3) end * 8
        + case when (a.seg & 7) < 4 then a.seg & 7 else coalesce(i.seg & 7, 4) end)::tinyint as seg
from asked as a
asof left join instances as i on a.key = i.key and a.moment >= i.started;

create table out.fct_responses as
select
    n.name as journey, k.kpi_id as kpi, a.response_id, a.pid as instance_id, k.survey, k.question, a.score,
    a.score >= k.box_min as is_top, k.kind = 'nps' and a.score <= 6 as is_bottom,
    make_timestamp(a.moment) as responded_at, local_date(a.journey, a.moment) as responded_date
from answers as a
inner join survey_kpis as k on a.kpi = k.kpi
inner join journey_names as n on a.journey = n.journey;
