"""Where the server listens: unix sockets, IPv6, and several addresses."""

import signal
import socket

import pytest

from harness.wait import DEADLINE, wait_until


def test_unix_socket(daemon, tmp_path):
    path = tmp_path / "sock"
    server = daemon(listen=f"unix:{path}")
    assert server.address == f"unix:{path}"
    assert server.client().done("echo", "x") == b"x"


def test_a_stale_unix_socket_is_no_hindrance(daemon, tmp_path):
    path = tmp_path / "sock"
    first = daemon(listen=f"unix:{path}")
    first.expected_status = -9
    first.kill()
    assert path.exists()
    assert daemon(listen=f"unix:{path}").client().done("echo", "x") == b"x"


def test_a_unix_socket_is_removed_at_the_end(daemon, tmp_path):
    path = tmp_path / "sock"
    server = daemon(listen=f"unix:{path}")
    server.process.terminate()
    server.wait_exit()
    assert not path.exists()


@pytest.mark.parametrize("moved", [True, False], ids=["renamed", "removed"])
def test_anothers_unix_socket_is_not_removed_at_the_end(daemon, tmp_path, moved):
    path = tmp_path / "sock"
    first = daemon(listen=f"unix:{path}")
    if moved:
        path.rename(tmp_path / "old")
    else:
        path.unlink()
    second = daemon(listen=f"unix:{path}")
    first.signal(signal.SIGTERM)
    assert first.wait_exit() == 0
    assert "another" in first.log.wait("socket-left")["why"]
    assert second.client().done("echo", "x") == b"x"
    assert (tmp_path / "old").exists() == moved


@pytest.mark.parametrize("moved", [True, False], ids=["renamed", "removed"])
def test_a_unix_socket_that_is_not_there_any_more(daemon, tmp_path, moved):
    path = tmp_path / "sock"
    server = daemon(listen=f"unix:{path}")
    if moved:
        path.rename(tmp_path / "old")
    else:
        path.unlink()
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert "removed or renamed" in server.log.wait("socket-left")["why"]


def test_a_unix_socket_whose_owner_does_not_listen_yet(daemon, tmp_path):
    """Such a socket refuses connections like a dead server's, but must not be replaced."""
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        server = daemon.make({"listen": f"unix:{path}"}).launch()
        server.expected_status = 69
        assert server.wait_exit() == 69
        assert "in use" in server.log.wait("cannot-listen")["why"]
        other.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            other.accept()[0].close()
    # The owner is dead by now, and has left the socket behind.
    assert daemon(listen=f"unix:{path}").client().done("echo", "x") == b"x"


def test_many_that_start_at_once_at_a_stale_unix_socket(daemon, tmp_path):
    """One server gets the socket, is reachable, and removes the socket at its end. The others report it as in use."""
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    servers = [daemon.make({"listen": f"unix:{path}"}).launch() for _ in range(8)]

    def ended():
        return [server for server in servers if server.process.poll() is not None]

    wait_until(lambda: len(ended()) == len(servers) - 1, "all to end but one", 3 * DEADLINE)
    for server in ended():
        server.expected_status = 69
        assert server.wait_exit() == 69 and server.log.events("cannot-listen")
    (winner,) = (server for server in servers if server.process.poll() is None)
    winner.addresses = [f"unix:{path}"]
    assert winner.client().done("echo", "x") == b"x"
    winner.signal(signal.SIGTERM)
    assert winner.wait_exit() == 0
    assert not path.exists()


def test_ipv6_loopback(daemon):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    server = daemon(listen="[::1]:0")
    assert server.address.startswith("[::1]:")
    assert server.client().done("echo", "x") == b"x"


def test_every_address_of_ipv6_is_none_of_ipv4(daemon):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    server = daemon(listen="[::]:0", allow_open_listen=True)
    port = int(server.addresses[0].rpartition(":")[2])
    socket.create_connection(("::1", port), timeout=DEADLINE).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def test_several_addresses(daemon, tmp_path):
    server = daemon(listen=["127.0.0.1:0", f"unix:{tmp_path}/sock", "127.0.0.1:0"])
    assert len(set(server.addresses)) == 3
    for address in server.addresses:
        assert server.client(address).done("echo", "x") == b"x"
