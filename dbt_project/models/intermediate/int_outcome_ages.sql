{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_days', 'key': ['journey', 'cohort_date']}
) }}

-- How old the cases of a day were, in local days, when the rows came that decide them: a visit that moved on, a spell
-- that was over, an event of an instance. NULL as age: the cases themselves. Nothing in it depends on now.
with kpis as (
    select * from {{ ref('int_kpis') }}
),

instances as (
    select
        instances.*,
        instances.started_date as cohort_date
    from {{ ref('int_journey_instances') }} as instances
    {{ only_touched('int_touched_days', 'instances', ['journey', 'cohort_date=started_date']) }}
),

events as (
    select * from {{ ref('int_journey_events') }}
),

visits as (
    select * from {{ ref('int_stage_visits') }}
    where {{ is_counted('entered_date') }}
),

spells as (
    select * from {{ ref('int_spells') }}
    where not is_wrong_order and {{ is_counted('started_date') }}
),

moving as (
    select
        kpis.kpi_number,
        kpis.timezone,
        visits.entered_date as cohort_date,
        visits.moved_on_at as reached_at
    from visits
    inner join kpis
        on
            visits.stage_number = kpis.stage_number
            and kpis.kind in ('drop_off', 'conversion')
            and {{ in_force('kpis', 'visits.entered_date') }}
    union all
    select
        kpis.kpi_number,
        kpis.timezone,
        instances.cohort_date,
        instances.reached_last_stage_at as reached_at
    from instances
    inner join kpis
        on
            instances.journey = kpis.journey
            and kpis.stage is null
            and kpis.kind in ('drop_off', 'conversion')
            and {{ in_force('kpis', 'instances.cohort_date') }}
    union all
    select
        spells.kpi_number,
        kpis.timezone,
        spells.started_date as cohort_date,
        spells.closed_at as reached_at
    from spells
    inner join kpis on spells.kpi_number = kpis.kpi_number
),

of_cases as (
    select
        kpi_number,
        cohort_date,
        cast({{ local_date('reached_at', 'timezone') }} - cohort_date as integer) as age_days,
        cast(count(*) as bigint) as case_count
    from moving
    group by kpi_number, cohort_date, cast({{ local_date('reached_at', 'timezone') }} - cohort_date as integer)
),

-- Those that were never reached are cases all the same.
of_moving as (
    select
        kpi_number,
        cohort_date,
        cast(null as integer) as age_days,
        cast(sum(case_count) as bigint) as case_count
    from of_cases
    group by kpi_number, cohort_date
    union all
    select * from of_cases
    where age_days is not null
),

asked as (
    select
        kpi_number,
        journey,
        in_force_from,
        in_force_to
    from kpis
    where kind in ('occurrence', 'repeat_contact', 'first_contact', 'self_service')
),

walked as (
    select
        instances.journey,
        instances.cohort_date,
        cast(
            {{ local_date(moment_at('events.moment'), 'instances.timezone') }} - instances.cohort_date as integer
        ) as age_days,
        cast(count(*) as bigint) as case_count
    from events
    inner join instances on events.actor_key = instances.actor_key and events.passage = instances.passage
    where instances.journey in (select asked.journey from asked)
    group by
        instances.journey,
        instances.cohort_date,
        cast({{ local_date(moment_at('events.moment'), 'instances.timezone') }} - instances.cohort_date as integer)
    union all
    select
        instances.journey,
        instances.cohort_date,
        null as age_days,
        cast(count(*) as bigint) as case_count
    from instances
    where instances.journey in (select asked.journey from asked)
    group by instances.journey, instances.cohort_date
),

of_both as (
    select * from of_moving
    union all
    select
        asked.kpi_number,
        walked.cohort_date,
        walked.age_days,
        walked.case_count
    from walked
    inner join asked on walked.journey = asked.journey and {{ in_force('asked', 'walked.cohort_date') }}
),

named as (
    select
        kpis.journey,
        kpis.kpi,
        of_both.cohort_date,
        of_both.age_days,
        of_both.case_count
    from of_both
    inner join kpis on of_both.kpi_number = kpis.kpi_number
)

select * from named
{{ only_touched('int_touched_days', 'named', ['journey', 'cohort_date']) }}
