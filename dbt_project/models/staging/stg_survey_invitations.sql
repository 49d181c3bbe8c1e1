with invitations as (
    select * from {{ source('raw', 'survey_invitations') }}
),

clock as (
    select * from {{ ref('stg_clock') }}
),

seen as (
    select
        invitation_id,
        source,
        batch_id,
        customer_id,
        case_id,
        touchpoint,
        survey,
        invited_at,
        eligible as is_eligible,
        segments
    from invitations
    where invitations.invited_at <= (select clock.as_of from clock)
)

select * from seen
