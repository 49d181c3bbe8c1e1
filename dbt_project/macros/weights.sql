{#
    Sums over survey weights, of members with columns outcome and weight, NULL where none has a weight: of outcomes, of
    their squares, of weights and of the squares of weights. A member without a weight beside others weighs 1. All are
    decimals of 20 places: DuckDB would round a sum with other decimals to fewer.
#}
{% macro weighted_sums() -%}
{%- set number = 'decimal(38, 20)' -%}
sum(cast(weight * outcome as {{ number }}))
+ sum(cast(case when weight is null then outcome else 0 end as {{ number }})) as weighted_total,
sum(cast(weight * outcome * outcome as {{ number }}))
+ sum(cast(case when weight is null then outcome * outcome else 0 end as {{ number }})) as weighted_squares,
sum(cast(weight as {{ number }}))
+ cast(count(outcome) - count(weight) as {{ number }}) as weight_total,
sum(cast(weight * weight as {{ number }}))
+ cast(count(outcome) - count(weight) as {{ number }}) as weight_squares
{%- endmacro %}

{#
    By how much weighted sums are scaled, so that weights add up to the effective sample size of L. Kish (Survey Sampling,
    1965): n divided by the design effect n * sum(w^2) / sum(w)^2. Exactly 1 where all weigh 1.
#}
{% macro weight_scale(weight_total, weight_squares) -%}
coalesce({{ weight_total }} / nullif({{ weight_squares }}, 0), 1)
{%- endmacro %}
