{#
    In each group the rows are numbered from one on: none twice, none left out. Count, highest number and sum say so of
    whatever goes wrong with rows (doubled, lost, one for another), for much less than a look for equal ones.
#}
{% test numbered(model, number, within) %}
select {{ within }}
from {{ model }}
group by {{ within }}
having max({{ number }}) <> count(*) or 2 * sum({{ number }}) <> count(*) * (count(*) + 1)
{% endtest %}
