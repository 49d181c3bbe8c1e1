-- Whoever has fresh or corrected events is cut again as a whole: any event can move every cut of its actor. After a
-- correction the events are read from the landing, because those of the last run may be gone.
{% set before = as_it_was('int_journey_events') %}
with fresh as (
    select * from {{ ref('int_fresh_mapped_events') }}
),

corrected as (
    select * from {{ ref('int_corrected_actors') }}
),

again as (
    select * from {{ ref('int_mapped_events') }}
    where actor_key in (select corrected.actor_key from corrected)
),

{% if not counting_anew() -%}
kept as (
    select before.* from {{ before }} as before
    where before.actor_key in (select fresh.actor_key from fresh)
),
{%- endif %}

events as (
    {{ event_columns('fresh') | indent(4) }}
    where events.actor_key not in (select corrected.actor_key from corrected)
    union all
    {{ event_columns('again') | indent(4) }}
    {% if not counting_anew() -%}
    union all
    {{ event_columns('kept') | indent(4) }}
    where events.actor_key not in (select corrected.actor_key from corrected)
    {%- endif %}
),

{{ cut_passages() }}

select * from cut
