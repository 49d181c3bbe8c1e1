{#
    Events cut into passages: the CTEs `ordered`, `sessions`, `cut` over a CTE `events` with the columns of
    int_mapped_events and whole actors in it.

    A case is one passage. A customer's events are cut by silence, and where a start follows an end; what goes on for
    longer than the window is cut at each full window, counted from the session's first event. `passage` numbers them
    within the actor; `is_entry` says that a stage is entered.
#}
{% macro cut_passages() -%}
ordered as (
    select
        *,
        row_number() over ways as event_number,
        lag(occurred_at) over ways as previous_at,
        lag(stage) over ways as previous_stage,
        max(case when is_end or is_start then moment end) over (
            ways rows between unbounded preceding and 1 preceding
        ) as last_mark
    from events
    window ways as (partition by actor_key order by moment, {{ bytewise('event_id') }}, {{ bytewise('source') }})
),

flagged as (
    select
        *,
        case
            when event_number = 1 then true
            when case_id is not null then false
            when {{ seconds_between('previous_at', 'occurred_at') }} >= idle_seconds then true
            else is_start and coalesce(last_mark % 2 = 1, false)
        end as is_cut
    from ordered
),

sessions as (
    select
        *,
        sum(case when is_cut then 1 else 0 end) over so_far as session_number,
        max(case when is_cut then occurred_at end) over so_far as session_started_at
    from flagged
    window so_far as (partition by actor_key order by event_number rows between unbounded preceding and current row)
),

windows as (
    select
        *,
        {{ window_of('occurred_at') }} as window_number,
        case when not is_cut then {{ window_of('previous_at') }} end as previous_window_number
    from sessions
),

cut as (
    select
        journey,
        actor_key,
        cast(session_number * 100000 + window_number as bigint) as passage,
        cast(event_number as bigint) as event_number,
        coalesce(window_number <> previous_window_number or stage <> previous_stage, true) as is_entry,
        moment,
        occurred_at,
        touchpoint,
        stage,
        stage_position,
        is_start,
        is_end,
        is_staffed,
        due_at,
        case_id,
        customer_id,
        segments,
        source,
        event_id,
        map_version,
        window_seconds,
        idle_seconds
    from windows
)
{%- endmacro %}

{# The number of full windows since the session began; a case has none. #}
{% macro window_of(moment) -%}
case
    when case_id is not null then 0
    else cast(floor({{ seconds_between('session_started_at', moment) }} / window_seconds) as bigint)
end
{%- endmacro %}

{# What the cut needs of an event, from a CTE. #}
{% macro event_columns(source) -%}
select
    journey, actor_key, moment, occurred_at, touchpoint, stage, stage_position, is_start, is_end, is_staffed, due_at,
    case_id, customer_id, segments, source, event_id, map_version, window_seconds, idle_seconds
from {{ source }}
{%- endmacro %}
