"""Read sources of events, survey responses, invitations, customers and counts into the landing tables."""
