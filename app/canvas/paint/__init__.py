"""How nodes, wires and what lies over them are drawn."""
