-- Actors whose events are not what they were. One who has none any more is among them: nothing of theirs may stay.
with fresh as (
    select * from {{ ref('int_fresh_mapped_events') }}
),

corrected as (
    select * from {{ ref('int_corrected_actors') }}
),

touched as (
    select actor_key from fresh
    union
    select actor_key from corrected
)

select * from touched
