"""From reports on two images to findings: what a patch introduced, what it fixed, what stood there before."""
