"""What each mail says, from live rows at the moment it goes out, and who is told of corrections."""
