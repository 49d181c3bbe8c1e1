with touchpoints as (
    select * from {{ ref('dim_touchpoints') }}
    where is_current
),

stages as (
    select * from {{ ref('dim_stages') }}
    where is_current
),

kpis as (
    select * from {{ ref('int_kpis') }}
    where is_current
),

kpi_sources as (
    select * from {{ ref('int_kpi_sources') }}
),

evidence as (
    select * from {{ ref('int_touchpoint_evidence') }}
),

stage_evidence as (
    select
        touchpoints.journey,
        touchpoints.stage,
        sum(evidence.count_events) as count_events,
        sum(evidence.count_events_28d) as count_events_28d,
        min(evidence.first_evidence_at) as first_evidence_at,
        max(evidence.last_evidence_at) as last_evidence_at
    from touchpoints
    inner join evidence on touchpoints.touchpoint = evidence.touchpoint
    group by touchpoints.journey, touchpoints.stage
),

kpi_evidence as (
    select
        journey,
        kpi,
        sum(count_events) as count_events,
        min(first_evidence_at) as first_evidence_at,
        max(last_evidence_at) as last_evidence_at
    from kpi_sources
    group by journey, kpi
),

elements as (
    select
        touchpoints.journey,
        'touchpoint' as element,
        touchpoints.touchpoint as name,
        touchpoints.stage,
        coalesce(evidence.count_events, 0) as count_events,
        coalesce(evidence.count_events_28d, 0) as count_events_28d,
        coalesce(evidence.count_customers_28d, 0) as count_customers_28d,
        evidence.first_evidence_at,
        evidence.last_evidence_at
    from touchpoints
    left join evidence on touchpoints.touchpoint = evidence.touchpoint
    union all
    select
        stages.journey,
        'stage' as element,
        stages.stage as name,
        stages.stage,
        coalesce(stage_evidence.count_events, 0) as count_events,
        coalesce(stage_evidence.count_events_28d, 0) as count_events_28d,
        null as count_customers_28d,
        stage_evidence.first_evidence_at,
        stage_evidence.last_evidence_at
    from stages
    left join stage_evidence on stages.journey = stage_evidence.journey and stages.stage = stage_evidence.stage
    union all
    select
        kpis.journey,
        'kpi' as element,
        kpis.kpi as name,
        kpis.stage,
        coalesce(kpi_evidence.count_events, 0) as count_events,
        null as count_events_28d,
        null as count_customers_28d,
        kpi_evidence.first_evidence_at,
        kpi_evidence.last_evidence_at
    from kpis
    left join kpi_evidence on kpis.journey = kpi_evidence.journey and kpis.kpi = kpi_evidence.kpi
    union all
    select
        '(none)' as journey,
        'unmapped_touchpoint' as element,
        evidence.touchpoint as name,
        null as stage,
        evidence.count_events,
        evidence.count_events_28d,
        evidence.count_customers_28d,
        evidence.first_evidence_at,
        evidence.last_evidence_at
    from evidence
    where evidence.touchpoint not in (select touchpoints.touchpoint from touchpoints)
),

coverage as (
    select
        journey,
        element,
        name,
        stage,
        cast(count_events as bigint) as count_events,
        cast(count_events_28d as bigint) as count_events_28d,
        cast(count_customers_28d as bigint) as count_customers_28d,
        first_evidence_at,
        last_evidence_at,
        count_events > 0 as has_evidence
    from elements
)

select * from coverage
