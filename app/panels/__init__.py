"""The panels around the canvas. Each is one widget made with the session; bottom panels are made when first shown."""
