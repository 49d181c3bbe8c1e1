{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

-- Leaving for good is known only when the instance is over.
with stages as (
    select * from {{ ref('int_stages') }}
),

all_visits as (
    select
        stages.journey,
        stages.stage,
        visits.next_stage_number,
        visits.profile,
        visits.entered_date as cohort_date,
        visits.instance_matures_at
    from {{ ref('int_stage_visits') }} as visits
    inner join stages on visits.stage_number = stages.stage_number
),

visits as (
    select * from all_visits
    {{ only_touched('int_touched_days', 'all_visits', ['journey', 'cohort_date']) }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

moves as (
    select
        visits.journey,
        visits.stage,
        case
            when visits.next_stage_number is not null then next_stages.stage
            when visits.instance_matures_at <= clock.as_of then '(end)'
        end as next_stage,
        visits.profile,
        visits.cohort_date,
        cast(count(*) as bigint) as count_transitions,
        {{ next_decided_at('visits.next_stage_number', 'visits.instance_matures_at', 'clock.as_of') }}
            as next_decided_at
    from visits
    cross join clock
    left join stages as next_stages on visits.next_stage_number = next_stages.stage_number
    group by 1, 2, 3, 4, 5
)

select * from moves
