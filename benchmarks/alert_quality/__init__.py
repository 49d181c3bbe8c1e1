"""How good alerts are: what is told falsely, what is found and how soon, beside other rules on the same days."""
