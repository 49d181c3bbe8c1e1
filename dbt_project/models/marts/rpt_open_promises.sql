-- An age is that of the case, not of the delay: a backlog behind long promises shows long before they fall due.
with promises as (
    select * from {{ ref('int_promises') }}
    where closed_at is null and due_at is not null and not is_wrong_order
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

segments as (
    select * from {{ ref('int_profile_segments') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

aged as (
    select
        kpis.journey,
        kpis.kpi,
        segments.segment,
        segments.segment_value,
        {{ seconds_between('promises.started_at', 'clock.as_of') }} / 86400 as age_days,
        promises.due_at < clock.as_of as is_overdue
    from promises
    inner join kpis on promises.kpi_number = kpis.kpi_number and {{ in_force('kpis', 'promises.started_date') }}
    inner join kpis as current_kpis
        on kpis.journey = current_kpis.journey and kpis.kpi = current_kpis.kpi and current_kpis.is_current
    inner join segments on kpis.journey = segments.journey and promises.profile = segments.profile
    cross join clock
),

banded as (
    select
        *,
        case
            when age_days < 1 then 0
            when age_days < 7 then 1
            when age_days < 28 then 7
            when age_days < 90 then 28
            else 90
        end as age_from_days
    from aged
),

counted as (
    select
        journey,
        kpi,
        segment,
        segment_value,
        age_from_days,
        cast(sum(case when is_overdue then 0 else 1 end) as bigint) as count_not_due,
        cast(sum(case when is_overdue then 1 else 0 end) as bigint) as count_overdue
    from banded
    group by journey, kpi, segment, segment_value, age_from_days
),

-- Of a segment too small to be shown, nothing is shown.
shown as (
    select
        counted.journey,
        counted.kpi,
        counted.segment,
        counted.segment_value,
        cast(counted.age_from_days as integer) as age_from_days,
        counted.count_not_due,
        counted.count_overdue
    from counted
    inner join journeys on counted.journey = journeys.journey
    where
        counted.segment = 'all'
        or journeys.min_cell <= 1
        or counted.count_not_due + counted.count_overdue >= journeys.min_cell
)

select * from shown
