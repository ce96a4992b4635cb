"""Asks an application by Tornado's own client, everything once, and prints what came as JSON: tornado_client.py <url>."""

import asyncio
import hashlib
import json
import sys

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import url_concat

url = sys.argv[1]
bytes_ = bytes((index * 7) % 251 for index in range(100_000))
client = AsyncHTTPClient()


async def ask(path, **options):
    """The answer as what JSON can show; errors of the client are shown as their status."""
    try:
        answer = await client.fetch(HTTPRequest(url + path, request_timeout=10, **options))
    except HTTPClientError as error:
        answer = error.response
    body = answer.body or b""
    return {
        "status": answer.code,
        "reason": answer.reason,
        "url": answer.effective_url[len(url) :],
        "headers": {name.lower(): ", ".join(answer.headers.get_list(name)) for name in answer.headers},
        "cookies": answer.headers.get_list("Set-Cookie"),
        "size": len(body),
        "digest": hashlib.sha256(body).hexdigest(),
        "body": body.decode(errors="replace") if len(body) < 2000 else None,
    }


def multipart():
    boundary = "----tornado"
    parts = [
        b'Content-Disposition: form-data; name="a"\r\n\r\none',
        b'Content-Disposition: form-data; name="file"; filename="caf\xc3\xa9.bin"\r\nContent-Type: image/x-test\r\n\r\n' + bytes_,
    ]
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return {"method": "POST", "headers": headers, "body": body + b"--" + boundary.encode() + b"--\r\n"}


async def produced(write):
    for start in range(0, len(bytes_), 7_000):
        await write(bytes_[start : start + 7_000])
        await asyncio.sleep(0)


async def streamed(path, **options):
    """The pieces that a streaming callback gets."""
    pieces = []
    answer = await ask(path, streaming_callback=pieces.append, **options)
    return {**answer, "streamed": b"".join(pieces).decode(), "pieces": len(pieces)}


async def refused():
    """How many pieces of a body were sent that is too long."""
    sent = []

    async def counted(write):
        sent.append(1)
        await produced(write)

    headers = {"Content-Length": str(len(bytes_))}
    answer = await ask("/small", method="POST", headers=headers, expect_100_continue=True, body_producer=counted)
    return {**answer, "sent": len(sent)}


async def with_cookies():
    """What the second request shows of the cookies that the first has set."""
    set_ = await ask("/cookies?set=value")
    sent = "; ".join(cookie.split(";")[0] for cookie in set_["cookies"])
    return {"set": set_["cookies"], "read": (await ask("/cookies", headers={"Cookie": sent}))["body"]}


async def unchanged():
    first = await ask("/seen?q=tag")
    return await ask("/text", headers={"If-None-Match": (await ask("/text"))["headers"]["etag"]}) | {"first": first["status"]}


async def main():
    form = {"method": "POST", "body": "a=1&a=%C3%A9+&b=x", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    upload = {"method": "PUT", "body_producer": produced}
    length = {"Content-Length": str(len(bytes_))}
    results = {
        "get": await ask(url_concat("/seen", [("q", "é"), ("q", "a b")]), user_agent="tornado"),
        "head": await ask("/text", method="HEAD"),
        "form": await ask("/form", **form),
        "multipart": await ask("/form", **multipart()),
        "chunked": await ask("/upload", **upload),
        "measured": await ask("/upload", headers=length, **upload),
        "continued": await ask("/upload", headers=length, expect_100_continue=True, **upload),
        "refused": await refused(),
        "gzip": await ask("/text", decompress_response=True),
        "identity": await ask("/text", decompress_response=False),
        "redirect": await ask("/steps/3"),
        "stopped": await ask("/steps/3", follow_redirects=False),
        "posted": await ask("/posted", method="POST", body=""),
        "cookies": await with_cookies(),
        "unchanged": await unchanged(),
        "range": await ask("/files/bytes.bin", headers={"Range": "bytes=1000-2999"}),
        "unsatisfiable": await ask("/files/bytes.bin", headers={"Range": "bytes=100000-"}),
        "pieces": await streamed("/pieces"),
        "compressed pieces": await streamed("/pieces", decompress_response=True),
        "events": await streamed("/events", headers={"Accept": "text/event-stream", "Last-Event-ID": "4"}),
        "not found": await ask("/none"),
        "failed": await ask("/fail/500"),
        "refusal": await ask("/fail/409"),
    }
    print(json.dumps(results))


asyncio.run(main())
