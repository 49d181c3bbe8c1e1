"""Which series are watched, their panels from the marts, and the evaluation of all of them."""
