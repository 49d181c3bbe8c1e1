{# Names as dashboards show them, in an order that sorting them keeps. #}

{# The CTE `stages`: those of the current map, as "2. Title", with as many digits as the journey needs. #}
{% macro labelled_stages() -%}
stages as (
    select
        journey,
        stage,
        position as stage_position,
        lpad(
            {{ as_text('position') }},
            cast(length({{ as_text('max(position) over (partition by journey)') }}) as integer),
            '0'
        ) || '. ' || title as stage_label
    from {{ ref('dim_stages') }}
    where is_current
)
{%- endmacro %}

{# A segment and its value in one. #}
{% macro segment_label(cells) -%}
case
    when {{ cells }}.segment = 'all' then 'All customers'
    else {{ cells }}.segment || ': ' || {{ cells }}.segment_value
end
{%- endmacro %}
