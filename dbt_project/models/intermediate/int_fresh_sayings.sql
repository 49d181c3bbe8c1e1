with sayings as (
    select * from {{ ref('int_survey_sayings') }} as sayings
    where {{ is_fresh('sayings', 'said_at') }}
)

select * from sayings
