{# The microseconds since 1970 of a moment. #}
{% macro clock_of(moment) %}({{ moment }} >> 11){% endmacro %}

{# When a moment was, in UTC. #}
{% macro moment_at(moment) %}{{ time_at(moment ~ ' >> 11') }}{% endmacro %}
