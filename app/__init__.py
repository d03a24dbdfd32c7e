"""The window and the command line. They know the engine; the engine never knows them."""
