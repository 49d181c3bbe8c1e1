with responses as (
    {{ fresh_rows(ref('stg_survey_responses'), 'responded_at') | indent(4) }}
),

invitations as (
    {{ fresh_rows(ref('stg_survey_invitations'), 'invited_at') | indent(4) }}
),

{{ survey_sayings() }}

select * from asked_sayings
