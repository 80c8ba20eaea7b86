"""The visit pack: chosen summaries in large print to take to an appointment. The list is in the address."""
