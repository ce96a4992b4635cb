import { HTTPError, type RequestHandler } from "waterspout";

/** What handlers do wrong, by name: none of it may come out. */
export const mistakes: Readonly<Record<string, (handler: RequestHandler) => unknown>> = {
  header: (handler) => handler.setHeader("X-A", "a\r\nX-Forged: b"),
  "line-feed": (handler) => handler.setHeader("X-A", "a\nX-Forged: b"),
  nul: (handler) => handler.setHeader("X-A", "a\0"),
  "beyond-latin-1": (handler) => handler.setHeader("X-A", "\u010d\u010aX-Forged: b"),
  name: (handler) => handler.setHeader("X-A: a\r\nX-Forged", "b"),
  added: (handler) => handler.addHeader("X-A", "a\r\nX-Forged: b"),
  redirect: (handler) => handler.redirect("/a\r\nX-Forged: b"),
  "cookie-name": (handler) => handler.setCookie("a\r\nX-Forged", "b"),
  "cookie-value": (handler) => handler.setCookie("a", "b\r\nX-Forged: c"),
  "cookie-path": (handler) => handler.setCookie("a", "b", { path: "/; Domain=evil.example" }),
  "cookie-domain": (handler) => handler.setCookie("a", "b", { domain: "a.example; Path=/x" }),
  "cookie-same-site": (handler) => handler.setCookie("a", "b", { sameSite: "lax; Domain=evil.example" as never }),
  "cookie-host-prefix": (handler) => handler.setCookie("__Host-a", "b", { domain: "a.example" }),
  reason: (handler) => handler.setStatus(400, "<script>alert(1)</script>"),
  "reason-lines": (handler) => handler.setStatus(400, "a\r\nX-Forged: b"),
  length: (handler) => {
    handler.setHeader("Content-Length", 5);
    handler.write("hello, world");
  },
  short: (handler) => {
    handler.setHeader("Content-Length", 500);
    handler.write("hello, world");
  },
  "no-content": (handler) => {
    handler.setStatus(204);
    handler.write("content");
  },
  "not-modified": (handler) => {
    handler.setStatus(304);
    handler.write("content");
  },
  coding: (handler) => handler.setHeader("Transfer-Encoding", "chunked"),
  thrown: () => Promise.reject(new Error(`a private matter of ${import.meta.url}`)),
  "thrown-null": () => Promise.reject(null),
  "thrown-text": () => Promise.reject("a private matter"),
  refused: () => Promise.reject(new HTTPError(400, "a private matter of <b>the log</b>")),
  "refused-reason": () => Promise.reject(new HTTPError(400, "a private matter", { reason: "<script>x</script>" })),
  unavailable: () => Promise.reject(new HTTPError(503, "a private matter", { reason: "Busy" })),
};
