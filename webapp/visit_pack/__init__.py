"""The visit pack: chosen summaries on one large-print sheet to take to an appointment. The list lives in the URL."""
