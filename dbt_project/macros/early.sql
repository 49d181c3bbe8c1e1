{# The ages at which a cohort is read before its outcome is known: name -> seconds. #}
{% macro early_ages() -%}
{{ return({
    '1h': 3600, '4h': 14400, '1d': 86400, '2d': 172800, '3d': 259200, '7d': 604800, '14d': 1209600,
}) }}
{%- endmacro %}

{# 1 if it was reached by that age, 0 if the age went by without, NULL while it is younger. #}
{% macro reached_by(reached_at, by, as_of) -%}
case
    when {{ reached_at }} < {{ by }} then cast(1 as double precision)
    when {{ by }} <= {{ as_of }} then cast(0 as double precision)
end
{%- endmacro %}
