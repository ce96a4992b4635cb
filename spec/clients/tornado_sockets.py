"""Talks with an application by Tornado's WebSocket client, and prints what came as JSON: tornado_sockets.py <ws url> <size>."""

import asyncio
import json
import sys

from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

url = sys.argv[1]
size = int(sys.argv[2])


async def main():
    socket = await websocket_connect(
        url + "/sockets/lobby", subprotocols=["v1", "v2", "v3"], compression_options={}, ping_interval=1, max_message_size=10**7
    )

    async def answer(message, binary=False):
        await socket.write_message(message, binary)
        return await socket.read_message()

    text = await answer("é 😀")
    back = await answer(bytes(index % 251 for index in range(size)), True)
    long_text = "lang é " * (size // 10)
    long_back = await answer(long_text)
    shown = json.loads(await answer("json"))
    await asyncio.sleep(1.5)
    still = await answer("still")
    protocol = socket.selected_subprotocol
    last = await answer("close")
    closed = "%s %s %s" % (socket.close_code, socket.close_reason, str(last is None).lower())
    other = await websocket_connect(url + "/sockets/other")
    other.close(4001, "mine")
    await other.read_message()
    try:
        await websocket_connect(url + "/refused")
        refused = True
    except HTTPClientError as error:
        refused = error.code != 403
    print(
        json.dumps(
            {
                "protocol": protocol,
                "text": text,
                "bytes": [sum(back), len(back)],
                "longText": long_back == long_text and still == "still",
                "json": shown,
                "closed": closed,
                "refused": refused,
            }
        )
    )


asyncio.run(main())
