"""taskqueued --check with engine redis (doc/cluster.md): the whole store is looked through while nodes may work on it."""

import subprocess

import pytest
from harness import access_list
from harness.daemon import environment
from harness.queued import QUEUED
from harness.redis import RedisServer
from harness.wait import DEADLINE, SCALE


@pytest.fixture
def redis(tmp_path):
    server = RedisServer(tmp_path).start()
    yield server
    assert not server.stop()


@pytest.fixture
def check(tmp_path):
    """Returns the exit status and the lines of standard output."""
    password = tmp_path / "password"
    password.write_text(access_list.PASSWORD)

    def run(address, **settings):
        settings = {"engine": "redis", "redis-servers": address, "redis-user": access_list.USER,
                    "redis-password-file": password, **settings}
        words = [f"--{key}={value}" for key, value in settings.items()]
        done = subprocess.run([QUEUED, "--check", *words], capture_output=True, text=True, timeout=DEADLINE * 2,
                              env=environment())
        return done.returncode, done.stdout.splitlines()

    return run


def test_an_empty_store_is_sound(redis, check):
    status, lines = check(redis.address)
    assert status == 0, lines
    assert lines[0].startswith("jobs: 0; Redis 7.") and lines[0].endswith(f" at {redis.address}"), lines
    assert lines[1] == "redis-prefix taskqueued: the store is sound", lines


def test_faults_are_told(redis, check):
    client = redis.client()
    client.call("ZADD", "taskqueued:all", 0, f"{17:020}")
    client.call("SET", f"taskqueued:in:{18:020}", "x")
    status, lines = check(redis.address)
    assert status == 65, lines
    assert "job q17: it is in the list of all jobs, and nothing of it is there" in lines, lines
    assert f"key taskqueued:in:{18:020}: there is no such job" in lines, lines
    assert lines[-1].startswith("redis-prefix taskqueued: faults: "), lines
    assert check(redis.address, **{"redis-prefix": "taskqueued:another:"})[0] == 0


def test_no_redis_is_waited_for_the_timeout(redis, check):
    address = redis.address
    redis.stop()
    try:
        status, lines = check(address, **{"redis-timeout-ms": 300 * SCALE})
    finally:
        redis.start()
    assert status == 69, lines
    assert lines[0].startswith("Redis cannot be asked: "), lines
