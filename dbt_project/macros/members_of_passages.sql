{#
    One member an instance and KPI of a kind that asks how often touchpoints happened in it before it was decided.
    `counted` says which `places` count, `outcome` what they mean; `among` leaves instances out.
#}
{% macro occurrence_members(kind, counted, outcome, among='true') -%}
with kpis as (
    select * from {{ ref('int_kpis') }}
    where kind = '{{ kind }}'
),

instances as (
    select * from {{ ref('int_instances') }}
    where {{ is_counted('started_date') }}
),

events as (
    select * from {{ ref('int_journey_events') }}
),

counting as (
    select
        kpis.kpi_number,
        places.place_number
    from kpis
    inner join {{ ref('int_touchpoints') }} as places on kpis.journey = places.journey and {{ counted }}
),

counts as (
    select
        counting.kpi_number,
        instances.actor_key,
        instances.passage,
        count(*) as count_events
    from events
    inner join counting on events.place_number = counting.place_number
    inner join instances on events.actor_key = instances.actor_key and events.passage = instances.passage
    where
        {{ moment_at('events.moment') }} < instances.window_ends_at
        and (instances.ended_at is null or {{ moment_at('events.moment') }} <= instances.ended_at)
    group by counting.kpi_number, instances.actor_key, instances.passage
),

members as (
    select
        {{ kpi_columns("'" ~ kind ~ "'", "'proportion'") | indent(8) }},
        {{ passage_id('instances') }} as subject_id,
        cast(1 as bigint) as member_number,
        instances.started_date as cohort_date,
        instances.profile,
        case when instances.is_mature then {{ share(outcome) }} end as outcome,
        instances.matures_at
    from instances
    inner join kpis on instances.journey = kpis.journey and {{ in_force('kpis', 'instances.started_date') }}
    left join counts
        on
            kpis.kpi_number = counts.kpi_number
            and instances.actor_key = counts.actor_key
            and instances.passage = counts.passage
    where {{ among }}
)

select {{ member_columns() }} from members
{%- endmacro %}

{# One member a spell of a kind about durations: whether it was over within the tolerance. #}
{% macro spell_members(kind) -%}
with spells as (
    select * from {{ ref('int_timed_spells') }}
    where kind = '{{ kind }}' and has_tolerance and {{ is_counted('started_date') }}
),

members as (
    select
        kpi_number,
        'share_within' as statistic,
        'proportion' as estimator,
        {{ passage_id('spells') }} as subject_id,
        member_number,
        started_date as cohort_date,
        profile,
        within_tolerance as outcome,
        coalesce(least(closed_at, late_at), gives_up_at) as matures_at
    from spells
)

select {{ member_columns() }} from members
{%- endmacro %}

{#
    One member a stage visit of a kind about moving on; `outcome` is that of a visit that did so in time. One that has
    moved on is known early, one that will not is known late: none counts before its window is over.
#}
{% macro moving_on_members(kind, outcome) -%}
{%- set over_at = add_seconds('visits.entered_at', 'kpis.window_seconds') -%}
select
    {{ kpi_columns("'" ~ kind ~ "'", "'proportion'") | indent(4) }},
    {{ passage_id('visits') }} as subject_id,
    visits.visit_number as member_number,
    visits.entered_date as cohort_date,
    visits.profile,
    case
        when {{ over_at }} > clock.as_of then null
        when visits.moved_on_at < {{ over_at }} then cast({{ outcome }} as double precision)
        else cast({{ 1 - outcome }} as double precision)
    end as outcome,
    {{ over_at }} as matures_at
from {{ ref('int_stage_visits') }} as visits
inner join {{ ref('int_kpis') }} as kpis
    on
        visits.stage_number = kpis.stage_number
        and kpis.kind = '{{ kind }}'
        and {{ in_force('kpis', 'visits.entered_date') }}
cross join {{ ref('stg_clock') }} as clock
where {{ is_counted('visits.entered_date') }}
{%- endmacro %}
