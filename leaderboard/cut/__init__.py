"""The cut: who is out, why, and how surely. The arithmetic is `rating.decision`'s; here it meets the database."""
