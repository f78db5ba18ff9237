"""What makes two names, or two files, one image."""
