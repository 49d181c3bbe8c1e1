{{ config(materialized='view') }}

-- A promise is counted on the day when it falls due, and decided when that day is over; beside it, on the day of the
-- start: closed_within, the share closed early, and how many cases have no promise.
with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'promises_kept'
),

clock as (
    select * from {{ ref('stg_clock') }}
),

due as (
    select promises.*
    from {{ ref('int_promises') }} as promises
    inner join kpis on promises.kpi_number = kpis.kpi_number and {{ in_force('kpis', 'promises.due_date') }}
    where not promises.is_wrong_order and {{ is_counted('promises.due_date') }}
),

started as (
    select
        promises.*,
        case
            when kpis.within_seconds is not null
                then {{ add_seconds('promises.started_at', 'kpis.within_seconds') }}
            else {{ time_at(
                microseconds('promises.started_at') ~ ' + least(('
                ~ microseconds('promises.due_at') ~ ' - ' ~ microseconds('promises.started_at') ~ ') >> 2, '
                ~ 'cast(604800000000 as bigint))'
            ) }}
        end as early_until
    from {{ ref('int_promises') }} as promises
    inner join kpis on promises.kpi_number = kpis.kpi_number and {{ in_force('kpis', 'promises.started_date') }}
    where not promises.is_wrong_order and {{ is_counted('promises.started_date') }}
),

members as (
    select
        due.kpi_number,
        'promises_kept' as statistic,
        'proportion' as estimator,
        {{ passage_id('due') }} as subject_id,
        due.member_number,
        due.due_date as cohort_date,
        due.profile,
        case
            when due.due_day_ends_at <= clock.as_of then {{ share('coalesce(due.closed_at <= due.due_at, false)') }}
        end as outcome,
        due.due_day_ends_at as matures_at
    from due
    cross join clock
    union all
    select
        started.kpi_number,
        'closed_within' as statistic,
        'proportion' as estimator,
        {{ passage_id('started') }} as subject_id,
        started.member_number,
        started.started_date as cohort_date,
        started.profile,
        case
            when started.early_until <= clock.as_of
                then {{ share('coalesce(started.closed_at <= started.early_until, false)') }}
        end as outcome,
        started.early_until as matures_at
    from started
    cross join clock
    where started.due_at is not null
    union all
    select
        started.kpi_number,
        'without_promise' as statistic,
        'count' as estimator,
        {{ passage_id('started') }} as subject_id,
        started.member_number,
        started.started_date as cohort_date,
        started.profile,
        cast(1 as double precision) as outcome,
        coalesce(started.closed_at, started.gives_up_at) as matures_at
    from started
    where started.due_at is null
)

select {{ member_columns() }} from members
