"""The visit pack: chosen summaries and answers in large print to take to an appointment. The list is in the address."""
