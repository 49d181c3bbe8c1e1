with events as (
    select * from {{ ref('int_journey_events') }}
),

instances as (
    select * from {{ ref('int_journey_instances') }}
),

responses as (
    select * from {{ ref('int_responses') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

segments as (
    select
        journey,
        segment
    from {{ ref('stg_map_segments') }}
    where is_current
),

from_events as (
    select
        events.journey,
        events.instance_id,
        segments.segment,
        {{ first_by(json_text('events.segments', 'segments.segment'), 'events.event_number') }} as segment_value
    from events
    inner join segments on events.journey = segments.journey
    group by events.journey, events.instance_id, segments.segment
),

-- What the customer was when the passage began.
from_customers as (
    select
        instances.journey,
        instances.instance_id,
        segments.segment,
        {{ last_by(json_text('customers.segments', 'segments.segment'), 'customers.valid_from') }} as segment_value
    from instances
    inner join customers
        on instances.customer_id = customers.customer_id and instances.started_at >= customers.valid_from
    inner join segments on instances.journey = segments.journey
    group by instances.journey, instances.instance_id, segments.segment
),

of_instances as (
    select
        from_events.journey,
        from_events.instance_id,
        from_events.segment,
        coalesce(from_events.segment_value, from_customers.segment_value, '(none)') as segment_value
    from from_events
    left join from_customers
        on
            from_events.journey = from_customers.journey
            and from_events.instance_id = from_customers.instance_id
            and from_events.segment = from_customers.segment
),

of_responses as (
    select
        responses.journey,
        responses.response_id,
        segments.segment,
        coalesce(
            max({{ json_text('responses.segments', 'segments.segment') }}), max(of_instances.segment_value), '(none)'
        ) as segment_value
    from responses
    inner join segments on responses.journey = segments.journey
    left join of_instances
        on
            responses.journey = of_instances.journey
            and responses.instance_id = of_instances.instance_id
            and segments.segment = of_instances.segment
    group by responses.journey, responses.response_id, segments.segment
),

subjects as (
    select
        journey,
        instance_id as subject_id,
        segment,
        segment_value
    from of_instances
    union all
    select
        journey,
        {{ response_subject('response_id') }} as subject_id,
        segment,
        segment_value
    from of_responses
)

select * from subjects
