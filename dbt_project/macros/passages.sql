{#
    Events cut into passages: CTEs up to `cut` over a CTE `events` with the columns of int_mapped_events and whole actors
    in it.

    A case is one passage. A customer's events are cut by silence, and where a start follows an end; what goes on for
    longer than the window is cut at each full window, counted from the session's first event. `passage` numbers them
    within the actor; `is_entry` says that a stage is entered.

    The window over all events is the heaviest step of all: what is not a number is looked up by one, before or afterwards.
#}
{% macro cut_passages() -%}
places as (
    select * from {{ ref('int_touchpoints') }}
),

marked as (
    select
        events.*,
        case when places.is_start or places.is_end then events.moment end as mark
    from events
    inner join places on events.place_number = places.place_number
),

ordered as (
    select
        *,
        row_number() over ways as event_number,
        lag(moment) over ways as previous_moment,
        lag(place_number) over ways as previous_place_number,
        max(mark) over (ways rows between unbounded preceding and 1 preceding) as last_mark
    from marked
    window ways as (partition by actor_key order by moment, due_at, segments_key)
),

flagged as (
    select
        {{ event_names('ordered') }},
        ordered.event_number,
        ordered.previous_moment,
        coalesce(places.stage_number <> previous_places.stage_number, true) as is_other_stage,
        case
            when ordered.event_number = 1 then true
            when ordered.is_case then false
            when
                {{ clock_of('ordered.moment') }} - {{ clock_of('ordered.previous_moment') }}
                >= places.idle_seconds * 1000000
                then true
            else places.is_start and coalesce(ordered.last_mark % 2 = 1, false)
        end as is_cut
    from ordered
    inner join places on ordered.place_number = places.place_number
    left join places as previous_places on ordered.previous_place_number = previous_places.place_number
),

cuts as (
    select
        actor_key,
        event_number,
        moment,
        row_number() over ways as session_number,
        lead(event_number) over ways as next_event_number
    from flagged
    where is_cut
    window ways as (partition by actor_key order by event_number)
),

-- Few events are cuts: to look up that of an event takes half as long as to count along all of them once more.
sessions as (
    select
        flagged.*,
        cuts.session_number,
        cuts.moment as session_moment
    from flagged
    inner join cuts
        on
            flagged.actor_key = cuts.actor_key
            and flagged.event_number >= cuts.event_number
            and (flagged.event_number < cuts.next_event_number or cuts.next_event_number is null)
),

windows as (
    select
        sessions.*,
        {{ window_of('sessions.moment') }} as window_number,
        case when not sessions.is_cut then {{ window_of('sessions.previous_moment') }} end as previous_window_number
    from sessions
    inner join places on sessions.place_number = places.place_number
),

cut as (
    select
        actor_key,
        cast(session_number * 100000 + window_number as bigint) as passage,
        cast(event_number as bigint) as event_number,
        is_other_stage or coalesce(window_number <> previous_window_number, true) as is_entry,
        moment,
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
    when sessions.is_case then 0
    else cast(floor(
        ({{ clock_of(moment) }} - {{ clock_of('sessions.session_moment') }})
        / cast(places.window_seconds * 1000000 as double precision)
    ) as bigint)
end
{%- endmacro %}

{# What the cut needs of an event, from a CTE. #}
{% macro event_columns(source) -%}
select {{ event_names('events') }}
from {{ source }} as events
{%- endmacro %}

{% macro event_names(source) -%}
{%- for column in ['actor_key', 'moment', 'place_number', 'is_case', 'due_at', 'segments_key'] -%}
{{ source }}.{{ column }}{{ ', ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
