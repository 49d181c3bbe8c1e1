{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='actor_key', on_schema_change='fail',
    indexes=key_index('actor_key')
) }}

with mapped as (
    select * from {{ ref('int_mapped_events') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

{% if is_incremental() -%}
-- New to this table: rows of a batch it has not met, and rows that lay ahead of the clock when it was last written.
-- Any of them can move every cut of its actor, so the actor is counted again as a whole.
affected as (
    select distinct mapped.actor_key
    from mapped
    where
        mapped.batch_id not in (select distinct known.batch_id from {{ this }} as known)
        or mapped.occurred_at > (select max(known.measured_as_of) from {{ this }} as known)
),

chosen as (
    select * from mapped
    where actor_key in (select affected.actor_key from affected)
),
{%- else -%}
chosen as (
    select * from mapped
),
{%- endif %}

-- Events of the same moment stand in the order of the map.
numbered as (
    select
        *,
        row_number() over (
            partition by actor_key
            order by occurred_at, stage_position, position, {{ bytewise('source') }}, {{ bytewise('event_id') }}
        ) as event_number
    from chosen
),

looked_back as (
    select
        *,
        lag(occurred_at) over (partition by actor_key order by event_number) as previous_at,
        max(case when is_end then event_number end) over (
            partition by actor_key order by event_number rows between unbounded preceding and 1 preceding
        ) as last_end,
        max(case when is_start and not is_end then event_number end) over (
            partition by actor_key order by event_number rows between unbounded preceding and 1 preceding
        ) as last_start
    from numbered
),

-- A case is one passage. A customer's events are cut by silence, and where a start follows an end.
sessions as (
    select
        *,
        sum(
            case
                when case_id is not null then 0
                when previous_at is null then 1
                when {{ seconds_between('previous_at', 'occurred_at') }} >= idle_seconds then 1
                when is_start and last_end > coalesce(last_start, 0) then 1
                else 0
            end
        ) over (
            partition by actor_key order by event_number rows between unbounded preceding and current row
        ) as session_number
    from looked_back
),

-- What goes on for longer than the window is cut at each full window, counted from the session's first event.
windows as (
    select
        *,
        case when case_id is null then cast(floor({{ seconds_between(
            'min(occurred_at) over (partition by actor_key, session_number)', 'occurred_at'
        ) }} / window_seconds) as bigint) end as window_number
    from sessions
),

named as (
    select
        *,
        {{ instance_id('actor_key', 'case_id', 'session_number', 'window_number') }} as instance_id
    from windows
),

final as (
    select
        named.journey,
        named.actor_key,
        named.instance_id,
        named.customer_id,
        named.case_id,
        named.event_id,
        named.source,
        named.batch_id,
        named.event_number,
        named.touchpoint,
        named.channel,
        named.stage,
        named.stage_position,
        named.is_start,
        named.is_end,
        named.occurred_at,
        min(named.occurred_at) over (partition by named.actor_key, named.instance_id) as instance_started_at,
        named.due_at,
        named.segments,
        clock.as_of as measured_as_of
    from named
    cross join clock
)

select * from final
