/* === cleanup attribute */
	struct device_node *n __free(device_node) = of_find_node_by_path("/a");
	if (use(n))
		return -EINVAL;
	return 0;

/* === no_free_ptr */
struct device_node *acme(void)
{
	struct device_node *n __free(device_node) = of_find_node_by_path("/a");

	if (use(n))
		return NULL;
	return no_free_ptr(n);
}

/* === return_ptr */
struct device_node *acme(void)
{
	struct device_node *n __free(device_node) = of_find_node_by_path("/a");

	if (use(n))
		return NULL;
	return_ptr(n);
}

/* === cleanup attribute and a put */
	struct device_node *n __free(device_node) = of_find_node_by_path("/a");
	use(n);
	of_node_put(n);
	return 0; /* put-too-many */

/* === cleanup attribute in an inner scope */
	if (x) {
		struct device_node *n __free(device_node) = of_find_node_by_path("/a");
		if (use(n))
			return -EINVAL;
	}
	return 0;

/* === stored through no_free_ptr */
	struct device_node *n __free(device_node) = of_find_node_by_path("/a");
	if (!n)
		return -ENODEV;
	ctx->np = no_free_ptr(n);
	return 0;

/* === stored, and put by the cleanup attribute */
	struct device_node *n __free(device_node) = of_find_node_by_path("/a");
	ctx->np = n;
	return 0; /* stored-without-reference */
