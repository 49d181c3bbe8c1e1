{# What is compared with a curve's height allows for the last digits of its logarithms. #}
{% macro crosses(height, level) %}{{ height }} <= {{ level }} + 1e-12{% endmacro %}

{# The log-log bound of a survival curve; exists where it is neither 1 nor 0. #}
{% macro survival_bound(sign) -%}
case
    when survival > 0 and survival < 1
        then power(survival, exp({{ sign }}{{ z() }} * sqrt(greenwood) / abs(ln(survival))))
end
{%- endmacro %}

{# The first of something at which a curve, or a bound of it, crosses the height of the median, or of the 90th percent. #}
{% macro first_crossings(position) -%}
{%- for name, level in [('median', 0.5), ('p90', 0.1)] %}
{%- for suffix, height in [('', 'survival'), ('_low', 'survival_low'), ('_high', 'survival_high')] -%}
min(case when {{ crosses(height, level) }} then {{ position }} end) as {{ name }}{{ suffix }}{{ ',' if suffix != '_high' or name != 'p90' }}
{% endfor %}
{%- endfor %}
{%- endmacro %}
