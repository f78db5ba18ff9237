"""What uploaders are told of a block, and how they appeal against it."""
