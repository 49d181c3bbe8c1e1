{# The name of a passage: its actor, and for a customer the number of the session, with the window in it if not 0. #}
{% macro instance_id(actor_key, case_id, session_number, window_number) -%}
{{ actor_key }}
|| case
    when {{ case_id }} is not null then ''
    else '|' || cast({{ session_number }} as {{ dbt.type_string() }})
end
|| case
    when {{ window_number }} > 0 then '+' || cast({{ window_number }} as {{ dbt.type_string() }})
    else ''
end
{%- endmacro %}
