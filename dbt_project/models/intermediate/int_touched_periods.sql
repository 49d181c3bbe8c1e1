{{ config(materialized='view') }}

with days as (
    select * from {{ ref('int_touched_days') }}
),

periods as (
    select
        journey,
        'day' as period,
        cohort_date as period_start
    from days
    union
    select
        journey,
        'week' as period,
        {{ first_day_of('week', 'cohort_date') }} as period_start
    from days
    union
    select
        journey,
        'month' as period,
        {{ first_day_of('month', 'cohort_date') }} as period_start
    from days
)

select * from periods
