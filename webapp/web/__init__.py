"""What every page shares (errors, request checks, headers, htmx, assets, the page cache, forms, throttling, logs), and requests to other servers."""
