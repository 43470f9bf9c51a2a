"""taskmaster-http as a daemon: its start and end, its settings, the daemons behind it, and who may do what."""


def test_first_request(shared_http):
    response = shared_http.post("/v1/jobs?module=fib", "30")
    assert (response.status, response.text) == (200, "832040"), response
