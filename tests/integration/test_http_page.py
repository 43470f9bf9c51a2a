"""The page as files of a web server: their types, their headers, copies in caches, and names that are not there."""

import gzip
import re

import pytest

POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


def linked(text):
    """The files that a file of the page names."""
    found = re.findall(r'"(/app/[^"]+)"', text) + re.findall(r"from '\./([^']+)'", text)
    return [name if name.startswith("/") else f"/app/{name}" for name in found]


def test_the_page_and_all_that_it_names(shared_http):
    page = shared_http.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    seen, todo = {}, linked(page.text)
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        response = seen[path] = shared_http.get(path)
        assert response.status == 200, path
        assert response.headers["Content-Type"] == TYPES[path[path.rindex(".") :]], path
        todo += linked(response.text)
    assert {"/app/main.js", "/app/page.css", "/app/icon.svg", "/app/overview.js", "/app/dom.js"} <= set(seen)
    for response in [page, *seen.values()]:
        assert response.headers["Content-Security-Policy"] == POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["Referrer-Policy"] == "no-referrer"


def test_the_licence_of_the_charts_goes_with_them(shared_http):
    response = shared_http.get("/app/uPlot.license.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Permission is hereby granted" in response.text


def test_no_foreign_address_stands_in_it(shared_http):
    texts = [shared_http.get(path).text for path in linked(shared_http.get("/").text)]
    names = {address for text in texts for address in re.findall(r"https?://[\w.]+", text)}
    assert names <= {"http://www.w3.org", "https://github.com"}, "a name space, and uPlot's own address in its licence"


def test_gzip_for_those_that_take_it(shared_http):
    plain = shared_http.get("/app/page.css")
    packed = shared_http.get("/app/page.css", headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != packed.headers["ETag"]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_copy_is_asked_for_and_still_good(shared_http, encoding):
    headers = {"Accept-Encoding": encoding}
    tag = shared_http.get("/app/main.js", headers=headers).headers["ETag"]
    again = shared_http.get("/app/main.js", headers={**headers, "If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == tag
    assert "Content-Security-Policy" in again.headers
    assert shared_http.get("/app/main.js", headers={**headers, "If-None-Match": '"other"'}).status == 200


def test_head(shared_http):
    get = shared_http.get("/app/main.js")
    head = shared_http.ask("HEAD", "/app/main.js")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))
    assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize(
    "path",
    ["/app/", "/app/none.js", "/app/index.htm", "/app/../main.js", "/app/x/main.js", "/app/%2e%2e", "/index.html"],
)
def test_what_is_not_there(shared_http, path):
    response = shared_http.get(path)
    assert response.status in (400, 404)
    assert response.headers["Content-Type"] == "application/problem+json"


def test_nothing_is_written_to_it(shared_http):
    response = shared_http.post("/app/main.js", "x")
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


def test_the_page_needs_no_token(gateway, tmp_path):
    access = tmp_path / "access"
    access.write_text("olga token-of-the-observer observe\n")
    access.chmod(0o600)
    http = gateway(access_file=str(access))
    assert http.get("/").status == 200
    assert http.get("/app/main.js").status == 200
    assert http.get("/v1/session").status == 401
    assert http.get("/v1/session", token="token-of-the-observer").json["rights"] == ["observe"]


def test_the_status_of_a_kept_job_ends_nothing(gateway, queue):
    kept = queue()
    http = gateway(master=kept.master, queue=kept)
    job = http.post("/v1/jobs?module=echo", "x", headers={"Prefer": "respond-async"}).json["job"]
    assert http.get(f"/v1/jobs/{job}?wait=30").text == "x"
    status = http.get(f"/v1/queue/jobs/{job}")
    assert (status.status, status.json["state"]) == (200, "done")
    assert http.get("/v1/queue/jobs/q999").json["code"] == "unknown-job"
