"""Takes reports out of the inbox and judges them, in one atomic script; what is known of an image afterwards."""
