"""Prepares matplotlib when, and only when, something imports it."""

import sys


class Finder:
    """Stands before Python's own finders until pyplot is imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "matplotlib":
            figures().prepare_matplotlib()
        elif name == "matplotlib.pyplot":
            sys.meta_path.remove(Finder)
            return figures().spec_of_pyplot(name)
        return None


def figures():
    """The figure half of the runner, loaded late since plain code does not need it."""
    module = sys.modules.get("_darkroom_figures")
    if module is None:
        import importlib.util
        import os

        here = os.path.dirname(os.path.abspath(__file__))
        spec = importlib.util.spec_from_file_location("_darkroom_figures", os.path.join(here, "figures.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return module
