{#
    Members of a KPI that asks how often a touchpoint happened in an instance: one row an instance, decided when the
    instance is. Wants CTEs `kpis`, `instances`, `events`; the kind is the name of its statistic as well.
#}
{% macro occurrence_members() -%}
select
    kpis.journey,
    kpis.kpi,
    kpis.kind,
    kpis.kind as statistic,
    'proportion' as estimator,
    instances.instance_id as subject_id,
    cast(1 as bigint) as member_number,
    instances.started_date as cohort_date,
    case when instances.is_mature then {{ share('coalesce(counts.count_events, 0) >= kpis.at_least') }} end as outcome,
    instances.matures_at
from kpis
inner join instances on kpis.journey = instances.journey
left join (
    select
        events.journey,
        events.instance_id,
        events.touchpoint,
        count(*) as count_events
    from events
    where events.touchpoint in (select kpis.of_touchpoint from kpis)
    group by events.journey, events.instance_id, events.touchpoint
) as counts
    on
        instances.journey = counts.journey
        and instances.instance_id = counts.instance_id
        and kpis.of_touchpoint = counts.touchpoint
{%- endmacro %}
