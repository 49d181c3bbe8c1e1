-- A KPI that the map no longer asks for is fed by what fed it last.
with kpis as (
    select * from (
        select
            *,
            row_number() over (partition by journey, kpi order by in_force_from desc) as newest
        from {{ ref('int_kpis') }}
    ) as versions
    where newest = 1
),

touchpoints as (
    select * from {{ ref('int_touchpoints') }}
),

days as (
    select * from {{ ref('int_touchpoint_days') }}
),

sayings as (
    select * from {{ ref('int_placed_sayings') }}
),

counts as (
    select * from {{ ref('int_period_counts') }}
),

sources as (
    select * from {{ ref('stg_map_sources') }}
),

event_evidence as (
    select
        touchpoints.journey,
        touchpoints.map_version,
        touchpoints.stage,
        touchpoints.stage_position,
        touchpoints.touchpoint,
        touchpoints.is_start,
        touchpoints.is_start or touchpoints.is_end as is_deciding,
        touchpoints.is_staffed,
        days.source,
        sum(days.count_events) as count_events,
        min(days.first_at) as first_evidence_at,
        max(days.last_at) as last_evidence_at
    from days
    inner join touchpoints on days.touchpoint = touchpoints.touchpoint
    group by
        touchpoints.journey, touchpoints.map_version, touchpoints.stage, touchpoints.stage_position,
        touchpoints.touchpoint, touchpoints.is_start, touchpoints.is_end, touchpoints.is_staffed, days.source
),

-- Evidence of a KPI are the events that its definition speaks of. A source feeds it if its silence could change the
-- number: of a share of instances also the touchpoints that start or end one, of moving on also every later stage.
of_events as (
    select
        kpis.journey,
        kpis.kpi,
        event_evidence.source,
        event_evidence.count_events,
        event_evidence.first_evidence_at,
        event_evidence.last_evidence_at,
        case
            when kpis.from_touchpoint is not null
                then event_evidence.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
            when kpis.of_touchpoint is not null then event_evidence.touchpoint = kpis.of_touchpoint
            when kpis.kind in ('first_contact', 'self_service') then event_evidence.is_staffed
            when kpis.kind = 'peak_end' then false
            else event_evidence.stage = coalesce(kpis.stage, event_evidence.stage)
        end as is_evidence,
        case
            when kpis.from_touchpoint is not null
                then event_evidence.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
            when kpis.kind = 'volume' and kpis.of_touchpoint is not null
                then event_evidence.touchpoint = kpis.of_touchpoint
            when kpis.of_touchpoint is not null
                then event_evidence.touchpoint = kpis.of_touchpoint or event_evidence.is_deciding
            when kpis.kind in ('first_contact', 'self_service')
                then event_evidence.is_staffed or event_evidence.is_deciding
            when kpis.kind = 'peak_end' then event_evidence.is_deciding
            when kpis.kind = 'volume' and kpis.stage is not null then event_evidence.stage = kpis.stage
            when kpis.kind = 'volume' then event_evidence.is_start
            when kpis.stage is null
                then event_evidence.is_start or event_evidence.stage_position = kpis.last_stage_position
            else event_evidence.stage_position >= kpis.stage_position
        end as is_feeding
    from kpis
    inner join event_evidence
        on kpis.journey = event_evidence.journey and kpis.map_version = event_evidence.map_version
    where kpis.kind not in ('csat', 'csat_mean', 'nps', 'ces', 'emotion', 'response_rate', 'rate')
),

said as (
    select
        journey,
        survey,
        question,
        scale_min,
        scale_max,
        touchpoint,
        emotion,
        saying,
        source,
        count(*) as count_events,
        min(said_at) as first_evidence_at,
        max(said_at) as last_evidence_at
    from sayings
    group by journey, survey, question, scale_min, scale_max, touchpoint, emotion, saying, source
),

of_sayings as (
    select
        kpis.journey,
        kpis.kpi,
        said.source,
        said.count_events,
        said.first_evidence_at,
        said.last_evidence_at,
        said.saying = 'answer' or kpis.kind = 'response_rate' as is_evidence,
        said.saying = 'answer' or kpis.kind = 'response_rate' as is_feeding
    from kpis
    inner join said
        on
            kpis.journey = said.journey
            and coalesce(kpis.survey, said.survey, '') = coalesce(said.survey, '')
            and coalesce(kpis.on_touchpoint, said.touchpoint, '') = coalesce(said.touchpoint, '')
            and coalesce(kpis.emotion, said.emotion, '') = coalesce(said.emotion, '')
            and (kpis.question is null or kpis.question = said.question)
            and (kpis.scale_min is null or coalesce(said.scale_min, kpis.scale_min) = kpis.scale_min)
            and (kpis.scale_max is null or coalesce(said.scale_max, kpis.scale_max) = kpis.scale_max)
    where kpis.kind in ('csat', 'csat_mean', 'nps', 'ces', 'emotion', 'response_rate', 'peak_end')
),

of_counts as (
    select
        journey,
        kpi,
        source,
        count(*) as count_events,
        min(cast(period_start as timestamp)) as first_evidence_at,
        max(cast(period_start as timestamp)) as last_evidence_at,
        true as is_evidence,
        true as is_feeding
    from counts
    group by journey, kpi, source
),

fed as (
    select * from of_events
    union all
    select * from of_sayings
    union all
    select * from of_counts
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
    where fed.is_feeding
    group by fed.journey, fed.kpi, fed.source
)

select * from summed
