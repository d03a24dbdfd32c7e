"""The dialogs of the window, none of which blocks it."""
