{# 95 % intervals. Literals are cast: PostgreSQL would otherwise compute in decimals, DuckDB in doubles. #}
{% macro z() %}cast(1.959963984540054 as double precision){% endmacro %}
{% macro z_squared() %}cast(3.8414588206941236 as double precision){% endmacro %}

{# A count of two, less what rounding takes: an effective sample size is a quotient of sums of decimals. #}
{% macro at_least_two() %}1.999999999{% endmacro %}

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
            {{ sign }} {{ z() }} * sqrt(greatest(
                {{ numerator }} * ({{ denominator }} - {{ numerator }}) / {{ denominator }} + {{ z_squared() }} / 4,
                cast(0 as double precision)
            ))
        ) / ({{ denominator }} + {{ z_squared() }})
end
{%- endmacro %}

{#
    The adjusted Wald interval of a net promoter score (B. Rocks, The American Statistician 70, 2016): three responses are
    added, three quarters of one to promoters and to detractors, one and a half to passives. `total` counts a promoter as 1
    and a passive as 1/2, `squares` is the sum of their squares. In points, limited to -100 and 100; NULL below
    two responses. The share of samples whose interval holds the true score is tested in tests/recount/test_coverage.py.
#}
{% macro adjusted_wald(total, squares, count, sign) -%}
{%- set size = '(' ~ count ~ ' + 3.0)' -%}
{%- set score = '((2 * ' ~ total ~ ' - ' ~ count ~ ') / ' ~ size ~ ')' -%}
{%- set not_passive = '((' ~ count ~ ' - 4 * (' ~ total ~ ' - ' ~ squares ~ ') + 1.5) / ' ~ size ~ ')' -%}
case
    when {{ count }} >= {{ at_least_two() }} then
        {{ 'greatest' if sign == '-' else 'least' }}(
            100 * (
                {{ score }}
                {{ sign }} {{ z() }} * sqrt(greatest(
                    ({{ not_passive }} - {{ score }} * {{ score }}) / {{ size }}, cast(0 as double precision)
                ))
            ),
            {{ sign if sign == '-' }}100
        )
end
{%- endmacro %}

{#
    The standard error of a mean, from the sum, the sum of squares and the count. NULL below two values: one value says
    nothing of its spread.
#}
{% macro standard_error(total, squares, count) -%}
case
    when {{ count }} >= {{ at_least_two() }} then sqrt(
        greatest({{ squares }} - {{ total }} * {{ total }} / {{ count }}, cast(0 as double precision))
        / ({{ count }} - 1) / {{ count }}
    )
end
{%- endmacro %}

{#
    The 97.5 % quantile of Student's t: of few degrees of freedom from int_t_quantiles, under the alias `small`, else by
    the expansion about the normal quantile (Abramowitz and Stegun, 26.7.5), right to 1e-10 above 40.
#}
{% macro t_quantile(degrees, small) -%}
{%- set q = 1.959963984540054 -%}
{%- set terms = [
    (q ** 3 + q) / 4,
    (5 * q ** 5 + 16 * q ** 3 + 3 * q) / 96,
    (3 * q ** 7 + 19 * q ** 5 + 17 * q ** 3 - 15 * q) / 384,
    (79 * q ** 9 + 776 * q ** 7 + 1482 * q ** 5 - 1920 * q ** 3 - 945 * q) / 92160,
    (27 * q ** 11 + 339 * q ** 9 + 930 * q ** 7 - 1782 * q ** 5 - 765 * q ** 3 + 17955 * q) / 368640,
] -%}
coalesce(
    {{ small }}.quantile,
    {{ z() }}
    {%- for term in terms %}
    + cast({{ term }} as double precision) / nullif(power(cast({{ degrees }} as double precision), {{ loop.index }}), 0)
    {%- endfor %}
)
{%- endmacro %}
