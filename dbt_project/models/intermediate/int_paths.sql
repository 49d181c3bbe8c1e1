{{ config(materialized='view') }}

with visits as (
    select * from {{ ref('int_stage_visits') }}
),

paths as (
    select
        actor_key,
        passage,
        string_agg(stage, ' > ' order by event_number) as path
    from visits
    group by actor_key, passage
)

select * from paths
