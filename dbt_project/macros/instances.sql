{# The name of a passage: its actor, and for a customer the number of the session, with the window in it if not 0. #}
{% macro instance_id(actor_key, case_id, session_number, window_number) -%}
{{ actor_key }}
|| case
    when {{ case_id }} is not null then ''
    else '|' || {{ as_text(session_number) }}
end
|| case
    when {{ window_number }} > 0 then '+' || {{ as_text(window_number) }}
    else ''
end
{%- endmacro %}
