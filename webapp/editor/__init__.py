"""Where editors write, check, preview, publish and withdraw summaries."""
