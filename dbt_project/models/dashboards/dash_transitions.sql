with transitions as (
    select * from {{ ref('fct_stage_transitions') }}
),

journeys as (
    select * from {{ ref('dim_journeys') }}
    where is_current
),

{{ labelled_stages() }},

weeks as (
    select
        journey,
        stage,
        next_stage,
        segment,
        segment_value,
        {{ first_day_of('week', 'period_start') }} as period_start,
        cast(sum(count_transitions) as bigint) as count_transitions
    from transitions
    group by 1, 2, 3, 4, 5, 6
),

labelled as (
    select
        weeks.journey,
        journeys.title as journey_title,
        weeks.stage,
        stages.stage_label,
        weeks.next_stage,
        case when weeks.next_stage = '(end)' then 'End of the passage' else next_stages.stage_label end as next_label,
        weeks.segment,
        weeks.segment_value,
        {{ segment_label('weeks') }} as segment_label,
        weeks.period_start,
        weeks.count_transitions
    from weeks
    inner join journeys on weeks.journey = journeys.journey
    inner join stages on weeks.journey = stages.journey and weeks.stage = stages.stage
    left join stages as next_stages on weeks.journey = next_stages.journey and weeks.next_stage = next_stages.stage
    where
        (weeks.next_stage = '(end)' or next_stages.stage is not null)
        and (weeks.segment = 'all' or weeks.count_transitions >= journeys.min_cell)
)

select * from labelled
