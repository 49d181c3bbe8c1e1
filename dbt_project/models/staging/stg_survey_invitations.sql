with invitations as (
    select * from {{ source('raw', 'survey_invitations') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

seen as (
    select
        invitations.invitation_id,
        invitations.source,
        invitations.batch_id,
        invitations.customer_id,
        invitations.case_id,
        invitations.touchpoint,
        invitations.survey,
        invitations.wave,
        invitations.invited_at,
        invitations.eligible as is_eligible,
        invitations.segments
    from invitations
    where invitations.invited_at <= (select clock.as_of from clock)
)

select * from seen
