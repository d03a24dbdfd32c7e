"""The command line: one file a family of subcommands. Only `render` imports Qt, and torch waits until it is needed."""
