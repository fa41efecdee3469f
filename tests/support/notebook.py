"""A script of cells (`# %%`) as a Jupyter notebook."""

import json

CELL, MARKDOWN = "# %%", "# %% [markdown]"


def cells_of(script: str) -> list[tuple[str, str]]:
    """The kind (markdown or code) and the text of each cell."""
    cells = []
    for part in script.split(f"\n{CELL}"):
        head, _, text = part.removeprefix(CELL).partition("\n")
        text = text.strip("\n")
        if head.strip() == MARKDOWN.removeprefix(CELL).strip():
            cells.append(
                ("markdown", "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.splitlines()))
            )
        else:
            cells.append(("code", text))
    return cells


def notebook_of(script: str) -> str:
    """The notebook's file, without outputs."""
    cells = [
        {
            "cell_type": kind,
            **({"execution_count": None, "outputs": []} if kind == "code" else {}),
            "id": f"cell-{number}",
            "metadata": {},
            "source": text.splitlines(keepends=True),
        }
        for number, (kind, text) in enumerate(cells_of(script))
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
