{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'time_in_stage'
),

visits as (
    select * from {{ ref('int_stage_visits') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

spells as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        visits.instance_id as subject_id,
        visits.visit_number as member_number,
        visits.entered_date as cohort_date,
        visits.entered_at as started_at,
        visits.exited_at as closed_at,
        {{ add_seconds('visits.entered_at', 'kpis.tolerance_seconds') }} as due_at,
        kpis.has_tolerance,
        {{ add_seconds('visits.entered_at', 'kpis.journey_window_seconds') }} as gives_up_at
    from visits
    inner join kpis on visits.journey = kpis.journey and visits.stage = kpis.stage
),

members as (
    {{ duration_members() | indent(4) }}
)

select {{ member_columns() }} from members
