-- What was loaded in bulk falls due together: such a day is an echo of one long ago, not news of the days around it.
with promises as (
    select * from {{ ref('int_promises') }}
    where due_at is not null and not is_wrong_order
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

inside as (
    select
        journey,
        profile
    from {{ ref('int_profile_segments') }}
    where segment = 'all'
),

clock as (
    select * from {{ ref('stg_clock') }}
),

by_start as (
    select
        kpis.journey,
        kpis.kpi,
        promises.due_date,
        promises.started_date,
        count(*) as count_promises,
        sum(case when promises.closed_at is null then 1 else 0 end) as count_open
    from promises
    inner join kpis on promises.kpi_number = kpis.kpi_number and {{ in_force('kpis', 'promises.due_date') }}
    inner join kpis as current_kpis
        on kpis.journey = current_kpis.journey and kpis.kpi = current_kpis.kpi and current_kpis.is_current
    inner join inside on kpis.journey = inside.journey and promises.profile = inside.profile
    cross join clock
    where
        promises.due_at >= {{ add_seconds('clock.as_of', '-2419200') }}
        and promises.due_at < {{ add_seconds('clock.as_of', '2419200') }}
    group by kpis.journey, kpis.kpi, promises.due_date, promises.started_date
),

ranked as (
    select
        *,
        row_number() over (
            partition by journey, kpi, due_date order by count_promises desc, started_date asc
        ) as nth_largest
    from by_start
),

by_day as (
    select
        journey,
        kpi,
        due_date,
        cast(sum(count_promises) as bigint) as count_promises,
        cast(sum(count_open) as bigint) as count_open,
        max(case when nth_largest = 1 then started_date end) as largest_started_date,
        cast(max(case when nth_largest = 1 then count_promises end) as bigint) as largest_count
    from ranked
    group by journey, kpi, due_date
),

usual as (
    select
        journey,
        kpi,
        percentile_cont(0.5) within group (order by count_promises) as median_count
    from by_day
    group by journey, kpi
),

flagged as (
    select
        by_day.journey,
        by_day.kpi,
        by_day.due_date,
        by_day.count_promises,
        by_day.count_open,
        by_day.largest_started_date,
        by_day.largest_count,
        by_day.count_promises >= 30
        and by_day.count_promises >= 3 * usual.median_count
        and 2 * by_day.largest_count >= by_day.count_promises as is_bulk
    from by_day
    inner join usual on by_day.journey = usual.journey and by_day.kpi = usual.kpi
)

select * from flagged
