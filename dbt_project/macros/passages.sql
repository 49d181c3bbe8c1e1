{#
    Events cut into passages: the CTEs `placed`, `ordered`, `sessions`, `cut` over a CTE `events` with the columns of
    int_mapped_events and whole actors in it.

    A case is one passage. A customer's events are cut by silence, and where a start follows an end; what goes on for
    longer than the window is cut at each full window, counted from the session's first event. `passage` numbers them
    within the actor; `is_entry` says that a stage is entered.

    The two windows here are the heaviest step of all: what is not a number is looked up by one, before or afterwards.
#}
{% macro cut_passages() -%}
places as (
    select * from {{ ref('int_touchpoints') }}
),

placed as (
    select
        events.*,
        places.stage_number,
        places.is_start,
        places.is_start or places.is_end as is_mark,
        places.window_seconds * 1000000 as window_length,
        places.idle_seconds * 1000000 as idle_length
    from events
    inner join places on events.place_number = places.place_number
),

ordered as (
    select
        *,
        row_number() over ways as event_number,
        lag(moment) over ways as previous_moment,
        lag(stage_number) over ways as previous_stage_number,
        max(case when is_mark then moment end) over (
            ways rows between unbounded preceding and 1 preceding
        ) as last_mark
    from placed
    window ways as (partition by actor_key order by moment, event_print)
),

flagged as (
    select
        *,
        case
            when event_number = 1 then true
            when is_case then false
            when {{ clock_of('moment') }} - {{ clock_of('previous_moment') }} >= idle_length then true
            else is_start and coalesce(last_mark % 2 = 1, false)
        end as is_cut
    from ordered
),

sessions as (
    select
        *,
        sum(case when is_cut then 1 else 0 end) over so_far as session_number,
        max(case when is_cut then moment end) over so_far as session_moment
    from flagged
    window so_far as (partition by actor_key order by event_number rows between unbounded preceding and current row)
),

windows as (
    select
        *,
        {{ window_of('moment') }} as window_number,
        case when not is_cut then {{ window_of('previous_moment') }} end as previous_window_number
    from sessions
),

cut as (
    select
        actor_key,
        cast(session_number * 100000 + window_number as bigint) as passage,
        cast(event_number as bigint) as event_number,
        coalesce(window_number <> previous_window_number or stage_number <> previous_stage_number, true) as is_entry,
        moment,
        event_print,
        place_number,
        is_case,
        due_at,
        segments_key
    from windows
)
{%- endmacro %}

{# The number of full windows since the session began; a case has none. #}
{% macro window_of(moment) -%}
case
    when is_case then 0
    else cast(floor(
        ({{ clock_of(moment) }} - {{ clock_of('session_moment') }}) / cast(window_length as double precision)
    ) as bigint)
end
{%- endmacro %}

{# The microseconds since 1970 of a moment. #}
{% macro clock_of(moment) %}({{ moment }} >> 11){% endmacro %}

{# When a moment was, in UTC. #}
{% macro moment_at(moment) %}{{ time_at(moment ~ ' >> 11') }}{% endmacro %}

{# What the cut needs of an event, from a CTE. #}
{% macro event_columns(source) -%}
select actor_key, moment, event_print, place_number, is_case, due_at, segments_key
from {{ source }}
{%- endmacro %}
