"""What all resources share: bodies, headers, problems, pages, and what a view says of itself."""
