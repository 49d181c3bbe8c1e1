-- step: durations by cell
-- Exploded to each period and segment, in a number: spells are few against events. The closed ones sorted, in a list.
create temp table spread as
select
    k.kpi::bigint * 10000000 + (p.cell * 100 + g.number) as cell,
    ((coalesce(s.closes, least({as_of_us}, s.begins + {window})) - s.begins) // 1000000)::integer as lasted,
    s.closes is not null as is_closed,
    s.closes is null and s.begins + {window} > {as_of_us} as is_open,
    coalesce(s.closes, s.begins + {window}) as late
from spells as s
inner join kpis as k on s.journey = k.journey and s.kind = k.spell_kind
inner join periods as p on local_day(s.journey, s.begins) = p.day
inner join segments as g on s.seg = g.seg;

create temp table lists as
select
    cell, count(*) as n, list_sort(list(lasted) filter (where is_closed)) as closed,
    min(lasted) filter (where not is_closed) as first_censored, count(*) filter (where is_open) as open, max(late) as late
from spread
group by cell;

-- step: order statistics
-- Where everything censored lasted longer than all that closed, S after the i-th of n is 1 - i/n and Greenwood's sum is
-- i / (n (n - i)): value and bounds are the order statistics whose ranks the table `ranks` holds for each n.
create temp table quantiles as
select
    l.cell, r.statistic, l.n, l.open, l.late,
    l.closed[r.middle] as value,
    case when l.closed[r.low] < l.closed[l.n] or len(l.closed) < l.n then l.closed[r.low] end as ci_low,
    case when l.closed[r.high] < l.closed[l.n] or len(l.closed) < l.n then l.closed[r.high] end as ci_high
from (
    select cell, n, coalesce(closed, []) as closed, open, late from lists
    where coalesce(first_censored >= closed[-1], true)
) as l
inner join ranks as r on l.n = r.n;

-- step: kaplan-meier
insert into quantiles
with
others as (select cell, n, open, late from lists where first_censored < closed[-1]),
counted as (
    select s.cell, s.lasted, count(*) as leave, count(*) filter (where s.is_closed) as closed
    from spread as s semi join others using (cell)
    group by all
),
at_risk as (
    select c.cell, c.lasted, c.closed::double as d,
        (o.n - sum(c.leave) over (partition by c.cell order by c.lasted) + c.leave)::double as r
    from counted as c inner join others as o using (cell)
),
survival as (
    select cell, lasted, d,
        case when max((d = r)::int) over w = 1 then 0.0
            else exp(sum(case when d < r then ln((r - d) / r) else 0 end) over w) end as s,
        sum(case when d < r then d / (r * (r - d)) else 0 end) over w as g
    from at_risk
    window w as (partition by cell order by lasted)
),
bounds as (
    select *,
        case when s > 0 and s < 1 then exp(-exp(ln(-ln(s)) + {z} * sqrt(g) / abs(ln(s)))) end as low,
        case when s > 0 and s < 1 then exp(-exp(ln(-ln(s)) - {z} * sqrt(g) / abs(ln(s)))) end as high
    from survival
    where d > 0
)
select
    o.cell, q.statistic, o.n, o.open, o.late,
    min(b.lasted) filter (where b.s <= q.q + 1e-12) as value,
    min(b.lasted) filter (where b.low <= q.q + 1e-12) as ci_low,
    min(b.lasted) filter (where b.high <= q.q + 1e-12) as ci_high
from others as o
cross join (values ('median', 0.5::double), ('p90', 0.1::double)) as q (statistic, q)
left join bounds as b on o.cell = b.cell
group by all;
