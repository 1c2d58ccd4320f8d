"""How tests of widgets find the controls."""


def controls(widget):
    """Every control inside a widget, by its description."""
    found = {}
    for child in getattr(widget, "children", ()):
        found |= controls(child)
        if getattr(child, "description", ""):
            found[child.description] = child
    return found
