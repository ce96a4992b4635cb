"""Tornado, the original. Run as `python3 tornado_server.py`; it says where it listens."""

import asyncio
import json
import logging
import os

from tornado import httpserver, ioloop, netutil, web


class Greeter:
    def greet(self):
        return {"message": "Hello, world"}


class EqualHeaders:
    """What the others send, and Tornado's own name away."""

    def set_default_headers(self):
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Connection", "keep-alive")
        self.set_header("Keep-Alive", "timeout=65")


class Handler(EqualHeaders, web.RequestHandler):
    def write_json(self, value):
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.write(json.dumps(value, separators=(",", ":")))


class GreetingHandler(Handler):
    def initialize(self, greeter):
        self.greeter = greeter

    def get(self):
        self.write_json(self.greeter.greet())


class OrdersHandler(Handler):
    def compute_etag(self):
        # Tornado works one out for answers to POST as well.
        return None

    def post(self, user):
        order = json.loads(self.request.body)
        self.write_json(
            {
                "user": user,
                "currency": self.get_query_argument("currency"),
                "item": order["item"],
                "quantity": order["quantity"],
                "total": order["quantity"] * 250,
            }
        )


class DocsHandler(EqualHeaders, web.StaticFileHandler):
    def get_content_type(self):
        return "text/markdown; charset=utf-8"

    def set_extra_headers(self, path):
        self.set_header("Cache-Control", "no-cache")

    def compute_etag(self):
        stats = os.stat(self.absolute_path)
        return '"%s-%s"' % (base36(round(stats.st_mtime_ns / 1000)), base36(stats.st_size))


def base36(number):
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


class PricesHandler(Handler):
    clients = set()
    published = 0

    async def get(self):
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")
        self.flush()
        self.clients.add(self)
        self.closed = asyncio.Event()
        await self.closed.wait()

    def on_connection_close(self):
        self.clients.discard(self)
        self.closed.set()


class PublishHandler(Handler):
    def get(self):
        PricesHandler.published += 1
        text = 'id: %d\ndata: {"price":4711}\n\n' % PricesHandler.published
        for client in PricesHandler.clients:
            client.write(text)
            client.flush()
        self.write_json({"clients": len(PricesHandler.clients)})


def main():
    # Tornado writes its access log only where logging is set up; this keeps warnings quiet, too.
    logging.getLogger("tornado").setLevel(logging.CRITICAL)
    app = web.Application(
        [
            (r"/json", GreetingHandler, {"greeter": Greeter()}),
            (r"/users/([^/]+)/orders", OrdersHandler),
            (r"/docs/(.*)", DocsHandler, {"path": os.path.join(os.path.dirname(__file__), "../docs")}),
            (r"/prices", PricesHandler),
            (r"/publish", PublishHandler),
        ]
    )
    sockets = netutil.bind_sockets(0, "127.0.0.1")
    httpserver.HTTPServer(app).add_sockets(sockets)
    print("listening on http://127.0.0.1:%d" % sockets[0].getsockname()[1], flush=True)
    ioloop.IOLoop.current().start()


main()
