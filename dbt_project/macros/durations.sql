{#
    The bins in which durations are counted, by their upper edges in seconds: 1, 2, ... 8, and from there eight to a
    doubling, so that neighbours differ by an eighth at most (the layout of G. Tene's HdrHistogram). Whole numbers: each
    engine puts a duration into the same bin.
#}
{% macro duration_edges() -%}
{%- set edges = [1, 2, 3, 4, 5, 6, 7, 8] -%}
{%- for doubling in range(27) -%}
{%- for eighth in range(9, 17) -%}
{%- do edges.append(eighth * 2 ** doubling) -%}
{%- endfor -%}
{%- endfor -%}
{{ return(edges) }}
{%- endmacro %}

{# The smallest edge that a duration in microseconds does not exceed, found by halving; the last one takes the rest. #}
{% macro duration_bin(microseconds) -%}
{{ edge_among(microseconds, duration_edges()) }}
{%- endmacro %}

{% macro edge_among(microseconds, edges) -%}
{%- if edges | length == 1 -%}
{{ edges[0] }}
{%- else -%}
{%- set half = edges | length // 2 -%}
case when {{ microseconds }} <= {{ edges[half - 1] * 1000000 }} then {{ edge_among(microseconds, edges[:half]) }} else {{ edge_among(microseconds, edges[half:]) }} end
{%- endif -%}
{%- endmacro %}
