"""What readers see of the answers, and the studies behind each."""
