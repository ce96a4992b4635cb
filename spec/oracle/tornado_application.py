"""The handlers of application.ts, written for Tornado: the reference that they are compared with. Prints its port."""

import asyncio
import json
import logging

import tornado.httpserver
import tornado.netutil
import tornado.web
from tornado.web import Finish, HTTPError, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("hello")


class Json(RequestHandler):
    def get(self):
        self.write({"a": 1, "b": [1, 2], "c": "</script>", "d": None, "e": "é"})


class Arguments(RequestHandler):
    def get(self):
        self.write({"q": self.get_arguments("q"), "query": self.get_query_arguments("q"), "last": self.get_argument("q", "none")})

    def post(self):
        self.write(
            {"q": self.get_arguments("q"), "query": self.get_query_arguments("q"), "body": self.get_body_arguments("q"), "last": self.get_argument("q", "none")}
        )

    put = post


class Unstripped(RequestHandler):
    def get(self):
        self.write({"q": self.get_arguments("q", strip=False)})


class Required(RequestHandler):
    def get(self):
        self.write(self.get_argument("q"))


class Echo(RequestHandler):
    def post(self):
        self.set_header("Content-Type", "application/octet-stream")
        self.write(self.request.body)

    put = post
    patch = post
    delete = post


class Files(RequestHandler):
    def post(self):
        files = {
            name: [[f["filename"], f["content_type"], f["body"].decode("latin1")] for f in given]
            for name, given in self.request.files.items()
        }
        self.write({"files": files, "body": self.get_body_arguments("q")})


class Status(RequestHandler):
    def get(self, status):
        self.set_status(int(status))


class Reason(RequestHandler):
    def get(self):
        self.set_status(200, "Very Well")
        self.write("x")


class Fail(RequestHandler):
    def get(self, status):
        raise HTTPError(int(status), "for the log")

    post = get


class Boom(RequestHandler):
    def get(self):
        self.write("half an answer")
        self.set_header("X-Half", "1")
        raise ValueError("boom")


class SendError(RequestHandler):
    def get(self):
        self.write("half")
        self.send_error(403)


class OwnError(RequestHandler):
    def write_error(self, status_code, **kwargs):
        self.set_header("Content-Type", "text/plain")
        self.write(f"own {status_code}")

    def get(self):
        raise HTTPError(409)


class Redirect(RequestHandler):
    def get(self, kind):
        if kind == "temporary":
            self.redirect("/x?y=1")
        elif kind == "permanent":
            self.redirect("/x", permanent=True)
        else:
            self.redirect("/x", status=307)

    post = get


class Headers(RequestHandler):
    def set_default_headers(self):
        self.set_header("X-Default", "default")

    def get(self):
        self.set_header("X-Set", "1")
        self.set_header("X-Set", "2")
        self.add_header("X-Added", "a")
        self.add_header("X-Added", "b")
        self.set_header("X-Gone", "1")
        self.clear_header("X-Gone")
        self.set_header("Content-Type", "text/plain")
        self.write("headers")

    def post(self):
        self.set_header("X-Set", "1")
        raise HTTPError(400)


class Seen(RequestHandler):
    def get(self):
        request = self.request
        self.write(
            {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "uri": request.uri,
                "host": request.host,
                "version": request.version,
                "header": request.headers.get("X-Mine"),
                "protocol": request.protocol,
            }
        )


class Cookies(RequestHandler):
    def get(self):
        self.write({name: self.get_cookie(name) for name in sorted(self.cookies)})


class Segments(RequestHandler):
    def get(self, *segments):
        self.write({"segments": segments})


class Pieces(RequestHandler):
    async def get(self):
        self.write("first,")
        await self.flush()
        self.write("second")


class Done(RequestHandler):
    def get(self):
        self.write("written")
        raise Finish()


class DoneWith(RequestHandler):
    def get(self):
        self.set_status(401)
        raise Finish("given")


class Prepared(RequestHandler):
    def prepare(self):
        if self.get_query_argument("stop", None):
            self.finish("prepared")

    def get(self):
        self.write("verb")


class Tagged(RequestHandler):
    def get(self):
        self.set_etag_header()
        self.write("tagged")

    def compute_etag(self):
        return '"mine"'


class Verbs(RequestHandler):
    def get(self):
        self.write("get")

    def head(self):
        self.set_header("X-Head", "own")

    def post(self):
        self.write("post")

    def put(self):
        self.write("put")

    def patch(self):
        self.write("patch")

    def delete(self):
        self.write("delete")

    def options(self):
        self.set_status(204)


class Empty(RequestHandler):
    def get(self):
        pass


class Bytes(RequestHandler):
    def get(self):
        self.set_header("Content-Type", "application/octet-stream")
        self.write(bytes(range(256)))


handlers = [
    ("/", Hello),
    ("/json", Json),
    ("/arguments", Arguments),
    ("/unstripped", Unstripped),
    ("/required", Required),
    ("/echo", Echo),
    ("/files", Files),
    (r"/status/(\d+)", Status),
    ("/reason", Reason),
    (r"/fail/(\d+)", Fail),
    ("/boom", Boom),
    ("/send-error", SendError),
    ("/own-error", OwnError),
    ("/redirect/(.*)", Redirect),
    ("/headers", Headers),
    ("/seen", Seen),
    ("/seen/.*", Seen),
    ("/cookies", Cookies),
    (r"/segments/([^/]+)/([^/]+)", Segments),
    (r"/digits/(\d+)", Segments),
    (r"/optional(?:/(\w+))?", Segments),
    ("/pieces", Pieces),
    ("/done", Done),
    ("/done-with", DoneWith),
    ("/prepared", Prepared),
    ("/tagged", Tagged),
    ("/verbs", Verbs),
    ("/empty", Empty),
    ("/bytes", Bytes),
]


async def main():
    logging.disable(logging.CRITICAL)
    server = tornado.httpserver.HTTPServer(tornado.web.Application(handlers))
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
