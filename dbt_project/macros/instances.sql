{# The name of a passage: its case, or its customer with the number of the session, and of the window if not 0. #}
{% macro instance_id(passages) -%}
case
    when {{ passages }}.case_id is not null
        then {{ passages }}.journey || '|case|' || {{ passages }}.case_id
    else
        {{ passages }}.journey || '|customer|' || {{ passages }}.customer_id || '|'
        || {{ as_text('cast((' ~ passages ~ '.passage - ' ~ passages ~ '.passage % 100000) / 100000 as bigint)') }}
        || case
            when {{ passages }}.passage % 100000 > 0
                then '+' || {{ as_text(passages ~ '.passage % 100000') }}
            else ''
        end
end
{%- endmacro %}
