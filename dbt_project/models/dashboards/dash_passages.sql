{{ config(materialized='table') }}

-- A table: whoever reads it does not wait for all passages to be looked at.
with instances as (
    select * from {{ ref('int_instances') }}
),

visits as (
    select * from {{ ref('int_stage_visits') }}
),

numbers as (
    select * from {{ ref('int_stages') }}
),

journeys as (
    select * from {{ ref('dim_journeys') }}
    where is_current
),

{{ labelled_stages() }},

segments as (
    select * from {{ ref('int_profile_segments') }}
),

-- As far as a passage came, by the stages as they stand on the map today.
furthest as (
    select
        visits.actor_key,
        visits.passage,
        max(stages.stage_position) as furthest_position
    from visits
    inner join numbers on visits.stage_number = numbers.stage_number
    inner join stages on numbers.journey = stages.journey and numbers.stage = stages.stage
    group by visits.actor_key, visits.passage
),

-- Few rows before each of them is taken for every stage and segment.
tallied as (
    select
        instances.journey,
        instances.profile,
        instances.outcome,
        {{ first_day_of('week', 'instances.started_date') }} as period_start,
        furthest.furthest_position,
        count(*) as count_passages
    from instances
    inner join furthest on instances.actor_key = furthest.actor_key and instances.passage = furthest.passage
    group by
        instances.journey, instances.profile, instances.outcome, {{ first_day_of('week', 'instances.started_date') }},
        furthest.furthest_position
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
