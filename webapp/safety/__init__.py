"""Safety cards: what to do now in an emergency, shown before anything else when somebody's words call for it."""
