"""`make contest`: a whole elimination contest in three minutes, from five teams to a winner."""
