"""Everything of Layerloom that needs no window: blocks, documents, checks, programs, training, runs, export."""
