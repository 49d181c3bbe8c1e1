{{ config(materialized='view') }}

-- How far each period of a KPI about a duration has been in sight: until now, less the time that late rows may take, or
-- until a source of it went blind; by the KPI's clock.
with periods as (
    select distinct
        tallies.journey,
        tallies.kpi,
        tallies.calendar,
        periods.period,
        {{ first_day_in('periods.period', 'tallies.cohort_date') }} as period_start
    from {{ ref('int_duration_tallies') }} as tallies
    cross join (values ('day'), ('week')) as periods (period)
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

sources as (
    select * from {{ ref('int_kpi_sources') }}
),

blind_spots as (
    select * from {{ ref('stg_blind_spots') }}
),

pieces as (
    select * from {{ ref('stg_map_calendars') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

allowances as (
    select
        journey,
        kpi,
        max(late_seconds) as late_seconds
    from sources
    group by journey, kpi
),

timed as (
    select
        periods.*,
        {{ utc_of_midnight('periods.period_start', 'journeys.timezone') }} as starts_at,
        {{ utc_of_midnight(day_after('periods.period', 'periods.period_start'), 'journeys.timezone') }} as ends_at,
        cast(coalesce(allowances.late_seconds, 0) as bigint) as late_seconds,
        {{ add_seconds('clock.as_of', '-coalesce(allowances.late_seconds, 0)') }} as seen_at
    from periods
    cross join clock
    inner join journeys on periods.journey = journeys.journey
    left join allowances on periods.journey = allowances.journey and periods.kpi = allowances.kpi
),

first_blind as (
    select
        timed.journey,
        timed.kpi,
        timed.calendar,
        timed.period,
        timed.period_start,
        min(blind_spots.starts_at) as blind_at
    from timed
    inner join sources on timed.journey = sources.journey and timed.kpi = sources.kpi
    inner join blind_spots
        on sources.source = blind_spots.source and coalesce(timed.starts_at < blind_spots.ends_at, true)
    group by timed.journey, timed.kpi, timed.calendar, timed.period, timed.period_start
),

on_clocks as (
    select
        first_blind.*,
        case
            when first_blind.calendar is null then {{ microseconds('first_blind.blind_at') }}
            else {{ clock_of_piece('first_blind.blind_at', 'pieces') }}
        end as blind_clock
    from first_blind
    left join pieces on {{ in_piece('first_blind.blind_at', 'first_blind.calendar', 'pieces') }}
),

seen as (
    select
        timed.journey,
        timed.kpi,
        timed.calendar,
        timed.period,
        timed.period_start,
        {{ add_seconds('timed.ends_at', 'timed.late_seconds') }} > clock.as_of as is_under_way,
        coalesce(on_clocks.blind_at < timed.ends_at, false) as is_blind_at_once,
        case
            when timed.calendar is null then {{ microseconds('timed.seen_at') }}
            else {{ clock_of_piece('timed.seen_at', 'pieces') }}
        end as seen_clock,
        on_clocks.blind_clock
    from timed
    cross join clock
    left join pieces on {{ in_piece('timed.seen_at', 'timed.calendar', 'pieces') }}
    left join on_clocks
        on
            timed.journey = on_clocks.journey
            and timed.kpi = on_clocks.kpi
            and timed.period = on_clocks.period
            and timed.period_start = on_clocks.period_start
            and coalesce(timed.calendar, '') = coalesce(on_clocks.calendar, '')
)

select * from seen
