"""What the machine underneath gives: files that appear whole, free ports, children that end with their parent."""
