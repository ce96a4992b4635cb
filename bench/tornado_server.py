"""Tornado, the original. Run as `python3 tornado_server.py`; it says where it listens."""

import json
import logging

from tornado import httpserver, ioloop, netutil, web


class Greeter:
    def greet(self):
        return {"message": "Hello, world"}


class Handler(web.RequestHandler):
    def set_default_headers(self):
        # What the others send, and Tornado's own name away.
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Connection", "keep-alive")
        self.set_header("Keep-Alive", "timeout=65")

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


def main():
    # Tornado writes its access log only where logging is set up; this keeps warnings quiet, too.
    logging.getLogger("tornado").setLevel(logging.CRITICAL)
    app = web.Application(
        [(r"/json", GreetingHandler, {"greeter": Greeter()}), (r"/users/([^/]+)/orders", OrdersHandler)]
    )
    sockets = netutil.bind_sockets(0, "127.0.0.1")
    httpserver.HTTPServer(app).add_sockets(sockets)
    print("listening on http://127.0.0.1:%d" % sockets[0].getsockname()[1], flush=True)
    ioloop.IOLoop.current().start()


main()
