"""Check that an encoder's library is installed."""

from importlib.util import find_spec

from ltr_plugin.errors import EncoderError


def require_module(module: str, user: str, extra: str = "") -> None:
    """EncoderError when the module is not installed; it names the `user`, and the extra that installs the module."""
    if find_spec(module) is None:
        remedy = f"; pip install 'ltr-plugin[{extra}]'" if extra else ""
        raise EncoderError(f"{user} needs the module {module}, which is not installed{remedy}")
