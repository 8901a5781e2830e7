"""Appeals against a result: filed by a team, ruled on by two organizers, and what a ruling does to the result."""
