{{ config(materialized='view') }}

-- The open pieces of each calendar by the days of open time that they reach into: to find a moment by its open seconds.
with pieces as (
    select * from {{ ref('stg_map_calendars') }}
    where is_open
),

measured as (
    select
        calendar,
        starts_at,
        seconds_before,
        seconds_before + {{ seconds_between('starts_at', 'ends_at') }} as seconds_after
    from pieces
),

reached as (
    select
        *,
        cast(floor(seconds_before / 86400) as bigint) as bucket
    from measured
    union all
    select
        *,
        cast(floor(seconds_after / 86400) as bigint) as bucket
    from measured
    where floor(seconds_after / 86400) > floor(seconds_before / 86400)
)

select * from reached
