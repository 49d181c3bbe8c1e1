{#
    As many rows as the others that they are made of, one of each: none was lost or doubled by a join on the way. It costs
    a small part of a look for equal ones.
#}
{% test as_many_as(model, others, condition) %}
with mine as (
    select count(*) as count_rows from {{ model }}
),

theirs as (
    select count(*) as count_rows from {{ others }} where {{ condition }}
)

select
    mine.count_rows,
    theirs.count_rows as count_others
from mine
cross join theirs
where mine.count_rows <> theirs.count_rows
{% endtest %}
