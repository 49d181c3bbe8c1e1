{{ config(materialized='view') }}

with visits as (
    select * from {{ ref('int_stage_visits') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

paths as (
    select
        visits.actor_key,
        visits.passage,
        string_agg(stages.stage, ' > ' order by visits.event_number) as path,
        cast(count(distinct visits.stage_number) as bigint) as count_stages
    from visits
    inner join stages on visits.stage_number = stages.stage_number
    group by visits.actor_key, visits.passage
)

select * from paths
