{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

-- Leaving for good is known only when the instance is over.
with visits as (
    select * from {{ ref('int_stage_visits') }} as visits
    {{ only_touched('int_touched_days', 'visits', ['journey', 'cohort_date=entered_date']) }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

moves as (
    select
        visits.journey,
        visits.stage,
        case
            when visits.next_stage is not null then visits.next_stage
            when visits.instance_matures_at <= clock.as_of then '(end)'
        end as next_stage,
        visits.profile,
        visits.entered_date as cohort_date,
        cast(count(*) as bigint) as count_transitions,
        {{ next_decided_at('visits.next_stage', 'visits.instance_matures_at', 'clock.as_of') }} as next_decided_at
    from visits
    cross join clock
    group by 1, 2, 3, 4, 5
)

select * from moves
