"""One call as a program in six languages, with no library but that of the language; the key is in the environment."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

JSON = "application/json"
KEY = "SENDCODE_KEY"
SHORT = 60
"""Characters of a body that a command for a shell has on one line."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to write as a program; `body` is JSON data, or a text of another `content_type`."""

    method: str
    url: str
    needs_key: bool
    body: Any = None
    content_type: str = JSON

    @property
    def is_json(self) -> bool:
        """Tell whether it has a body of JSON."""
        return self.body is not None and self.content_type == JSON

    @property
    def text(self) -> str:
        """The body as it is sent, in several lines."""
        return (
            json.dumps(self.body, indent=2, ensure_ascii=False)
            if self.is_json
            else str(self.body).replace("\r", "")
        )


def curl(call: Call) -> str:
    """Return a command for a shell."""
    lines = ["curl" + (f" -X {call.method}" if _is_unusual(call) else "") + f" {shlex.quote(call.url)}"]
    if call.needs_key:
        lines.append(f'-H "Authorization: Bearer ${KEY}"')
    if call.body is not None:
        short = json.dumps(call.body, ensure_ascii=False) if call.is_json else call.text
        text = short if len(short) <= SHORT else call.text
        lines += [f"-H 'Content-Type: {call.content_type}'", f"--data-binary {shlex.quote(text)}"]
    return " \\\n  ".join(lines)


def python(call: Call) -> str:
    """Return a program for Python 3."""
    has_json = ["import json"] if call.is_json else []
    imports = [*has_json, *(["import os"] if call.needs_key else []), "import urllib.request"]
    body = []
    if call.is_json:
        body = [f"body = {_literal(call.body, '', '{}', ': ', _python_text)}"]
    elif call.body is not None:
        body = [f"body = {_python_text(call.text)}"]
    data = "" if not body else ", json.dumps(body).encode()" if call.is_json else ", body.encode()"
    return "\n".join(
        [
            *imports,
            "",
            *body,
            f'url = "{call.url}"',
            f'request = urllib.request.Request(url{data}, method="{call.method}")',
            *(
                f'request.add_header("{name}", {value})'
                for name, value in _headers(call, f'"Bearer " + os.environ["{KEY}"]')
            ),
            "with urllib.request.urlopen(request, timeout=10) as answer:",
            "    print(answer.status, answer.read().decode())",
        ]
    )


def node(call: Call) -> str:
    """Return a module for Node.js."""
    headers = _headers(call, f"`Bearer ${{process.env.{KEY}}}`")
    lines = [f'  method: "{call.method}",'] if call.method != "GET" else []
    if headers:
        lines.append("  headers: { " + ", ".join(f'"{name}": {value}' for name, value in headers) + " },")
    if call.is_json:
        lines.append(f"  body: JSON.stringify({_indented(call.text, '  ')}),")
    elif call.body is not None:
        lines.append(f"  body: {json.dumps(call.text)},")
    options = ", {\n" + "\n".join(lines) + "\n}" if lines else ""
    return f'const answer = await fetch("{call.url}"{options});\nconsole.log(answer.status, await answer.text());'


def php(call: Call) -> str:
    """Return a program for PHP 8 with its extension curl."""
    headers = [f'"Authorization: Bearer " . getenv("{KEY}")'] if call.needs_key else []
    if call.body is not None:
        headers.append(f'"Content-Type: {call.content_type}"')
    options = ["    CURLOPT_RETURNTRANSFER => true,"]
    if _is_unusual(call):
        options.append(f'    CURLOPT_CUSTOMREQUEST => "{call.method}",')
    if headers:
        options.append(f"    CURLOPT_HTTPHEADER => [{', '.join(headers)}],")
    if call.body is not None:
        fields = f"json_encode({_php(call.body, '    ')})" if call.is_json else _php(call.text, "")
        options.append(f"    CURLOPT_POSTFIELDS => {fields},")
    return "\n".join(
        [
            "<?php",
            f'$request = curl_init("{call.url}");',
            "curl_setopt_array($request, [",
            *options,
            "]);",
            'echo curl_exec($request), "\\n";',
        ]
    )


