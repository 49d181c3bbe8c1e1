{{ config(
    materialized='incremental', incremental_strategy='replace_touched', on_schema_change='fail',
    meta={'touched': 'int_touched_instances', 'key': ['actor_key', 'passage']}, indexes=key_index(['actor_key', 'passage'])
) }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind in ('time_to_resolve', 'time_in_stage')
),

places as (
    select * from {{ ref('int_touchpoints') }}
),

events as (
    select * from {{ ref('int_journey_events') }} as events
    {{ only_touched('int_touched_instances', 'events', ['actor_key', 'passage']) }}
),

visits as (
    select * from {{ ref('int_stage_visits') }} as visits
    {{ only_touched('int_touched_instances', 'visits', ['actor_key', 'passage']) }}
),

instances as (
    select * from {{ ref('int_journey_instances') }} as instances
    {{ only_touched('int_touched_instances', 'instances', ['actor_key', 'passage']) }}
),

{{ ctes_turns() }},

resolving as (
    select
        turns.kpi_number,
        turns.actor_key,
        turns.passage,
        turns.member_number,
        {{ moment_at('turns.moment') }} as started_at,
        {{ local_date(moment_at('turns.moment'), 'instances.timezone') }} as started_date,
        {{ moment_at('turns.close_moment') }} as closed_at,
        turns.is_wrong_order,
        instances.profile
    from turns
    inner join instances on turns.actor_key = instances.actor_key and turns.passage = instances.passage
    where turns.is_from
),

staying as (
    select
        kpis.kpi_number,
        visits.actor_key,
        visits.passage,
        visits.visit_number as member_number,
        visits.entered_at as started_at,
        visits.entered_date as started_date,
        visits.exited_at as closed_at,
        false as is_wrong_order,
        visits.profile
    from visits
    inner join kpis on visits.stage_number = kpis.stage_number and kpis.kind = 'time_in_stage'
),

found as (
    select * from resolving
    union all
    select * from staying
),

spells as (
    select
        found.*,
        {{ add_seconds('found.started_at', 'kpis.journey_window_seconds') }} as gives_up_at
    from found
    inner join kpis
        on
            found.kpi_number = kpis.kpi_number
            and found.started_date >= kpis.in_force_from and found.started_date < kpis.in_force_to
),

{{ clock_spells() }}

select * from clocked
