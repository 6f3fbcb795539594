/* === returned */
struct device_node *acme(struct device *dev)
{
	struct device_node *np = of_get_parent(dev->of_node);

	if (!use(np))
		return np;
	of_node_put(np);
	return NULL;
}

/* === stored in a parameter's field */
	ctx->np = of_find_node_by_path("/a");
	return ctx->np ? 0 : -ENODEV;

/* === stored through an out parameter */
int acme(struct device_node **out)
{
	struct device_node *np = of_find_node_by_path("/a");

	if (!np)
		return -ENODEV;
	*out = np;
	return 0;
}

/* === stored in a local structure */
	struct acme_args args;
	args.np = of_find_node_by_path("/a");
	return use(&args); /* leak-always */

/* === put on a list */
	struct acme_ctx *link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return -ENOMEM;
	link->np = of_find_node_by_path("/a");
	list_add(&link->node, &ctx->links);
	return 0;

/* === holder freed with what it holds */
	struct acme_ctx *link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return -ENOMEM;
	link->np = of_find_node_by_path("/a");
	if (use(link)) {
		kfree(link);
		return -EINVAL; /* leak-on-error */
	}
	list_add(&link->node, &ctx->links);
	return 0;

/* === devm action */
	np = of_find_node_by_path("/a");
	ret = devm_add_action_or_reset(dev, acme_put, np);
	if (ret)
		return ret;
	return use(np);

/* === devm getter */
	struct clk *clk = devm_clk_get(dev, NULL);
	if (IS_ERR(clk))
		return PTR_ERR(clk);
	return use(clk);

/* === fd_install keeps */
	struct file *file = fget(x);
	if (!file)
		return -EBADF;
	fd_install(ret, file);
	return 0;

/* === kept only on success */
	struct dma_buf *buf = dma_buf_get(x);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = dma_buf_fd(buf, 0);
	if (ret < 0)
		dma_buf_put(buf);
	return ret;

/* === kept only on success, failure leaks */
	struct dma_buf *buf = dma_buf_get(x);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = dma_buf_fd(buf, 0);
	return ret; /* leak-on-error */

/* === another name */
	struct device_node *alias;
	np = of_find_node_by_path("/a");
	alias = np;
	np = NULL;
	use(alias);
	of_node_put(alias);
	return 0;

/* === embedded device */
	struct platform_device *pdev = of_find_device_by_node(dev->of_node);
	if (!pdev)
		return -ENODEV;
	ret = use(pdev);
	put_device(&pdev->dev);
	return ret;

/* === container_of */
	struct device *found = bus_find_device_by_name(&acme_bus, NULL, "a");
	struct acme_dev *acme;
	if (!found)
		return -ENODEV;
	acme = container_of(found, struct acme_dev, dev);
	ret = use(acme);
	put_device(&acme->dev);
	return ret;
