with kpis as (
    select * from {{ ref('int_kpis') }}
),

events as (
    select * from {{ ref('int_journey_events') }}
),

responses as (
    select * from {{ ref('int_responses') }}
),

sources as (
    select * from {{ ref('stg_map_sources') }}
),

event_evidence as (
    select
        journey,
        stage,
        stage_position,
        touchpoint,
        is_start,
        source,
        count(*) as count_events,
        min(occurred_at) as first_evidence_at,
        max(occurred_at) as last_evidence_at
    from events
    group by journey, stage, stage_position, touchpoint, is_start, source
),

-- A source feeds a KPI if its silence could change the number: of a share of instances also the touchpoints that start
-- one, of a stage also every later stage. Evidence of a KPI are the events that its definition speaks of.
of_events as (
    select
        kpis.journey,
        kpis.kpi,
        event_evidence.source,
        event_evidence.count_events,
        event_evidence.first_evidence_at,
        event_evidence.last_evidence_at,
        case
            when kpis.of_touchpoint is not null then event_evidence.touchpoint = kpis.of_touchpoint
            when kpis.from_touchpoint is not null
                then event_evidence.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
            else event_evidence.stage = coalesce(kpis.stage, event_evidence.stage)
        end as is_evidence
    from kpis
    inner join event_evidence on kpis.journey = event_evidence.journey
    where
        kpis.survey is null
        and case
            when kpis.kind = 'volume' and kpis.of_touchpoint is not null
                then event_evidence.touchpoint = kpis.of_touchpoint
            when kpis.of_touchpoint is not null
                then event_evidence.touchpoint = kpis.of_touchpoint or event_evidence.is_start
            when kpis.from_touchpoint is not null
                then event_evidence.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
            else event_evidence.stage_position >= coalesce(kpis.stage_position, 0)
        end
),

of_answers as (
    select
        journey,
        kpi,
        source,
        count(*) as count_events,
        min(responded_at) as first_evidence_at,
        max(responded_at) as last_evidence_at,
        true as is_evidence
    from responses
    group by journey, kpi, source
),

fed as (
    select * from of_events
    union all
    select * from of_answers
),

summed as (
    select
        fed.journey,
        fed.kpi,
        fed.source,
        coalesce(max(sources.late_seconds), 0) as late_seconds,
        cast(coalesce(sum(case when fed.is_evidence then fed.count_events end), 0) as bigint) as count_events,
        min(case when fed.is_evidence then fed.first_evidence_at end) as first_evidence_at,
        max(case when fed.is_evidence then fed.last_evidence_at end) as last_evidence_at
    from fed
    left join sources on fed.source = sources.source
    group by fed.journey, fed.kpi, fed.source
)

select * from summed
