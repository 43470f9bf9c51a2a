"""doc/http.md, section 13: the description, the program and the page say the same."""

import json
import os
import re
import subprocess

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
SCHEMA = ("@seriousme/openapi-schema-validator", "2.11.0",
          "DL8TjmjkUS76OaK/TinoRtf6PrirsWfMZiv62ifP9eq3UOpoLqSGZKpCErxMzz0i1pjECSPYY+qZ1SRYEgiEvg==")

# In the places of the braces.
PARTS = {"{id}": "nothing", "{name}": "nothing"}


def describe(http):
    response = http.get("/v1/openapi.json")
    assert response.status == 200 and response.headers["Content-Type"] == "application/json"
    return response.json


def operations(document):
    return [(method.upper(), path, operation)
            for path, item in document["paths"].items() for method, operation in item.items()]


def path_of(path):
    for braces, value in PARTS.items():
        path = path.replace(braces, value)
    assert "{" not in path, path
    return path


def test_it_is_openapi(shared_http, tmp_path_factory):
    """By the OpenAPI Initiative's own schema, out of an npm package."""
    jsonschema = pytest.importorskip("jsonschema")
    package = os.path.join(os.environ.get("TMPDIR", "/tmp"), "openapi-schema")
    subprocess.run([os.path.join(ROOT, "scripts", "npm-package"), *SCHEMA, package], check=True, timeout=120)
    with open(os.path.join(package, "schemas", "v3.1", "schema.json")) as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    document = describe(shared_http)
    assert [error.message for error in validator.iter_errors(document)] == []
    del document["paths"]["/v1/jobs"]["post"]["parameters"][0]["in"]
    assert list(validator.iter_errors(document)), "the schema takes anything"


def test_names_are_unique(shared_http):
    names = [operation["operationId"] for _, _, operation in operations(describe(shared_http))]
    assert len(names) == len(set(names)) > 30


def test_each_path_has_its_methods_alone(shared_http):
    """405 with Allow for all others; HEAD stands with GET."""
    for path, item in describe(shared_http)["paths"].items():
        methods = {method.upper() for method in item}
        methods |= {"HEAD"} if "GET" in methods else set()
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if method in methods:
                continue
            response = shared_http.ask(method, path_of(path))
            assert response.status == 405, (method, path, response)
            assert set(response.headers["Allow"].split(", ")) == methods, (path, response)


def test_each_parameter_is_known_and_no_other(shared_http):
    """A request takes exactly the parameters of its description: the list in the error is the same."""
    for method, path, operation in operations(describe(shared_http)):
        names = [row["name"] for row in operation["parameters"] if row["in"] == "query"]
        response = shared_http.ask(method, path_of(path) + "?no-such-parameter=1")
        assert response.status == 400, (method, path, response)
        listed = re.search(r"this request takes: (.*)", response.json["detail"]).group(1)
        assert listed == (", ".join(names) or "none"), (method, path)


def test_each_parameter_has_its_check(shared_http):
    """What the schema forbids is refused, by name."""
    tried = 0
    for method, path, operation in operations(describe(shared_http)):
        for row in operation["parameters"]:
            schema = row["schema"]
            if row["in"] != "query":
                continue
            if "maxLength" in schema:
                wrong = "x" * (schema["maxLength"] + 1)
            elif schema.get("type") == "integer":
                wrong = str(schema.get("minimum", 0) - 1)
            elif "enum" in schema:
                wrong = "no-such-word"
            else:
                continue
            needed = "module=fib&" if (method, path) == ("POST", "/v1/jobs") and row["name"] != "module" else ""
            response = shared_http.ask(method, f"{path_of(path)}?{needed}{row['name']}={wrong}")
            assert response.status == 400 and row["name"] in response.json["detail"], (method, path, row, response)
            tried += 1
    assert tried > 20


def test_each_right_is_asked_for(gateway, shared_gateway, tmp_path):
    """Whoever has no right of the list is told 403; without a token 401, but for the open ones."""
    access = tmp_path / "access"
    access.write_text("nobody nobody-0123456789abcdef serve\n")
    access.chmod(0o600)
    http = gateway(master=shared_gateway.master, queue=shared_gateway.queue, access_file=str(access), allow_writes=None)
    for method, path, operation in operations(describe(http)):
        is_open = operation.get("security") == []
        response = http.ask(method, path_of(path))
        assert (response.status == 401) != is_open, (method, path, response)
        if "description" in operation:
            response = http.ask(method, path_of(path), token="nobody-0123456789abcdef")
            assert response.status == 403, (method, path, response)


def documented():
    """The requests of doc/http.md, in code marks."""
    with open(os.path.join(ROOT, "doc", "http.md")) as file:
        text = file.read()
    return {path for path in re.findall(r"(/(?:v1/|metrics|healthz|readyz)[A-Za-z0-9/._-]*)", text)}


def test_the_page_names_each_path(shared_http):
    """And nothing beside them. The page shortens a list of siblings: `…/resume`."""
    text = documented()
    with open(os.path.join(ROOT, "doc", "http.md")) as file:
        page = file.read()
    forms = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$") for path in describe(shared_http)["paths"]]
    for path in describe(shared_http)["paths"]:
        if path in ("/", "/app/{name}") or not path.startswith(("/v1", "/m", "/h", "/r")):
            continue
        last = path.rsplit("/", 1)[1]
        shown = re.sub(r"\{name\}", "NAME", re.sub(r"\{id\}", "ID", path))
        assert shown in text or f"…/{last}" in page, path
    for path in text:
        assert any(form.match(path) for form in forms), path
