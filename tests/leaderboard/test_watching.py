"""Many sockets watch one board: each gets the newest, and a slow one costs the others nothing."""

import json
import socket
from contextlib import closing
from urllib.parse import urlsplit

from django.db import transaction

from leaderboard.broadcast import announce
from leaderboard.models import Board, Standing
from tests.servers import PATIENCE
from tests.visitor import receive

BOARDS = 45  # fifteen megabytes; the kernel keeps some three for a socket on its own machine


def publish_large_board(series, number):
    """A board of a third of a megabyte, so that few of them fill what lies between two sockets."""
    long = "x" * 110
    with transaction.atomic():  # as a fold does: the hub, which looks by itself too, never finds one without standings
        board = Board.objects.create(series=series, number=number, position=0, votes=number)
        Standing.objects.bulk_create(
            Standing(
                board=board,
                slug=f"{long}{i}",
                name=f"{long}{i}",
                joined=True,
                rank=i,
                rating=1000,
                low=990,
                high=1010,
                votes=1,
            )
            for i in range(1, 1001)
        )
    announce(series.slug)


def socket_that_does_not_read(visitor):
    """A board's socket with small buffers, after the handshake."""
    address = urlsplit(visitor.base)
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.settimeout(PATIENCE)
    slow.connect((address.hostname, address.port))
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    slow.sendall(
        f"GET /ws/board HTTP/1.1\r\nHost: {address.netloc}\r\nOrigin: {visitor.base}\r\nCookie: {cookies}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    stream = slow.makefile("rb")
    while stream.readline() != b"\r\n":
        pass
    return slow, stream


def next_number(stream):
    """The number of the next board in the stream of a server's unmasked text frames."""
    while True:
        kind, length = stream.read(2)
        if length >= 126:
            length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
        content = stream.read(length)
        if not kind & 0x8:  # else a ping, which comes to who has been silent for a while
            return json.loads(content)["number"]


def test_a_slow_socket_holds_up_nobody_and_gets_the_newest_board_and_not_all(visitor, newcomer, contest):
    slow, stream = socket_that_does_not_read(newcomer())
    with closing(slow), visitor.socket("/ws/board") as quick:
        assert receive(quick)["number"] == 1
        for number in range(2, BOARDS + 1):
            publish_large_board(contest.series, number)
            assert receive(quick)["number"] == number
        got = [next_number(stream)]
        while got[-1] != BOARDS:
            got.append(next_number(stream))
    # What the process and the kernel had kept for it is what came now: no queue of fifteen megabytes.
    assert got == sorted(set(got))
    assert len(got) < BOARDS * 2 / 3
