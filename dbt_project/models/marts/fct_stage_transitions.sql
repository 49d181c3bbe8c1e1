with moves as (
    select * from {{ ref('int_stage_moves') }}
    where next_stage is not null
),

segments as (
    select * from {{ ref('int_profile_segments') }}
),

transitions as (
    select
        moves.journey,
        moves.stage,
        moves.next_stage,
        segments.segment,
        segments.segment_value,
        moves.cohort_date as period_start,
        cast(sum(moves.count_transitions) as bigint) as count_transitions
    from moves
    inner join segments on moves.journey = segments.journey and moves.profile = segments.profile
    group by
        moves.journey, moves.stage, moves.next_stage, segments.segment, segments.segment_value, moves.cohort_date
)

select * from transitions
