{#
    A clock reads microseconds: of a calendar those of its open time, else those since 1970. Times are taken between
    two readings of one clock, in whole numbers, so that every engine finds the same.
#}
{% macro clock_of_piece(moment, piece) -%}
cast({{ piece }}.seconds_before as bigint) * 1000000
+ case when {{ piece }}.is_open then {{ microseconds(moment) }} - {{ microseconds(piece ~ '.starts_at') }} else 0 end
{%- endmacro %}

{% macro in_piece(moment, calendar, piece) -%}
{{ calendar }} = {{ piece }}.calendar
and cast({{ moment }} as date) = {{ piece }}.utc_date
and {{ moment }} >= {{ piece }}.starts_at
and {{ moment }} < {{ piece }}.ends_at
{%- endmacro %}

{#
    CTE `clocked` over CTEs `spells` (kpi_number, started_at, closed_at, gives_up_at) and `kpis`: the readings of
    the KPI's calendar at each, NULL where it has none, and `late_at`, the moment from which an open spell is late.
#}
{% macro clock_spells() -%}
pieces as (
    select * from {{ ref('stg_map_calendars') }}
),

reach as (
    select * from {{ ref('int_calendar_reach') }}
),

by_hours as (
    select
        spells.*,
        kpis.calendar,
        {{ clock_of_piece('spells.started_at', 'starts') }} as started_clock,
        {{ clock_of_piece('spells.closed_at', 'closes') }} as closed_clock,
        {{ clock_of_piece('spells.gives_up_at', 'gives_up') }} as gives_up_clock,
        kpis.tolerance_seconds
    from spells
    inner join kpis on spells.kpi_number = kpis.kpi_number
    inner join pieces as starts on {{ in_piece('spells.started_at', 'kpis.calendar', 'starts') }}
    inner join pieces as gives_up on {{ in_piece('spells.gives_up_at', 'kpis.calendar', 'gives_up') }}
    left join pieces as closes on {{ in_piece('spells.closed_at', 'kpis.calendar', 'closes') }}
),

due_by_hours as (
    select
        *,
        started_clock / cast(1000000 as double precision) + tolerance_seconds as due_seconds
    from by_hours
),

clocked as (
    select
        spells.*,
        cast(null as bigint) as started_clock,
        cast(null as bigint) as closed_clock,
        cast(null as bigint) as gives_up_clock,
        {{ add_seconds('spells.started_at', 'kpis.tolerance_seconds') }} as late_at
    from spells
    inner join kpis on spells.kpi_number = kpis.kpi_number
    where kpis.calendar is null
    union all
    select
        {{ spell_columns('due_by_hours') }},
        due_by_hours.started_clock,
        due_by_hours.closed_clock,
        due_by_hours.gives_up_clock,
        {{ add_seconds('reach.starts_at', '(due_by_hours.due_seconds - reach.seconds_before)') }} as late_at
    from due_by_hours
    left join reach
        on
            due_by_hours.calendar = reach.calendar
            and cast(floor(due_by_hours.due_seconds / 86400) as bigint) = reach.bucket
            and due_by_hours.due_seconds >= reach.seconds_before
            and due_by_hours.due_seconds < reach.seconds_after
)
{%- endmacro %}

{% macro spell_columns(spells) -%}
{%- for column in [
    'kpi_number', 'actor_key', 'passage', 'member_number', 'started_at', 'started_date', 'closed_at', 'is_wrong_order',
    'profile', 'gives_up_at'
] -%}
{{ spells }}.{{ column }}{{ ', ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
