"""getput: does every get still have its put?"""

__version__ = "0.1.0"
