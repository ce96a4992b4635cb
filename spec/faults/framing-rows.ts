/** Framing and smuggling, as bytes: what is refused, and what is odd and yet served. */

const hello = "5\r\nhello\r\n0\r\n\r\n";
/** Stands behind each row; it must never be executed. */
export const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
export const get = (fields = "", path = "/p"): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
export const post = (fields: string, body = ""): string => `POST /p HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
export const chunked = (body: string): string => post("Transfer-Encoding: chunked\r\n", body);
const sized = (size: string): string => chunked(`${size}\r\nhello\r\n0\r\n\r\n`);
const line = (text: string): string => `${text}\r\nHost: a\r\n\r\n`;

/** What is sent, byte by byte, and the status that must come back; after an error the connection must close. */
export type FramingRow = readonly [what: string, bytes: string, status: number];

/** Transfer codings in disguise: whoever takes one for chunked and whoever does not see two different requests. */
const codings: FramingRow[] = [
  [
    "chunked and a length",
    post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", `5c\r\n${smuggled}0\r\n\r\n`),
    400,
  ],
  ["a length and chunked", post("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", `0\r\n\r\n${smuggled}`), 400],
  ["a vertical tab before chunked", post("Transfer-Encoding: \x0bchunked\r\n", hello), 400],
  ["a form feed before chunked", post("Transfer-Encoding: \x0cchunked\r\n", hello), 400],
  ["a NUL before chunked", post("Transfer-Encoding: \0chunked\r\n", hello), 400],
  ["a tab behind chunked", post("Transfer-Encoding: chunked\t\r\n", hello), 400],
  ["chunked in quotes", post('Transfer-Encoding: "chunked"\r\n', hello), 501],
  ["chunked with a parameter", post("Transfer-Encoding: chunked;x=y\r\n", hello), 501],
  ["chunked behind a comma", post("Transfer-Encoding: ,chunked\r\n", hello), 501],
  ["chunked before a comma", post("Transfer-Encoding: chunked,\r\n", hello), 400],
  ["chunked on a folded line", post("Transfer-Encoding:\r\n chunked\r\n", hello), 400],
  ["a space before the colon", post("Transfer-Encoding : chunked\r\n", hello), 400],
  ["chunked behind a bare line feed", post("X: y\nTransfer-Encoding: chunked\r\n", hello), 400],
  ["chunked behind a bare carriage return", post("X: y\rTransfer-Encoding: chunked\r\n", hello), 400],
  ["chunked and identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", hello), 400],
  ["identity and chunked", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", hello), 501],
];

const lengths: FramingRow[] = [
  ...["-0", "0x5", "5_0", "5 5", "5, 10", "1e1", "5.0", "99999999999999999999", "٥"].map((length): FramingRow => [
    `a length of ${length}`,
    post(`Content-Length: ${length}\r\n`, "hello"),
    400,
  ]),
  ["a length of 2^53 + 1", post("Content-Length: 9007199254740993\r\n"), 413],
];

const chunks: FramingRow[] = [
  ...["+5", "0x5", "-1", "FFFFFFFFFFFFFFFFF", " 5", "5 ", "5,", "", "5;", "5 ;x", "5;a\0", "5;a\rb", "5;a\nb"].map(
    (size): FramingRow => [`a chunk size of ${JSON.stringify(size)}`, sized(size), 400],
  ),
  ["a chunk size that ends in a line feed", chunked("5\nhello\r\n0\r\n\r\n"), 400],
  ["chunk data without a line end", chunked("5\r\nhello0\r\n\r\n"), 400],
  ["chunk data that ends in a line feed", chunked("5\r\nhello\n0\r\n\r\n"), 400],
  ["chunk data that is longer than its size", chunked("5\r\nhello, you\r\n0\r\n\r\n"), 400],
  ["a chunk extension of 64 KiB", sized(`5;${"x".repeat(65_536)}`), 413],
  ["chunk extensions of 500 KiB together", chunked(`${`1;${"x".repeat(1_000)}\r\na\r\n`.repeat(500)}0\r\n\r\n`), 413],
  ["a length in the trailers", chunked("0\r\nContent-Length: 7\r\n\r\n"), 400],
  ["a transfer coding in the trailers", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400],
  ["trailers of 30 KiB", chunked(`0\r\nX: ${"y".repeat(30_000)}\r\n\r\n`), 431],
];

const controls = [...Array.from({ length: 32 }, (_, code) => code), 127].filter((code) => ![9, 10, 13].includes(code));

const fields: FramingRow[] = [
  ["a bare carriage return", get("X: y\rz\r\n"), 400],
  ["two carriage returns", get("X: y\r\r\n"), 400],
  ["a name that is empty", get(": y\r\n"), 400],
  ["a name with a bracket", get("X[: y\r\n"), 400],
  ["a name beyond ASCII", get("X\xe9: y\r\n"), 400],
  ["a first line that begins with a space", "GET /p HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n", 400],
  ...controls.map((code): FramingRow => [
    `character ${code} in a value`,
    get(`X: y${String.fromCharCode(code)}z\r\n`),
    400,
  ]),
  ["expectations beside 100-continue", post("Expect: 100-continue, x\r\nContent-Length: 5\r\n", "hello"), 417],
  ["100-continue twice", post("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n", "hello"), 417],
];

const lines: FramingRow[] = [
  ["a method in lower case", line("get /p HTTP/1.1"), 501],
  ["a tab behind the method", line("GET\t/p HTTP/1.1"), 501],
  ["a space in the target", line("GET /p q HTTP/1.1"), 400],
  ["a control character in the target", line("GET /p\x01 HTTP/1.1"), 400],
  ["a byte beyond ASCII in the target", line("GET /p\xff HTTP/1.1"), 400],
  ["version 1.10", line("GET /p HTTP/1.10"), 400],
  ["version 11", line("GET /p HTTP/11"), 505],
  ["a protocol in lower case", line("GET /p http/1.1"), 400],
  ["a space behind the version", line("GET /p HTTP/1.1 "), 400],
  ["an https target without TLS", line("GET https://a/p HTTP/1.1"), 421],
  ["CONNECT with a body behind it", `CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`, 501],
];

/** All of them, by what is at fault. */
export const framingRows: Readonly<Record<string, readonly FramingRow[]>> = { codings, lengths, chunks, fields, lines };

/** What is odd and yet clear: it is served, once. */
export const accepted: readonly (readonly [what: string, bytes: string, answer: string])[] = [
  ["chunked in any case", post("Transfer-Encoding: cHuNkEd\r\n", hello), "POST /p a hello"],
  ["white space around chunked", post("Transfer-Encoding: \t chunked  \r\n", hello), "POST /p a hello"],
  ["white space around a length", post("Content-Length:   5  \r\n", "hello"), "POST /p a hello"],
  ["leading zeros of a chunk size", sized("0000000005"), "POST /p a hello"],
  ["chunk extensions", sized('5;a=b;c="d"'), "POST /p a hello"],
  ["trailers, which are dropped", chunked("5\r\nhello\r\n0\r\nHost: b\r\nX-Y: z\r\n\r\n"), "POST /p a hello"],
  ["empty lines before the request", `\r\n\r\n${get()}`, "GET /p a "],
  ["bytes of Latin-1 in a value", get("X: \xe9\r\n"), "GET /p a "],
  ["a body of GET, whole", `${get(`Content-Length: ${smuggled.length}\r\n`)}${smuggled}`, `GET /p a ${smuggled}`],
  [
    "an expectation in HTTP/1.0",
    "POST /p HTTP/1.0\r\nHost: a\r\nExpect: x\r\nContent-Length: 2\r\n\r\nhi",
    "POST /p a hi",
  ],
  [
    "an offer of HTTP/2",
    get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"),
    "GET /p a ",
  ],
];
