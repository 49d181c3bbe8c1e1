{#
    Members of a KPI about durations, from a CTE `spells` with one row a spell: journey, kpi, kind, subject_id,
    member_number, cohort_date, started_at, closed_at, due_at, has_tolerance, gives_up_at; and a CTE `clock`.

    Within tolerance: closed no later than due. Open and past due is beyond it; open and not yet due is undecided. What
    was never promised a time breaks no promise: within once it is closed, undecided until then.
#}
{% macro duration_members() -%}
select
    spells.journey,
    spells.kpi,
    spells.kind,
    statistics.statistic,
    statistics.estimator,
    spells.subject_id,
    spells.member_number,
    spells.cohort_date,
    case
        when statistics.statistic <> 'share_within'
            then {{ seconds_between('spells.started_at', 'spells.closed_at') }}
        when spells.closed_at is not null
            then {{ share('coalesce(spells.closed_at <= spells.due_at, true)') }}
        when spells.due_at < clock.as_of then cast(0 as double precision)
    end as outcome,
    case
        when statistics.statistic <> 'share_within' then coalesce(spells.closed_at, spells.gives_up_at)
        else coalesce(least(spells.closed_at, spells.due_at), spells.gives_up_at)
    end as matures_at
from spells
cross join clock
inner join (
    values ('share_within', 'proportion'), ('median_closed', 'median'), ('p90_closed', 'p90')
) as statistics (statistic, estimator)
    on spells.has_tolerance or statistics.statistic <> 'share_within'
{%- endmacro %}
