{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'conversion' and stage is null
),

instances as (
    select * from {{ ref('int_journey_instances') }}
    where {{ is_counted('started_date') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

cohorts as (
    select
        {{ kpi_columns("'conversion'", "'proportion'") | indent(8) }},
        {{ passage_id('instances') }} as subject_id,
        cast(1 as bigint) as member_number,
        instances.started_date as cohort_date,
        instances.profile,
        instances.reached_last_stage_at as reached_at,
        {{ add_seconds('instances.started_at', 'kpis.window_seconds') }} as matures_at
    from instances
    inner join kpis on instances.journey = kpis.journey and {{ in_force('kpis', 'instances.started_date') }}
),

-- As with drop-off, nothing counts before its window is over.
members as (
    select
        cohorts.*,
        case
            when cohorts.matures_at <= clock.as_of
                then {{ share('coalesce(cohorts.reached_at < cohorts.matures_at, false)') }}
        end as outcome
    from cohorts
    cross join clock
),

of_both as (
    select {{ member_columns() }} from members
    union all
    select {{ member_columns() }}
    from (
        {{ moving_on_members('conversion', 1) | indent(8) }}
    ) as of_stages
)

select * from of_both