def go(call: Call) -> str:
    """Return a program for Go."""
    body = f"strings.NewReader(`{call.text}`)" if call.body is not None else "nil"
    names = ["fmt", "io", "net/http"]
    names += (["os"] if call.needs_key else []) + (["strings"] if call.body is not None else [])
    return "\n".join(
        [
            "package main",
            "",
            "import (",
            *(f'\t"{name}"' for name in names),
            ")",
            "",
            "func main() {",
            f'\trequest, _ := http.NewRequest("{call.method}", "{call.url}", {body})',
            *(
                f'\trequest.Header.Set("{name}", {value})'
                for name, value in _headers(call, f'"Bearer "+os.Getenv("{KEY}")')
            ),
            "\tanswer, err := http.DefaultClient.Do(request)",
            "\tif err != nil {",
            "\t\tpanic(err)",
            "\t}",
            "\tdefer answer.Body.Close()",
            "\ttext, _ := io.ReadAll(answer.Body)",
            "\tfmt.Println(answer.StatusCode, string(text))",
            "}",
        ]
    )


def java(call: Call) -> str:
    """Return a class for Java 15 or newer."""
    body = "HttpRequest.BodyPublishers.noBody()"
    if call.body is not None:
        text = call.text.replace("\\", "\\\\")
        body = (
            'HttpRequest.BodyPublishers.ofString("""\n'
            + _indented(f"                {text}", " " * 16)
            + '""")'
        )
    return "\n".join(
        [
            "import java.net.URI;",
            "import java.net.http.*;",
            "",
            "public class Call {",
            "    public static void main(String[] args) throws Exception {",
            f'        var request = HttpRequest.newBuilder(URI.create("{call.url}"))',
            *(
                f'            .header("{name}", {value})'
                for name, value in _headers(call, f'"Bearer " + System.getenv("{KEY}")')
            ),
            f'            .method("{call.method}", {body})',
            "            .build();",
            "        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());",
            '        System.out.println(answer.statusCode() + " " + answer.body());',
            "    }",
            "}",
        ]
    )


LANGUAGES: Mapping[str, tuple[str, Callable[[Call], str]]] = {
    "curl": ("curl", curl),
    "python": ("Python", python),
    "node": ("Node.js", node),
    "php": ("PHP", php),
    "go": ("Go", go),
    "java": ("Java", java),
}


def _is_unusual(call: Call) -> bool:
    """Tell whether curl has to be told the method: with a body it is POST by itself."""
    return call.method != ("GET" if call.body is None else "POST")


def _headers(call: Call, bearer: str) -> list[tuple[str, str]]:
    """Return the names of headers and their values as expressions, which `bearer` is one of."""
    found = [("Authorization", bearer)] if call.needs_key else []
    return found + ([("Content-Type", f'"{call.content_type}"')] if call.body is not None else [])


def _indented(text: str, by: str) -> str:
    return text.replace("\n", f"\n{by}")


def _php(value: Any, indent: str) -> str:
    return _literal(value, indent, "[]", " => ", _php_text)


def _php_text(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


def _python_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _literal(value: Any, indent: str, brackets: str, arrow: str, text: Callable[[Any], str]) -> str:
    """Return JSON data as a literal of a language, each member of an object on a line of its own."""
    inner = f"{indent}    "
    if isinstance(value, dict) and value:
        lines = [
            f"{inner}{text(name)}{arrow}{_literal(one, inner, brackets, arrow, text)},"
            for name, one in value.items()
        ]
        return f"{brackets[0]}\n" + "\n".join(lines) + f"\n{indent}{brackets[1]}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(one, indent, brackets, arrow, text) for one in value) + "]"
    return text(value)
