"""What readers tell us: was this helpful, and the contact form."""
