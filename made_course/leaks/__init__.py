"""What a network depends on and claims: who moves whom, Σp, each step.

Imports from ``model`` and ``common``.

- ``dependence``: which output moves when which input does
- ``__main__``: the command that checks anyone's model: leaks and loops in its terminal
- ``total``: Σp over all inputs
- ``trajectory``: what a network says at every step
"""
