"""Control flow: the intermediate representation of a function, its graph, and a way to read both."""
