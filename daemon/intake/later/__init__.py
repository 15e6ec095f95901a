"""Labels that come later than their events: which label is of which event, by the time that it comes."""
