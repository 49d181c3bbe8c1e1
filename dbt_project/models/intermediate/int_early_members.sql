{{ config(materialized='view') }}

-- What moments of truth wait for, at fixed ages before it is decided: whether a stage visit has moved on, whether a
-- spell is over. An age less than a day before the outcome is known is none: it would say nothing earlier. Where a
-- calendar counts the hours there is none either: at the same age by the wall clock, days differ by how long they were
-- open.
with kpis as (
    select kpis.*
    from {{ ref('int_kpis') }} as kpis
    inner join {{ ref('int_map_moments') }} as moments
        on kpis.journey = moments.journey and kpis.map_version = moments.version and kpis.kpi = moments.kpi
),

ages (age_seconds) as (
    values
    {% for age in early_ages() -%}
    ({{ age }}){{ ',' if not loop.last }}
    {% endfor %}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

visits as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        visits.profile,
        visits.entered_date as cohort_date,
        visits.entered_at as started_at,
        visits.moved_on_at as reached_at,
        kpis.window_seconds as known_after_seconds
    from {{ ref('int_stage_visits') }} as visits
    inner join kpis
        on
            visits.stage_number = kpis.stage_number
            and kpis.kind in ('drop_off', 'conversion')
            and {{ in_force('kpis', 'visits.entered_date') }}
    where {{ is_counted('visits.entered_date') }}
),

spells as (
    select
        kpis.journey,
        kpis.kpi,
        kpis.kind,
        kpis.definition,
        spells.profile,
        spells.started_date as cohort_date,
        spells.started_at,
        spells.closed_at as reached_at,
        coalesce(kpis.tolerance_seconds, kpis.journey_window_seconds) as known_after_seconds
    from {{ ref('int_spells') }} as spells
    inner join kpis on spells.kpi_number = kpis.kpi_number and kpis.calendar is null
    where not spells.is_wrong_order and {{ is_counted('spells.started_date') }}
),

waiting as (
    select * from visits
    union all
    select * from spells
),

aged as (
    select
        waiting.*,
        ages.age_seconds,
        {{ add_seconds('waiting.started_at', 'ages.age_seconds') }} as by_then
    from waiting
    inner join ages on waiting.known_after_seconds >= ages.age_seconds + 86400
),

members as (
    select
        aged.journey,
        aged.kpi,
        aged.kind,
        aged.definition,
        aged.profile,
        aged.cohort_date,
        aged.age_seconds,
        {{ reached_by('aged.reached_at', 'aged.by_then', 'clock.as_of') | indent(8) }} as outcome,
        aged.by_then as matures_at
    from aged
    cross join clock
)

select * from members
