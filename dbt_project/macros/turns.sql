{#
    CTEs `marking`, `marks` and `turns` over CTEs `kpis` (with `from_touchpoint` and `to_touchpoint`), `places` and
    `events`: a turn is an event that starts a KPI's clock (`is_from`) or stops it. A start is in the wrong order
    (`is_wrong_order`) where the one stop of its instance came before it: that it was never stopped is not known.
#}
{% macro ctes_turns() -%}
marking as (
    select
        kpis.kpi_number,
        places.place_number,
        places.touchpoint = kpis.from_touchpoint as is_from
    from kpis
    inner join places
        on kpis.journey = places.journey and places.touchpoint in (kpis.from_touchpoint, kpis.to_touchpoint)
),

marks as (
    select
        marking.kpi_number,
        marking.is_from,
        events.actor_key,
        events.passage,
        events.event_number,
        events.moment,
        events.due_at,
        lag(marking.is_from) over (
            partition by events.actor_key, events.passage, marking.kpi_number order by events.event_number
        ) as was_from
    from events
    inner join marking on events.place_number = marking.place_number
),

-- Repeated marks say nothing new: the clock runs from the first `from` to the first `to` after it, and a `from` after
-- that is a new spell.
turns as (
    select
        *,
        lead(moment) over ways as close_moment,
        lead(event_number, 2) over ways as next_from_number,
        row_number() over ways as member_number,
        is_from and row_number() over ways = 2 and lead(moment) over ways is null as is_wrong_order
    from marks
    where was_from is null or was_from <> is_from
    window ways as (partition by actor_key, passage, kpi_number order by event_number)
)
{%- endmacro %}
