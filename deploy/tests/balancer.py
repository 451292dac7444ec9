"""deploy/haproxy.cfg does what docs/protocol.md and docs/operations.md say: tried on a real HAProxy before stub nodes."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
AUTH = ["/v1/auth/signin", "/v1/auth/sessions/1", "/v1/users", "/v1/users?query=a", "/v1/users/me", "/v1/users/0192",
        "/.well-known/jwks.json"]
CHAT = ["/v1/users/me/rooms", "/v1/users/me/rooms?limit=1", "/v1/rooms", "/v1/rooms/1/messages", "/v1/ws/tickets",
        "/v1/meta", "/v1/presence?room=1", "/docs", "/docs/index.html", "/openapi.json", "/problems/not-found", "/v1/x.y"]
NOWHERE = ["/internal/v1/sessions", "//internal/v1/sessions", "/v1/../internal/v1/sessions", "/v1/%2e%2E/internal/v1/x",
           "/v1/..%2finternal/v1/x", "/%69nternal/v1/sessions", "/metrics", "/", "/v1", "/other"]


class Node:
    """Answers with its own name and what it was sent."""

    def __init__(self, name):
        node = self
        self.name, self.ready, self.sockets = name, True, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.path == "/v1/ws":
                    return self.upgrade()
                if self.path.endswith("/die"):
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                body = json.dumps({"node": node.name, "headers": [list(item) for item in self.headers.items()]}).encode()
                self.send_response(503 if self.path == "/readyz" and not node.ready else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def upgrade(self):
                self.connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                                        b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
                while sent := self.connection.recv(100):
                    self.connection.sendall(node.name.encode() + b" " + sent)
                self.close_connection = True

            def log_message(self, *_):
                pass

            do_GET = do_POST = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # The balancer resets the connections of its checks.
        self.server.handle_error = lambda *_: None
        self.address = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def call(port, path, method="GET", headers=()):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("content-length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), json.loads(body) if body else None


def open_socket(port):
    opened = socket.create_connection(("127.0.0.1", port), timeout=10)
    opened.sendall(b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += opened.recv(1) or b"\r\n\r\n"
    assert b" 101 " in head, head
    return opened


def node_of(opened):
    opened.sendall(b"hello")
    return opened.recv(100).split()[0].decode()


def until(what, holds):
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def is_problem(answer, status, code):
    found, headers, body = answer
    assert (found, body["status"], body["code"]) == (status, status, code), answer
    assert headers["content-type"] == "application/problem+json" and headers["cache-control"] == "no-store", headers
    assert body["type"] == "/problems/" + code and (ROOT / f"docs/problems/{code}.md").exists(), body
    assert body["request_id"] == headers["x-request-id"], answer
    if status == 503:
        assert headers["retry-after"] == "1" and body["retry_after_ms"] == 1000, answer


def headers_seen(answer, name):
    return [value for key, value in answer[2]["headers"] if key.lower() == name]


def paths(front, inside):
    for service, owned in (("auth", AUTH), ("chat", CHAT)):
        for path in owned:
            status, _, body = call(front, path)
            assert status == 200 and body["node"].startswith(service), (path, status, body)
    for path in NOWHERE:
        is_problem(call(front, path), 404, "not-found")
    assert call(inside, "/internal/v1/sessions", "POST")[2]["node"].startswith("auth")
    for path in ("/healthz", "/readyz"):
        assert call(front, path)[0] == 200, path
    nodes = {call(front, "/v1/meta")[2]["node"] for _ in range(50)}
    assert nodes == {"chat-1", "chat-2"}, nodes


def headers(front):
    answer = call(front, "/v1/meta", headers=[("x-request-id", "mine-1"), ("x-forwarded-for", "192.0.2.9"),
                                              ("x-forwarded-for", "192.0.2.10"), ("forwarded", "for=192.0.2.9")])
    assert headers_seen(answer, "x-forwarded-for") == ["127.0.0.1"] and not headers_seen(answer, "forwarded"), answer
    assert headers_seen(answer, "x-request-id") == ["mine-1"] and answer[1]["x-request-id"] == "mine-1", answer
    answer = call(front, "/v1/meta", headers=[("x-request-id", 'not "sane"')])
    (made,) = headers_seen(answer, "x-request-id")
    assert re.fullmatch("[0-9a-f-]{36}", made) and answer[1]["x-request-id"] == made, answer


def a_proxy_before_it_is_believed(front):
    answer = call(front, "/v1/meta", headers=[("x-forwarded-for", "192.0.2.9")])
    assert headers_seen(answer, "x-forwarded-for") == ["192.0.2.9"], answer
    assert headers_seen(call(front, "/v1/meta"), "x-forwarded-for") == ["127.0.0.1"]


def a_node_that_drains_keeps_its_sockets(front, chat):
    opened = [open_socket(front) for _ in range(4)]
    assert sorted(map(node_of, opened)) == ["chat-1", "chat-1", "chat-2", "chat-2"]
    chat[0].ready = False
    until("a node that is not ready gets nothing new", lambda: {call(front, "/v1/meta")[2]["node"] for _ in range(20)} == {"chat-2"})
    assert [node_of(open_socket(front)) for _ in range(3)] == ["chat-2"] * 3
    assert sorted(map(node_of, opened)) == ["chat-1", "chat-1", "chat-2", "chat-2"]
    chat[1].ready = False
    until("without a ready node it is not ready", lambda: call(front, "/readyz")[0] == 503)
    is_problem(call(front, "/readyz"), 503, "overloaded")
    assert call(front, "/healthz")[0] == 200
    assert call(front, "/v1/meta")[0] == 200, "nodes say themselves why they are not ready"
    chat[0].ready = chat[1].ready = True
    until("it is ready again", lambda: call(front, "/readyz")[0] == 200)


def a_node_that_ends(front, chat):
    is_problem(call(front, "/v1/die", "POST"), 502, "internal")
    assert call(front, "/v1/die", "POST")[2]["definite"] is False
    chat[0].server.shutdown()
    chat[0].server.server_close()
    for _ in range(30):
        answer = call(front, "/v1/rooms", "POST")
        assert answer[0] == 200 and answer[2]["node"] == "chat-2", answer
    chat[1].server.shutdown()
    chat[1].server.server_close()
    is_problem(call(front, "/v1/rooms", "POST"), 503, "overloaded")


@contextlib.contextmanager
def balancer(auth, chat, **more):
    front, inside = free_port(), free_port()
    settings = {**os.environ, "LB_ADDR": f"127.0.0.1:{front}", "LB_AUTH_ADDR": f"127.0.0.1:{inside}", **more}
    for service, nodes in (("AUTH", auth), ("CHAT", chat)):
        settings.update({f"{service}_{number}": node.address for number, node in enumerate(nodes, 1)})
    process = subprocess.Popen(["haproxy", "-db", "-f", ROOT / "deploy/haproxy.cfg"], env=settings,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    log = []
    reading = threading.Thread(target=lambda: log.extend(process.stdout), daemon=True)
    reading.start()

    def listens():
        assert process.poll() is None, b"".join(log).decode()
        with contextlib.suppress(OSError):
            return call(front, "/healthz")[0] == 200

    try:
        until("it listens", listens)
        yield front, inside
    finally:
        process.terminate()
        process.wait(10)
        reading.join(10)
    requests = [json.loads(line) for line in log if line.startswith(b"{")]
    assert requests and not any("query" in line["path"] for line in requests), "one line of JSON for each request"


def main():
    for variable in [name for name in os.environ if re.match("(LB|AUTH|CHAT)_", name)]:
        del os.environ[variable]
    auth = [Node(f"auth-{number}") for number in (1, 2)]
    chat = [Node(f"chat-{number}") for number in (1, 2)]
    with balancer(auth, chat, LB_TRUSTED_PROXIES="192.0.2.1 127.0.0.0/8") as (front, _):
        a_proxy_before_it_is_believed(front)
    with balancer(auth, chat) as (front, inside):
        paths(front, inside)
        headers(front)
        a_node_that_drains_keeps_its_sockets(front, chat)
        a_node_that_ends(front, chat)


sys.exit(main())
