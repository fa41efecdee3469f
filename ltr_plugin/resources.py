"""The folders of the project that are installed with the package."""

from pathlib import Path


def resource_dir(folder: str) -> Path:
    """The folder `engine` or `feature_sets`: inside the installed package, or in a checkout beside it."""
    package = Path(__file__).parent
    installed = package / "shipped" / folder
    return installed if installed.is_dir() else package.parent / folder
