"""Where the files that ship beside the code lie: in a checkout, or inside the installed wheel."""

from pathlib import Path


def resource_dir(folder: str) -> Path:
    """The shipped folder `engine` or `feature_sets`."""
    package = Path(__file__).parent
    checkout = package.parent / folder
    return checkout if checkout.is_dir() else package / "shipped" / folder
