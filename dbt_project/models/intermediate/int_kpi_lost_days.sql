{{ config(materialized='view') }}

with sources as (
    select * from {{ ref('int_kpi_sources') }}
),

blind_spots as (
    select * from {{ ref('stg_blind_spots') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
    where is_current
),

clock as (
    select * from {{ ref('stg_clock') }}
),

gaps as (
    select distinct
        sources.journey,
        sources.kpi,
        journeys.timezone,
        blind_spots.starts_at,
        {{ local_date('blind_spots.starts_at', 'journeys.timezone') }} as first_date,
        {{ local_date(
            add_seconds('coalesce(blind_spots.ends_at, clock.as_of)', '-0.000001'), 'journeys.timezone'
        ) }} as last_date
    from blind_spots
    inner join sources on blind_spots.source = sources.source
    inner join journeys on sources.journey = journeys.journey
    cross join clock
),

counted as (
    select
        *,
        {{ whole_numbers(0, 'last_date - first_date') }} as number
    from gaps
),

days as (
    select
        *,
        cast(first_date + cast(number as integer) as date) as lost_date
    from counted
),

-- The gap begins where it begins: a case that was decided that morning was seen.
lost_days as (
    select
        journey,
        kpi,
        lost_date,
        min(greatest(starts_at, {{ utc_of_midnight('lost_date', 'timezone') }})) as lost_at
    from days
    group by journey, kpi, lost_date
)

select * from lost_days
