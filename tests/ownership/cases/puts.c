/* === put of NULL */
	np = NULL;
	if (x)
		np = of_find_node_by_path("/a");
	of_node_put(np);
	return 0;

/* === put twice */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	of_node_put(np); /* put-too-many */
	return 0;

/* === put, cleared, put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	np = NULL;
	of_node_put(np);
	return 0;

/* === put, taken again, put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	np = of_find_node_by_path("/b");
	of_node_put(np);
	return 0;

/* === used after the put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	return np->phandle; /* use-after-put */

/* === compared after the put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	return np == dev->of_node;

/* === a counted parameter is given back */
void acme(struct device_node *np)
{
	use(np);
	of_node_put(np);
}
