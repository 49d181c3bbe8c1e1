{{ config(materialized='view') }}

with visits as (
    select * from {{ ref('int_stage_visits') }}
),

kpis as (
    select * from {{ ref('int_kpis') }}
),

windows as (
    select
        journey,
        map_version,
        stage,
        max(case when kind in ('drop_off', 'conversion') then window_seconds end) as stage_window_seconds
    from kpis
    where stage is not null
    group by journey, map_version, stage
),

stage_visits as (
    select
        visits.journey,
        visits.instance_id,
        visits.stage,
        visits.stage_position,
        visits.visit_number,
        visits.entered_at,
        visits.exited_at,
        visits.next_stage,
        visits.moved_on_at,
        {{ add_seconds(
            'visits.entered_at', 'coalesce(windows.stage_window_seconds, visits.journey_window_seconds)'
        ) }} as matures_at,
        visits.map_version
    from visits
    left join windows
        on
            visits.journey = windows.journey
            and visits.map_version = windows.map_version
            and visits.stage = windows.stage
)

select * from stage_visits
