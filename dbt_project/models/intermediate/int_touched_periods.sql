-- The periods whose durations have to be counted again: those of touched days, and those of days with a spell that was
-- still open, for each hour that passes says more of it.
{% set before, last_run = as_it_was('int_kpi_quantiles'), ref('stg_last_run') %}
with days as (
    select * from {{ ref('int_touched_days') }}
    {% if not counting_anew() -%}
    union
    select
        before.journey,
        before.period_start as cohort_date
    from {{ before }} as before
    where before.period = 'day' and before.matures_at > (select last_run.as_of from {{ last_run }} as last_run)
    {%- endif %}
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
