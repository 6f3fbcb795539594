"""Many patches in one go: where they come from, who judges them, and what is kept of the answers."""
