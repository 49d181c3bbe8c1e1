-- Touched answers and invitations, placed anew.
with known as (
    select * from {{ ref('int_touched_sayings') }}
),

{% set before = as_it_was('int_placed_sayings') %}
fresh as (
    select * from {{ ref('int_survey_sayings') }} as sayings
    where {{ is_fresh('sayings', 'said_at') }}
),

{% if not counting_anew() -%}
kept as (
    select before.*
    from {{ before }} as before
    inner join known
        on
            before.journey = known.journey
            and before.saying = known.saying
            and before.saying_id = known.saying_id
            and before.source = known.source
    where not exists (
        select 1
        from fresh
        where
            before.journey = fresh.journey
            and before.saying = fresh.saying
            and before.saying_id = fresh.saying_id
            and before.source = fresh.source
    )
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

select * from placed
