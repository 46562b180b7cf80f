"""The notebook: it runs on the sample site and on any other, its committed outputs are true, and its cells only draw.

After a wanted change, with RECOMMENDER_WRITE_NOTEBOOK=1 this test writes the new outputs.
"""

from __future__ import annotations

import ast
import base64
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
FILE = ROOT / "notebooks" / "offline_evaluation.ipynb"
LOGIC = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.If,
    ast.IfExp,
    ast.While,
    ast.Try,
    ast.With,
    ast.Match,
    ast.BoolOp,
    ast.Compare,
    ast.AugAssign,
    ast.Delete,
    ast.NamedExpr,
)
# The jupyter libraries warn of their own deprecations.
pytestmark = [
    pytest.mark.slow,  # executes the notebook
    pytest.mark.filterwarnings("default"),
]


def executed() -> nbformat.NotebookNode:
    notebook = nbformat.read(FILE, 4)
    # As from its own folder, where jupyter starts it.
    place = {"metadata": {"path": str(FILE.parent)}}
    client = NotebookClient(notebook, timeout=300, record_timing=False, coalesce_streams=True, resources=place)
    client.execute()
    return notebook


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    return [output.text if output.output_type == "stream" else output.output_type for output in outputs(notebook)]


def images(notebook: nbformat.NotebookNode) -> list[bytes]:
    found = [output.data["image/png"] for output in outputs(notebook) if "data" in output]
    return [base64.b64decode(image) for image in found]


@pytest.fixture(scope="module")
def committed() -> nbformat.NotebookNode:
    return nbformat.read(FILE, 4)


def test_the_committed_outputs_are_those_of_the_sample_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECOMMENDER_SITE", raising=False)
    fresh = executed()
    if os.environ.get("RECOMMENDER_WRITE_NOTEBOOK"):
        nbformat.write(fresh, FILE)
    committed = nbformat.read(FILE, 4)
    assert texts(fresh) == texts(committed)
    assert len(images(fresh)) == len(images(committed)) >= 8


def test_one_parameter_names_another_site(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site / "recommender.yml").write_text("content: content\nfloor: 0.123\n", encoding="utf-8")
    monkeypatch.setenv("RECOMMENDER_SITE", str(site))
    found, sample = executed(), nbformat.read(FILE, 4)
    assert "below the floor 0.123" in "".join(texts(found))
    assert ["judged articles" in "".join(texts(one)) for one in (found, sample)] == [False, True]
    # Judgments have a figure of their own beside the curated links, in the comparison and in the ablation.
    assert len(images(found)) == len(images(sample)) - 2


def test_the_committed_outputs_are_small_and_say_nothing_of_a_machine(committed: nbformat.NotebookNode) -> None:
    kinds = {output.output_type for output in outputs(committed)}
    assert kinds == {"stream", "display_data"}
    assert {output.name for output in outputs(committed) if output.output_type == "stream"} == {"stdout"}
    assert all(len(image) <= 40_000 and image.startswith(b"\x89PNG") for image in images(committed))
    text = FILE.read_text(encoding="utf-8")
    assert not [place for place in ("/home/", "/root/", "/tmp/", "/Users/", "site-packages") if place in text]
    printed = "".join(texts(committed)) + "".join(cell.source for cell in committed.cells)
    # The only absolute paths are the urls of the sample site: whatever folder this was run in is not said.
    assert {path.split("/")[1] for path in re.findall(r"(?<![\w./:<])/\w[^\s/]*/[^\s]*", printed)} <= {"learn"}
    assert not any("execution" in cell.metadata for cell in committed.cells)
    assert [cell.execution_count for cell in code_cells(committed)] == list(range(1, len(code_cells(committed)) + 1))


def test_the_cells_only_draw(committed: nbformat.NotebookNode) -> None:
    for cell in code_cells(committed):
        tree = ast.parse(cell.source)
        assert len(cell.source.splitlines()) <= 20, cell.source
        assert not [type(node).__name__ for node in ast.walk(tree) if isinstance(node, LOGIC)], cell.source
        for node in ast.walk(tree):
            # A comprehension passes values on; a loop holds calls that draw, and names for what they draw.
            assert not (isinstance(node, ast.comprehension) and node.ifs), cell.source
            if isinstance(node, ast.For):
                assert all(isinstance(line, ast.Expr | ast.Assign) for line in node.body), cell.source
                assert all(isinstance(line.value, ast.Call) for line in node.body), cell.source


def test_the_parameter_is_tagged_and_stands_alone(committed: nbformat.NotebookNode) -> None:
    tagged = [cell for cell in code_cells(committed) if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1
    names = [
        target.id
        for node in ast.parse(tagged[0].source).body
        if isinstance(node, ast.Assign)
        for target in node.targets
    ]
    assert names == ["SITE"]
