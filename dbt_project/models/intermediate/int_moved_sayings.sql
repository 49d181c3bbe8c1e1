-- Touched answers and invitations, placed anew.
-- depends_on: {{ ref('int_corrected_sayings') }}
with known as (
    select * from {{ ref('int_touched_sayings') }}
),

{% set before = as_it_was('int_placed_sayings') %}
fresh as (
    select * from {{ ref('int_fresh_sayings') }}
),

{% if not counting_anew() -%}
kept as (
    select before.*
    from {{ before }} as before
    inner join known on before.saying_key = known.saying_key
    where
        before.saying_key not in (select fresh.saying_key from fresh)
        and before.saying_key not in (select corrected.saying_key from {{ ref('int_corrected_sayings') }} as corrected)
),
{%- endif %}

sayings as (
    {{ saying_columns('fresh') | indent(4) }}
    {% if not counting_anew() -%}
    union all
    {{ saying_columns('kept') | indent(4) }}
    {%- endif %}
),

{{ place_sayings() }}

{{ placed_columns('placed') }}
