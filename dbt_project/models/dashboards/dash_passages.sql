with passages as (
    select * from {{ ref('int_passage_tallies') }}
),

journeys as (
    select * from {{ ref('dim_journeys') }}
    where is_current
),

{{ labelled_stages() }},

segments as (
    select * from {{ ref('int_profile_segments') }}
),

-- Few rows before each of them is taken for every stage and segment.
tallied as (
    select
        journey,
        profile,
        outcome,
        {{ first_day_of('week', 'cohort_date') }} as period_start,
        furthest_position,
        sum(count_passages) as count_passages
    from passages
    group by journey, profile, outcome, {{ first_day_of('week', 'cohort_date') }}, furthest_position
),

weeks as (
    select
        tallied.journey,
        segments.segment,
        segments.segment_value,
        tallied.period_start,
        tallied.furthest_position,
        tallied.outcome,
        sum(tallied.count_passages) as count_passages,
        sum(sum(tallied.count_passages)) over (
            partition by tallied.journey, segments.segment, segments.segment_value, tallied.period_start
        ) as count_started,
        max(max(case when tallied.outcome = 'open' then 1 else 0 end)) over (
            partition by tallied.journey, segments.segment, segments.segment_value, tallied.period_start
        ) as has_open
    from tallied
    inner join segments on tallied.journey = segments.journey and tallied.profile = segments.profile
    group by
        tallied.journey, segments.segment, segments.segment_value, tallied.period_start, tallied.furthest_position,
        tallied.outcome
),

reached as (
    select
        weeks.journey,
        journeys.title as journey_title,
        stages.stage,
        stages.stage_label,
        weeks.segment,
        weeks.segment_value,
        {{ segment_label('weeks') }} as segment_label,
        weeks.period_start,
        cast(sum(case when weeks.has_open = 0 then weeks.count_passages end) as bigint) as count_reached,
        cast(sum(
            case
                when weeks.has_open = 1 then null
                when weeks.outcome = 'completed' or weeks.furthest_position > stages.stage_position
                    then weeks.count_passages
                else 0
            end
        ) as bigint) as count_went_on,
        cast(sum(
            case
                when weeks.outcome = 'open' and weeks.furthest_position = stages.stage_position
                    then weeks.count_passages
                else 0
            end
        ) as bigint) as count_open
    from weeks
    inner join stages on weeks.journey = stages.journey and weeks.furthest_position >= stages.stage_position
    inner join journeys on weeks.journey = journeys.journey
    where weeks.segment = 'all' or weeks.count_started >= journeys.min_cell
    group by
        weeks.journey, journeys.title, stages.stage, stages.stage_label, weeks.segment, weeks.segment_value,
        weeks.period_start
)

select * from reached
