with events as (
    select * from {{ ref('int_journey_events') }}
),

instances as (
    select * from {{ ref('int_journey_instances') }}
),

stage_positions as (
    select
        journey,
        position
    from {{ ref('stg_map_stages') }}
    where is_current
),

compared as (
    select
        journey,
        instance_id,
        stage,
        stage_position,
        event_number,
        occurred_at,
        lag(stage) over (partition by journey, instance_id order by event_number) as previous_stage
    from events
),

-- A visit begins where the stage changes.
entered as (
    select
        journey,
        instance_id,
        stage,
        stage_position,
        event_number,
        occurred_at as entered_at,
        lead(stage) over (partition by journey, instance_id order by event_number) as next_stage,
        lead(occurred_at) over (partition by journey, instance_id order by event_number) as next_entered_at,
        row_number() over (partition by journey, instance_id, stage order by event_number) as visit_number
    from compared
    where previous_stage is null or previous_stage <> stage
),

-- For each stage, the visits to it and to later ones in one line: the next later one is found without comparing
-- each visit with each other one.
lined_up as (
    select
        entered.journey,
        entered.instance_id,
        entered.event_number,
        entered.stage_position = stage_positions.position as is_asking,
        min(case when entered.stage_position > stage_positions.position then entered.entered_at end) over (
            partition by entered.journey, entered.instance_id, stage_positions.position
            order by entered.event_number desc rows between unbounded preceding and 1 preceding
        ) as moved_on_at
    from entered
    inner join stage_positions
        on entered.journey = stage_positions.journey and entered.stage_position >= stage_positions.position
),

visits as (
    select
        entered.journey,
        entered.instance_id,
        entered.stage,
        entered.stage_position,
        entered.event_number,
        entered.visit_number,
        entered.entered_at,
        coalesce(
            entered.next_entered_at, case when instances.ended_at >= entered.entered_at then instances.ended_at end
        ) as exited_at,
        entered.next_stage,
        lined_up.moved_on_at,
        instances.is_mature as is_instance_mature,
        instances.map_version,
        instances.journey_window_seconds,
        {{ local_date('entered.entered_at', 'instances.timezone') }} as entered_date
    from entered
    inner join instances on entered.journey = instances.journey and entered.instance_id = instances.instance_id
    inner join lined_up
        on
            entered.journey = lined_up.journey
            and entered.instance_id = lined_up.instance_id
            and entered.event_number = lined_up.event_number
            and lined_up.is_asking
)

select * from visits
