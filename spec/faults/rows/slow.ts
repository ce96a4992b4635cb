import { type Fault, get } from "./fault.js";

/** The client reads nothing, and does not learn that it was cut off. */
const unread =
  (bytes: string): Fault["send"] =>
  (client) => {
    client.socket.pause();
    client.send(bytes);
  };

/** One byte after the other, until the server has had enough. */
const slowly =
  (bytes: string): Fault["send"] =>
  async (client) => {
    const timer = setInterval(() => client.send("x"), 30);
    client.send(bytes);
    await client.end();
    clearInterval(timer);
  };

/** Slow clients. */
export const slow: readonly Fault[] = [
  { what: "a header section that never ends", send: slowly("GET /p HTTP/1.1\r\nHost: a\r\nX: "), status: 408 },
  { what: "a request line that never ends", send: slowly("GET /"), status: 408 },
  {
    what: "a body that comes byte by byte",
    send: slowly("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"),
    status: 408,
  },
  {
    what: "a form that comes byte by byte",
    send: slowly(
      "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\n",
    ),
    status: 408,
  },
  {
    what: "a length and nothing behind it",
    send: "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n",
    status: 408,
  },
  { what: "a connection without a byte", send: "", status: 0, lines: 0 },
  { what: "an answer without end that nobody takes", send: unread(get("/stream")), status: [0, 200], lines: 2 },
];
