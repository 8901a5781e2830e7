"""`make season`: a contest of weeks, played by simulated voters in a minute, so that everything can be looked at."""
