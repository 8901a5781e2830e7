"""The organizers' pages. Each asks anew who looks; each change is explained before and logged after."""
