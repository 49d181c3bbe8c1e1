{# 95 % intervals. Literals are cast: PostgreSQL would otherwise compute in decimals, DuckDB in doubles. #}
{% macro z() %}cast(1.959963984540054 as double precision){% endmacro %}
{% macro z_squared() %}cast(3.8414588206941236 as double precision){% endmacro %}

{#
    Wilson's score interval of a proportion (E. B. Wilson, JASA 22, 1927), `sign` '+' for the upper end and '-' for the
    lower one; NULL where the denominator is 0. At 0/n and n/n the end is exactly 0 or 1, not a rounding error beside it.
#}
{% macro wilson(numerator, denominator, sign) -%}
case
    when {{ denominator }} = 0 then null
    {%- if sign == '-' %}
    when {{ numerator }} = 0 then cast(0 as double precision)
    {%- else %}
    when {{ numerator }} = {{ denominator }} then cast(1 as double precision)
    {%- endif %}
    else
        (
            {{ numerator }} + {{ z_squared() }} / 2
            {{ sign }} {{ z() }} * sqrt(
                {{ numerator }} * ({{ denominator }} - {{ numerator }}) / {{ denominator }} + {{ z_squared() }} / 4
            )
        ) / ({{ denominator }} + {{ z_squared() }})
end
{%- endmacro %}

{#
    Half the width of the normal interval of a mean, from the sum, the sum of squares and the count; `lost` is 1 for
    the variance of a sample, 0 for that of shares. NULL below two values: one value says nothing of its spread.
#}
{% macro half_width(total, squares, count, lost) -%}
case
    when {{ count }} < 2 then null
    else {{ z() }} * sqrt(
        greatest({{ squares }} - {{ total }} * {{ total }} / {{ count }}, cast(0 as double precision))
        / ({{ count }} - {{ lost }}) / {{ count }}
    )
end
{%- endmacro %}
