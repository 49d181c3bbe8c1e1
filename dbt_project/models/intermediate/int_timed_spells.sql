{{ config(materialized='view') }}

-- Each spell as the clock stands: `clock_time` is how long it took, or how long it is known to last, in microseconds.
with spells as (
    select * from {{ ref('int_spells') }}
),

calendars as (
    select * from {{ ref('int_calendar_now') }}
),

clock as (
    select
        as_of,
        {{ microseconds('as_of') }} as now_clock
    from {{ ref('stg_clock') }}
),

read_off as (
    select
        spells.*,
        clock.as_of,
        coalesce(calendars.now_clock, clock.now_clock) as now_clock
    from spells
    cross join clock
    left join calendars on spells.calendar = calendars.calendar
),

timed as (
    select
        *,
        closed_at is not null as is_closed,
        closed_at is null and gives_up_at > as_of as is_open,
        coalesce(closed_clock, least(now_clock, gives_up_clock)) - started_clock as clock_time,
        coalesce(closed_at, gives_up_at) as matures_at,
        case
            when not has_tolerance then null
            when tolerance_is_due and closed_at is not null then {{ share('coalesce(closed_at <= due_at, true)') }}
            when tolerance_is_due then case when due_at < as_of then cast(0 as double precision) end
            when closed_at is not null
                then {{ share('closed_clock - started_clock <= tolerance_seconds * 1000000') }}
            when now_clock - started_clock > tolerance_seconds * 1000000 then cast(0 as double precision)
        end as within_tolerance
    from read_off
)

select * from timed
