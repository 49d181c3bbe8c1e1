-- Whoever has fresh events is cut again as a whole: any event can move every cut of its actor.
{% set before = as_it_was('int_journey_events') %}
with fresh as (
    select * from {{ ref('int_fresh_mapped_events') }}
),

{% if not counting_anew() -%}
kept as (
    select before.* from {{ before }} as before
    where before.actor_key in (select fresh.actor_key from fresh)
),
{%- endif %}

events as (
    {{ event_columns('fresh') | indent(4) }}
    {% if not counting_anew() -%}
    union all
    {{ event_columns('kept') | indent(4) }}
    {%- endif %}
),

{{ cut_passages() }}

select * from cut
