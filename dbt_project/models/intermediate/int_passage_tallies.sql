{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

-- As far as passages came, by the stages as they stand on the map today.
with instances as (
    select
        instances.*,
        instances.started_date as cohort_date
    from {{ ref('int_instances') }} as instances
    {{ only_touched('int_touched_days', 'instances', ['journey', 'cohort_date=started_date']) }}
),

visits as (
    select * from {{ ref('int_stage_visits') }}
),

positions as (
    select
        numbers.stage_number,
        stages.position as stage_position
    from {{ ref('int_stages') }} as numbers
    inner join {{ ref('int_map_stages') }} as stages
        on numbers.journey = stages.journey and numbers.stage = stages.stage and stages.is_current
),

clock as (
    select * from {{ ref('stg_clock') }}
),

furthest as (
    select
        instances.actor_key,
        instances.passage,
        max(positions.stage_position) as furthest_position
    from instances
    inner join visits on instances.actor_key = visits.actor_key and instances.passage = visits.passage
    inner join positions on visits.stage_number = positions.stage_number
    group by instances.actor_key, instances.passage
),

tallied as (
    select
        instances.journey,
        instances.profile,
        instances.outcome,
        instances.cohort_date,
        furthest.furthest_position,
        cast(count(*) as bigint) as count_passages,
        {{ next_decided_at(
            "nullif(instances.outcome, 'open')", 'instances.matures_at', '(select clock.as_of from clock)'
        ) }} as next_decided_at
    from instances
    inner join furthest on instances.actor_key = furthest.actor_key and instances.passage = furthest.passage
    group by
        instances.journey, instances.profile, instances.outcome, instances.cohort_date, furthest.furthest_position
)

select * from tallied
