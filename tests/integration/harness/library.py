"""libtaskmaster in a process of its own, driven line by line: a program with calls that wait. It submits each number of
standard input to `sleep`, waits for the end, and prints the number with the event's type and payload."""

import ctypes
import os
import sys

DONE = 3
WAIT_MS = 60000


class Event(ctypes.Structure):
    """The first members of tm_client_event."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("id", ctypes.c_uint64),
        ("user", ctypes.c_void_p),
        ("header", ctypes.c_char_p),
        ("job", ctypes.c_char_p),
        ("data", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
    ]


def main(address):
    lib = ctypes.CDLL(os.path.join(os.environ["BUILD"], "libtaskmaster.so.0"))
    lib.tm_client_new.restype = ctypes.c_void_p
    lib.tm_client_error.restype = ctypes.c_char_p
    client = ctypes.c_void_p(lib.tm_client_new())

    def must(status):
        if status:
            sys.exit(f"status {status}: {lib.tm_client_error(client).decode()}")

    must(lib.tm_client_connect(client, address.encode(), None, WAIT_MS))
    for line in sys.stdin:
        payload = b'{"ms":2,"value":%d}' % int(line)
        id, event = ctypes.c_uint64(), ctypes.POINTER(Event)()
        must(lib.tm_client_submit(client, b"sleep", payload, ctypes.c_size_t(len(payload)), None, WAIT_MS, ctypes.byref(id)))
        must(lib.tm_client_next_for(client, id, WAIT_MS, ctypes.byref(event)))
        found = event.contents
        print(line.strip(), found.type, found.data.decode(), flush=True)
        if found.type != DONE:
            sys.exit(found.header.decode())
        lib.tm_client_event_free(event)
    lib.tm_client_free(client)


if __name__ == "__main__":
    main(sys.argv[1])
