with coverage as (
    select * from {{ ref('rpt_map_coverage') }}
),

journeys as (
    select * from {{ ref('dim_journeys') }}
    where is_current
),

{{ labelled_stages() }},

labelled as (
    select
        coverage.journey,
        coalesce(journeys.title, 'On no map') as journey_title,
        coverage.element,
        coverage.name,
        stages.stage_label,
        case when coverage.has_evidence then 'seen' else 'without evidence' end as evidence,
        coverage.count_events,
        coverage.count_events_28d,
        coverage.last_evidence_at
    from coverage
    left join journeys on coverage.journey = journeys.journey
    left join stages on coverage.journey = stages.journey and coverage.stage = stages.stage
)

select * from labelled
