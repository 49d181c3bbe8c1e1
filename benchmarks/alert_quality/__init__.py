"""Alert quality: false alarms, detected drops and delays, compared with other methods on the same days."""
