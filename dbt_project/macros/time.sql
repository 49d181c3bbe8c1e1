{# Times are naive UTC; days are cut in the journey's IANA zone. `zone` is an expression. #}

{% macro local_date(utc, zone) -%}
cast({{ as_utc(utc) }} at time zone {{ zone }} as date)
{%- endmacro %}

{# The moment, in UTC, at which a local day begins. #}
{% macro utc_of_midnight(day, zone) -%}
((cast({{ day }} as timestamp) at time zone {{ zone }}) at time zone 'UTC')
{%- endmacro %}

{# The first day of the week (ISO, Monday) or month that a day falls in. #}
{% macro first_day_of(period, day) -%}
cast(date_trunc('{{ period }}', cast({{ day }} as timestamp)) as date)
{%- endmacro %}

{#
    The day after the last one of a period: periods are half-open. Of a wave the day after its first: int_kpi_waves says
    when it ends.
#}
{% macro day_after(period, start) -%}
cast(
    case {{ period }}
        when 'day' then cast({{ start }} as timestamp) + interval '1 day'
        when 'wave' then cast({{ start }} as timestamp) + interval '1 day'
        when 'week' then cast({{ start }} as timestamp) + interval '7 days'
        else cast({{ start }} as timestamp) + interval '1 month'
    end as date
)
{%- endmacro %}

{% macro add_seconds(utc, seconds) -%}
({{ utc }} + interval '1 second' * {{ seconds }})
{%- endmacro %}

{% macro days_before(day, count) -%}
cast(cast({{ day }} as timestamp) - interval '{{ count }} days' as date)
{%- endmacro %}

{# The first day of the period, named by an expression, that a day falls in. #}
{% macro first_day_in(period, day) -%}
case {{ period }}
    when 'day' then {{ day }}
    when 'week' then {{ first_day_of('week', day) }}
    else {{ first_day_of('month', day) }}
end
{%- endmacro %}

{# Whether a version is the one that holds for a period: in force on its last day. #}
{% macro holds_for(kpis, period, start) -%}
{{ day_after(period, start) }} > {{ kpis }}.in_force_from
and {{ day_after(period, start) }} <= {{ kpis }}.in_force_to
{%- endmacro %}
