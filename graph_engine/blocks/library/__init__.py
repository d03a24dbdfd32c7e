"""Every block, one family a file. Any `Block` subclass declared here is in the library."""
