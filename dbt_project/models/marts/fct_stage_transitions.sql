with visits as (
    select * from {{ ref('int_stage_visits') }}
),

segments as (
    select * from {{ ref('int_subject_segments') }}
),

-- Leaving for good is known only when the instance is over.
moves as (
    select
        journey,
        instance_id,
        stage,
        coalesce(next_stage, '(end)') as next_stage,
        entered_date
    from visits
    where next_stage is not null or is_instance_mature
),

split as (
    select
        moves.*,
        'all' as segment,
        'all' as segment_value
    from moves
    union all
    select
        moves.*,
        segments.segment,
        segments.segment_value
    from moves
    inner join segments on moves.journey = segments.journey and moves.instance_id = segments.subject_id
),

transitions as (
    select
        journey,
        stage,
        next_stage,
        segment,
        segment_value,
        entered_date as period_start,
        cast(count(*) as bigint) as count_transitions
    from split
    group by journey, stage, next_stage, segment, segment_value, entered_date
)

select * from transitions
