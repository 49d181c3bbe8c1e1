{# The ages at which a cohort is read before its outcome is known, in seconds: 1h, 4h, 1d, 2d, 3d, 7d, 14d. #}
{% macro early_ages() %}{{ return([3600, 14400, 86400, 172800, 259200, 604800, 1209600]) }}{% endmacro %}

{# 1 if it was reached by that age, 0 if the age went by without, NULL while it is younger. #}
{% macro reached_by(reached_at, by, as_of) -%}
case
    when {{ reached_at }} < {{ by }} then cast(1 as double precision)
    when {{ by }} <= {{ as_of }} then cast(0 as double precision)
end
{%- endmacro %}
