"""Write the parts of the reference pages that come from the code.

`<!-- begin: NAME ARGUMENT -->` and `<!-- end -->` on lines of their own mark such a part in a page. Usage: python
docs/generate.py
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

import recommender
from recommender.cli.main import cli
from recommender.problems import KINDS, MILD, Kind
from recommender.settings import FLAGS, NUMBERS, Settings
from recommender.site.settings_file import write_settings

DOCS = Path(__file__).parent
API = Path(recommender.__file__).parent / "service" / "openapi.json"
MARKED = re.compile(r"(^<!-- begin: ([^\n]+) -->\n).*?(^<!-- end -->$)", re.MULTILINE | re.DOTALL)
WIDTH = 78  # what a column of the built site holds


def fence(text: str, language: str) -> str:
    """Give a block of code."""
    return f"```{language}\n{text.strip()}\n```\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Give a table of Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def command_help(name: str) -> str:
    """Give the help of one command, or of the program."""
    width = {"max_content_width": WIDTH, "terminal_width": WIDTH}
    top = click.Context(cli, info_name="recommender", **{**cli.context_settings, **width})
    if name == "recommender":
        return fence(cli.get_help(top), "text")
    command = cli.commands[name]
    inner = click.Context(command, info_name=name, parent=top, **width)
    return fence(command.get_help(inner), "text")


def settings_file(_: str) -> str:
    """Give the file that `init` writes."""
    with tempfile.TemporaryDirectory() as folder:
        article = Path(folder, "articles", "one.md")
        article.parent.mkdir()
        article.write_text("---\nid: 1\ntitle: One\nurl: /one\n---\n", encoding="utf-8")
        written = write_settings(Path(folder), force=False).file
        return fence(written.read_text(encoding="utf-8"), "yaml")


def settings_numbers(_: str) -> str:
    """Give the table of numbers: type, range, default and meaning of each."""
    default = Settings()
    names = {int: "whole number", float: "number"}
    return table(
        ("setting", "type", "range", "default", "what it is"),
        (
            *(
                (f"`{name}`", names[kind], f"{low:,g} to {high:,.0f}", _number(getattr(default, name)), what)
                for name, (kind, low, high, what) in NUMBERS.items()
            ),
            *(
                (f"`{name}`", "true or false", "", str(getattr(default, name)).lower(), what)
                for name, what in FLAGS.items()
            ),
        ),
    )


def _number(value: float | None) -> str:
    return "null" if value is None else f"{value:,g}" if isinstance(value, float) else f"{value:,}"


def problem_codes(severity: str) -> str:
    """Give the table of codes of one severity."""
    kinds: list[tuple[str, Kind]] = [*KINDS.items(), *MILD.items()]
    rows = ((f"`{code}`", kind.summary, kind.remedy) for code, kind in kinds if kind.severity == severity)
    return table(("code", "what it says", "remedy"), rows)


def routes(tag: str) -> str:
    """Give the routes of one tag of the OpenAPI document, with parameters, bodies and answers."""
    document = json.loads(API.read_text(encoding="utf-8"))
    found = [
        _route(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
    return "\n".join(found)


def _route(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> str:
    parts = [f"### {method.upper()} {path}\n", f"{operation['summary']}.\n"]
    if "description" in operation:
        parts.append(f"{operation['description']}\n")
    parameters = [_resolved(document, one) for one in operation.get("parameters", [])]
    if parameters:
        rows = ((f"`{one['name']}`", _type(document, one["schema"]), one.get("description", "")) for one in parameters)
        parts.append(table(("parameter", "type", "what it is"), rows))
    body = _schema(operation.get("requestBody", {}))
    if body:
        parts.append(_shown("Body", _properties(document, body)))
    good = operation["responses"].get("200", {})
    answer = _schema(good)
    if good.get("description"):
        parts.append(f"{good['description'].rstrip('.')}.\n")
    if answer:
        parts.append(_shown("Answer", _properties(document, answer)))
    parts.append(f"Statuses: {', '.join(operation['responses'])}.\n")
    return "\n".join(part for part in parts if part)


def _shown(title: str, text: str) -> str:
    return f"{title}:\n\n{text}" if text.startswith("|") else f"{title}: {text}"


def _schema(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    for step in node.get("$ref", "").split("/")[1:]:
        node = (document if step == "components" else node)[step]
    return node


def _type(document: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in node or "anyOf" in node:
        return " or ".join(_type(document, one) for one in node.get("oneOf", node.get("anyOf")))
    if node.get("type") == "array":
        return f"list of {_type(document, node['items'])}"
    kinds = node.get("type", "any")
    kind = kinds if isinstance(kinds, str) else " or ".join(kinds)
    fixed = node.get("enum", [node["const"]] if "const" in node else [])
    if fixed:
        return " or ".join(f"`{one}`" for one in fixed)
    if "minimum" in node and "maximum" in node:
        return f"{kind}, {node['minimum']} to {node['maximum']}"
    return str(kind)


def _properties(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in schema or "properties" not in schema:
        return f"{_type(document, schema)}\n"
    required = schema.get("required", ())
    rows = (
        (f"`{name}`", _type(document, one), "" if name in required else "optional", one.get("description", ""))
        for name, one in schema["properties"].items()
    )
    return table(("key", "type", "", "what it is"), rows)


def schemas(_: str) -> str:
    """Give the JSON objects of the API."""
    document = json.loads(API.read_text(encoding="utf-8"))
    parts = []
    for name, schema in document["components"]["schemas"].items():
        text = f"{schema['description']}\n\n" if "description" in schema else ""
        parts.append(f"### {name}\n\n{text}{_properties(document, schema)}")
    return "\n".join(parts)


def statuses(_: str) -> str:
    """Give the statuses of errors."""
    responses = json.loads(API.read_text(encoding="utf-8"))["components"]["responses"]
    return table(("status", "when"), ((code, one["description"]) for code, one in responses.items() if code.isdigit()))


def python_api(_: str) -> str:
    """Give the names of the front door, with their signatures and docstrings."""
    names = [name for name in getattr(recommender, "__all__", ()) if not name.startswith("_")]
    return "\n".join(_documented(name, getattr(recommender, name)) for name in names)


def _documented(name: str, thing: Any) -> str:
    own = inspect.isclass(thing)
    call = f"{'class ' if own else ''}{name}{_signature(thing)}"
    parts = [f"### {name}\n", fence(_wrapped(call), "python"), _doc(thing)]
    for inner, member in sorted(vars(thing).items()) if dataclasses.is_dataclass(thing) else ():
        target = getattr(member, "func", getattr(member, "fget", member))  # of a property, cached or not
        if not inner.startswith("_") and inspect.isfunction(target):
            signature = _signature(member) if inspect.isfunction(member) else ""
            parts.append(f"- `{inner}{signature}`: {_doc(target).splitlines()[0]}")
    return "\n".join(parts).rstrip("\n") + "\n"


class _Plain(str):
    """An annotation as it is written: a signature shows others in quotes."""

    def __repr__(self) -> str:
        return str(self)


def _signature(thing: Any) -> str:
    if inspect.isclass(thing) and not dataclasses.is_dataclass(thing):
        return ""
    found = inspect.signature(thing)
    own = [one for one in found.parameters.values() if one.name != "self"]
    written = [
        one.replace(annotation=_Plain(one.annotation), default=_default(one.default))
        for one in own
        if not one.name.startswith("_")
    ]
    result = inspect.Signature.empty if inspect.isclass(thing) else _Plain(found.return_annotation)
    return str(inspect.Signature(written, return_annotation=result))


def _default(value: Any) -> Any:
    """Give a default as a signature shows it: one that is made anew, or is long, as an ellipsis."""
    return (
        value
        if value is inspect.Parameter.empty or (len(repr(value)) < 40 and "<" not in repr(value))
        else _Plain("...")
    )


def _wrapped(call: str) -> str:
    """Put each parameter on a line of its own where all of them are too long for one."""
    if len(call) <= WIDTH:
        return call
    head, _, rest = call.partition("(")
    inside, _, behind = rest.rpartition(")")
    arguments = re.split(r", (?![^\[(]*[\])])", inside)
    return f"{head}(\n" + "".join(f"    {one},\n" for one in arguments) + f"){behind}"


def _doc(thing: Any) -> str:
    text = re.sub(r"``([^`]+)``", r"`\1`", inspect.getdoc(thing) or "")
    lines = []
    for line in text.splitlines():
        title = re.fullmatch(r"(Raises|Returns|Args|Yields):", line)
        entry = re.match(r"    (\w[\w, ]*): (.*)", line)
        lines.append(f"{title[1]}:\n" if title else f"- `{entry[1]}`: {entry[2]}" if entry else line.strip())
    return "\n".join(lines) + "\n"


PARTS: dict[str, Callable[[str], str]] = {
    "help": command_help,
    "settings-file": settings_file,
    "settings-numbers": settings_numbers,
    "problems": problem_codes,
    "routes": routes,
    "schemas": schemas,
    "statuses": statuses,
    "python-api": python_api,
}


def generated(text: str) -> str:
    """Give a page with all its marked parts made anew."""

    def part(found: re.Match[str]) -> str:
        name, _, argument = found[2].partition(" ")
        return f"{found[1]}\n{PARTS[name](argument)}\n{found[3]}"

    return MARKED.sub(part, text)


def main() -> None:
    """Write every page whose marked parts changed."""
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        made = generated(text)
        if made != text:
            page.write_text(made, encoding="utf-8")
            click.echo(page.relative_to(DOCS.parent))


if __name__ == "__main__":
    main()
