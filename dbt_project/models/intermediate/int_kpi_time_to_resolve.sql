{{ config(materialized='view') }}

with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = 'time_to_resolve'
),

events as (
    select * from {{ ref('int_journey_events') }}
),

instances as (
    select * from {{ ref('int_journey_instances') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

marks as (
    select
        kpis.journey,
        kpis.kpi,
        events.instance_id,
        events.event_number,
        events.occurred_at,
        events.due_at,
        events.touchpoint = kpis.from_touchpoint as is_from,
        lag(events.touchpoint = kpis.from_touchpoint) over (
            partition by kpis.journey, kpis.kpi, events.instance_id order by events.event_number
        ) as was_from
    from events
    inner join kpis
        on events.journey = kpis.journey and events.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
),

-- Repeated marks say nothing new: the clock runs from the first `from` to the first `to` after it, and a `from` after
-- that is a new spell.
turns as (
    select
        *,
        lead(occurred_at) over (partition by journey, kpi, instance_id order by event_number) as closed_at,
        row_number() over (partition by journey, kpi, instance_id order by event_number) as member_number
    from marks
    where was_from is null or was_from <> is_from
),

spells as (
    select
        turns.journey,
        turns.kpi,
        kpis.kind,
        turns.instance_id as subject_id,
        turns.member_number,
        {{ local_date('turns.occurred_at', 'kpis.timezone') }} as cohort_date,
        turns.occurred_at as started_at,
        turns.closed_at,
        case
            when kpis.tolerance_is_due then coalesce(turns.due_at, instances.first_due_at)
            else {{ add_seconds('turns.occurred_at', 'kpis.tolerance_seconds') }}
        end as due_at,
        kpis.has_tolerance,
        {{ add_seconds('turns.occurred_at', 'kpis.journey_window_seconds') }} as gives_up_at
    from turns
    inner join kpis on turns.journey = kpis.journey and turns.kpi = kpis.kpi
    inner join instances on turns.journey = instances.journey and turns.instance_id = instances.instance_id
    where turns.is_from
),

members as (
    {{ duration_members() | indent(4) }}
)

select {{ member_columns() }} from members
