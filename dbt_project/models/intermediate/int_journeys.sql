{{ config(materialized='table') }}

with journeys as (
    select * from {{ ref('stg_map_journeys') }}
),

stages as (
    select * from {{ ref('stg_map_stages') }}
),

current_ones as (
    select
        journey,
        coalesce(timezone, 'UTC') as timezone
    from journeys
    where is_current
),

last_stages as (
    select
        journey,
        version,
        max(position) as last_stage_position
    from stages
    group by journey, version
),

-- Days are cut in the zone of the current map, whatever an earlier one said; the first version holds from ever.
dated as (
    select
        journeys.*,
        current_ones.timezone as zone,
        case
            when row_number() over (
                partition by journeys.journey order by journeys.is_current, journeys.version
            ) = 1 then date '1900-01-01'
            else {{ local_date('journeys.valid_from', 'current_ones.timezone') }}
        end as in_force_from
    from journeys
    inner join current_ones on journeys.journey = current_ones.journey
),

bounded as (
    select
        *,
        coalesce(
            min(in_force_from) over (
                partition by journey order by is_current, version rows between 1 following and unbounded following
            ),
            date '2200-01-01'
        ) as in_force_to
    from dated
),

described as (
    select
        bounded.journey,
        bounded.version as map_version,
        bounded.is_current,
        bounded.zone as timezone,
        bounded.window_seconds,
        bounded.idle_seconds,
        coalesce(bounded.min_cell, 1) as min_cell,
        last_stages.last_stage_position,
        bounded.in_force_from,
        bounded.in_force_to,
        {{ utc_of_midnight('bounded.in_force_from', 'bounded.zone') }} as in_force_from_at,
        {{ utc_of_midnight('bounded.in_force_to', 'bounded.zone') }} as in_force_to_at
    from bounded
    left join last_stages on bounded.journey = last_stages.journey and bounded.version = last_stages.version
    where bounded.in_force_from < bounded.in_force_to
)

select * from described
