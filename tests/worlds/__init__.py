"""Small generated worlds with known truth, one for each class of real data that was once evaluated wrongly."""
