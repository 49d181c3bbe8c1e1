{{ config(materialized='view') }}

-- Each spell as the clock stands: `clock_time` is how long it took, or how long it is known to last, in microseconds.
with spells as (
    select * from {{ ref('int_spells') }}
    where not is_wrong_order
),

kpis as (
    select * from {{ ref('int_kpis') }}
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
        kpis.journey,
        kpis.kpi,
        kpis.kpi_number,
        kpis.kind,
        kpis.definition,
        kpis.calendar,
        kpis.has_tolerance,
        kpis.tolerance_seconds * 1000000 as tolerance_length,
        spells.actor_key,
        spells.passage,
        spells.member_number,
        spells.started_at,
        spells.started_date,
        spells.closed_at,
        spells.gives_up_at,
        spells.late_at,
        spells.profile,
        coalesce(spells.started_clock, {{ microseconds('spells.started_at') }}) as started_clock,
        coalesce(spells.closed_clock, {{ microseconds('spells.closed_at') }}) as closed_clock,
        coalesce(spells.gives_up_clock, {{ microseconds('spells.gives_up_at') }}) as gives_up_clock,
        clock.as_of,
        coalesce(calendars.now_clock, clock.now_clock) as now_clock
    from spells
    inner join kpis on spells.kpi_number = kpis.kpi_number
    cross join clock
    left join calendars on kpis.calendar = calendars.calendar
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
            when closed_at is not null then {{ share('closed_clock - started_clock <= tolerance_length') }}
            when now_clock - started_clock > tolerance_length then cast(0 as double precision)
        end as within_tolerance
    from read_off
)

select * from timed
