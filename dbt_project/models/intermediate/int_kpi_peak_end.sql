{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'peak_end'
),

instances as (
    select * from {{ ref('int_journey_instances') }}
    where {{ is_counted('started_date') }}
),

answers as (
    select * from {{ ref('int_placed_sayings') }}
    where
        journey in (select kpis.journey from kpis)
        and {{ are_scored() }} and {{ is_counted('passage_started_date') }}
),

{{ rank_experiences() }},

clock as (
    select * from {{ ref('stg_clock') }}
),

statistics (statistic, estimator) as (
    values ('peak_end', 'mean'), ('coverage', 'proportion')
),

-- Answers come after the end: nothing is decided before they had their time.
members as (
    select
        {{ kpi_columns('statistics.statistic', 'statistics.estimator') | indent(8) }},
        {{ passage_id('instances') }} as subject_id,
        cast(1 as bigint) as member_number,
        instances.started_date as cohort_date,
        instances.profile,
        case
            when {{ add_seconds('instances.matures_at', 'kpis.window_seconds') }} > clock.as_of then null
            when statistics.statistic = 'coverage' then {{ share('experiences.peak_end is not null') }}
            else experiences.peak_end
        end as outcome,
        {{ add_seconds('instances.matures_at', 'kpis.window_seconds') }} as matures_at
    from instances
    inner join kpis on instances.journey = kpis.journey and {{ in_force('kpis', 'instances.started_date') }}
    cross join clock
    cross join statistics
    left join experiences
        on instances.actor_key = experiences.actor_key and instances.passage = experiences.passage
    where statistics.statistic = 'coverage' or experiences.peak_end is not null
)

select {{ member_columns() }} from members
