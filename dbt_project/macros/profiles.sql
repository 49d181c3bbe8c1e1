{#
    A profile is what a subject is by every column that the map splits by: its values in the order of the columns, with
    a separator between. Subjects are counted by profile first, and each profile is taken apart into segments once.
#}
{% macro separator() %}chr(31){% endmacro %}

{% macro profile_value(profile, part_number) -%}
split_part({{ profile }}, {{ separator() }}, {{ part_number }})
{%- endmacro %}

{% macro profile_of(value) -%}
string_agg(coalesce({{ value }}, '(none)'), {{ separator() }} order by parts.part_number)
{%- endmacro %}

{#
    CTE `profiles` (actor_key, passage, profile) for the CTE `windows` of passages over their `events`. A value is that
    of the first event that has it (of several at once, the first in bytewise order), else that of the customer when the
    passage began.

    Nearly all events of a passage say the same of it, in the same words: such a text is taken apart once, however
    many passages share it; only the others are looked at event by event.
#}
{% macro passage_profiles() -%}
parts as (
    select * from {{ ref('int_segment_parts') }}
),

actors as (
    select * from {{ ref('int_actors') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

known as (
    select actors.actor_key from actors
    where actors.customer_id in (select customers.customer_id from customers)
),

texts as (
    select * from {{ ref('int_segment_texts') }}
),

text_parts as (
    select
        parts.journey,
        parts.part_number,
        texts.segments_key,
        {{ json_text('texts.segments', 'parts.part') }} as part_value
    from texts
    cross join parts
    {% if is_incremental() -%}
    where texts.segments_key in (select events.segments_key from events)
    {%- endif %}
),

said as (
    select distinct
        journey,
        lowest_segments_key as segments_key
    from windows
),

told as (
    select
        said.journey,
        said.segments_key,
        {{ profile_of('text_parts.part_value') }} as profile,
        bool_or(text_parts.part_value is null) as is_partial
    from said
    inner join parts on said.journey = parts.journey
    left join text_parts
        on
            parts.journey = text_parts.journey
            and parts.part_number = text_parts.part_number
            and said.segments_key = text_parts.segments_key
    group by said.journey, said.segments_key
),

odd as (
    select
        windows.journey,
        windows.actor_key,
        windows.passage,
        windows.started_at
    from windows
    inner join told on windows.journey = told.journey and windows.lowest_segments_key = told.segments_key
    where
        windows.lowest_segments_key <> windows.highest_segments_key
        or (told.is_partial and windows.actor_key in (select known.actor_key from known))
),

odd_by_events as (
    select
        odd.actor_key,
        odd.passage,
        parts.part_number,
        {{ first_by('text_parts.part_value', 'events.moment', bytewise('text_parts.part_value')) }} as part_value
    from odd
    inner join events on odd.actor_key = events.actor_key and odd.passage = events.passage
    inner join parts on odd.journey = parts.journey
    left join text_parts
        on
            parts.journey = text_parts.journey
            and parts.part_number = text_parts.part_number
            and events.segments_key = text_parts.segments_key
    group by odd.actor_key, odd.passage, parts.part_number
),

odd_by_customers as (
    select
        odd.actor_key,
        odd.passage,
        parts.part_number,
        {{ last_by(json_text('customers.segments', 'parts.part'), 'customers.valid_from') }} as part_value
    from odd
    inner join actors on odd.actor_key = actors.actor_key
    inner join customers on actors.customer_id = customers.customer_id and odd.started_at >= customers.valid_from
    inner join parts on odd.journey = parts.journey
    group by odd.actor_key, odd.passage, parts.part_number
),

odd_ones as (
    select
        parts.actor_key,
        parts.passage,
        {{ profile_of('coalesce(parts.part_value, odd_by_customers.part_value)') }} as profile
    from odd_by_events as parts
    left join odd_by_customers
        on
            parts.actor_key = odd_by_customers.actor_key
            and parts.passage = odd_by_customers.passage
            and parts.part_number = odd_by_customers.part_number
    group by parts.actor_key, parts.passage
),

profiles as (
    select
        windows.actor_key,
        windows.passage,
        coalesce(odd_ones.profile, told.profile, '') as profile
    from windows
    left join told on windows.journey = told.journey and windows.lowest_segments_key = told.segments_key
    left join odd_ones on windows.actor_key = odd_ones.actor_key and windows.passage = odd_ones.passage
)
{%- endmacro %}
