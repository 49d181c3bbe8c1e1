{#
    How much of a reading a data gap can hide. A local day that a gap of a source touches is lost, whole: what few rows
    it has are not trusted. Two things are missing then: cases of that day, and the deciding rows of cases that began on
    it or before.
#}

{# Kinds whose number is known when their period is over: no later row changes it. #}
{% macro kinds_known_at_once() -%}
{{ return(['csat', 'csat_mean', 'nps', 'ces', 'emotion', 'volume', 'rate']) }}
{%- endmacro %}

{# Kinds of which int_outcome_ages says how old a case is when its deciding rows come. #}
{% macro kinds_with_ages() -%}
{{ return([
    'drop_off', 'conversion', 'time_to_resolve', 'time_in_stage', 'occurrence', 'repeat_contact', 'first_contact',
    'self_service'
]) }}
{%- endmacro %}

{# A list of kinds as SQL. #}
{% macro quoted(names) -%}
'{{ names | join("', '") }}'
{%- endmacro %}

{#
    The CTE `missing_shares` over a CTE `timed` (cells with journey, kpi, period, period_start and decided_at): of each of
    its windows that a data gap touches, two shares of its cases. `missing_share`: cases of lost days, of which nothing is
    known. `undecided_share`: cases whose deciding row would have come on a lost day, so that they count as not decided.
    Windows that no gap touches have no row.
#}
{% macro ctes_missing_shares() -%}
gap_losses as (
    select * from {{ ref('int_kpi_gap_losses') }}
),

cohort_sizes as (
    select * from {{ ref('int_kpi_cohort_sizes') }}
),

windows as (
    select distinct
        journey,
        kpi,
        period,
        period_start,
        {{ day_after('period', 'period_start') }} as period_end,
        decided_at
    from timed
    where (journey, kpi) in (select gap_losses.journey, gap_losses.kpi from gap_losses)
),

lost as (
    select
        windows.journey,
        windows.kpi,
        windows.period,
        windows.period_start,
        windows.period_end,
        windows.decided_at,
        sum(gap_losses.missing_count) as missing_count,
        sum(gap_losses.undecided_count) as undecided_count
    from windows
    inner join gap_losses
        on
            windows.journey = gap_losses.journey
            and windows.kpi = gap_losses.kpi
            and gap_losses.cohort_date >= windows.period_start
            and gap_losses.cohort_date < windows.period_end
            and gap_losses.lost_at < windows.decided_at
    group by
        windows.journey, windows.kpi, windows.period, windows.period_start, windows.period_end, windows.decided_at
),

-- A window can be touched by losses of days that have no case at all: what is known is then none.
known as (
    select
        lost.journey,
        lost.kpi,
        lost.period,
        lost.period_start,
        lost.decided_at,
        sum(cohort_sizes.case_count) as known_count
    from lost
    inner join cohort_sizes
        on
            lost.journey = cohort_sizes.journey
            and lost.kpi = cohort_sizes.kpi
            and cohort_sizes.cohort_date >= lost.period_start
            and cohort_sizes.cohort_date < lost.period_end
            and not cohort_sizes.is_lost_day
    group by lost.journey, lost.kpi, lost.period, lost.period_start, lost.decided_at
),

missing_shares as (
    select
        lost.journey,
        lost.kpi,
        lost.period,
        lost.period_start,
        lost.decided_at,
        lost.missing_count / (lost.missing_count + coalesce(known.known_count, 0)) as missing_share,
        lost.undecided_count / (lost.missing_count + coalesce(known.known_count, 0)) as undecided_share
    from lost
    left join known
        on
            lost.journey = known.journey
            and lost.kpi = known.kpi
            and lost.period = known.period
            and lost.period_start = known.period_start
            and lost.decided_at = known.decided_at
)
{%- endmacro %}

{#
    Whether data gaps hide too much of a cell. Missing cases may all have been failures, or all successes: they must not
    be a larger share than its 95 % interval is wide. Undecided ones all err to one side, on several days in a row: an
    eighth of that. A cell without an interval, or of a count, bears no loss.
#}
{% macro hides_too_much(cells, kpis, shares, has_estimator=true) -%}
coalesce(
    {{ shares }}.missing_share > {{ interval_width(cells, kpis, has_estimator) | indent(4) }}
    or {{ shares }}.undecided_share > {{ interval_width(cells, kpis, has_estimator) | indent(4) }} / 8,
    {{ shares }}.missing_share is not null
)
{%- endmacro %}

{# The width of a cell's 95 % interval as a share of its cases; of a quantile, that of its rank. #}
{% macro interval_width(cells, kpis, has_estimator) -%}
{%- set n = 'nullif(cast(' ~ cells ~ '.decided_count as double precision), 0)' -%}
{%- set wilson_width -%}
({{ wilson(cells ~ '.total', n, '+') }} - {{ wilson(cells ~ '.total', n, '-') }})
{%- endset -%}
{%- if not has_estimator -%}
{{ wilson_width }}
{%- else -%}
case {{ cells }}.estimator
    when 'proportion' then {{ wilson_width }}
    when 'mean'
        then
            2 * {{ z() }} * {{ standard_error(cells ~ '.total', cells ~ '.squares', n) }}
            / nullif({{ kpis }}.scale_max - {{ kpis }}.scale_min, 0)
    when 'nps'
        then
            (
                {{ adjusted_wald(cells ~ '.total', cells ~ '.squares', n, '+') | indent(16) }}
                - {{ adjusted_wald(cells ~ '.total', cells ~ '.squares', n, '-') | indent(16) }}
            ) / 200
    when 'quantile'
        then 2 * {{ z() }} * sqrt(case {{ cells }}.statistic when 'p90' then 0.09 else 0.25 end / {{ n }})
end
{%- endif -%}
{%- endmacro %}
