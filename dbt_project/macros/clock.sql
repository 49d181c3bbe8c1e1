{# The moment, in UTC, up to which events are seen: given by JKPI_AS_OF, else the start of this run. #}
{% macro as_of() -%}
cast('{{ env_var('JKPI_AS_OF', run_started_at.strftime('%Y-%m-%d %H:%M:%S')) }}' as timestamp)
{%- endmacro %}
