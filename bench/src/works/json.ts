import { frameworks, nodeHttp, waterspout } from "../peers.js";
import { requestWork } from "../request-work.js";
import { program } from "../served.js";

export const json = requestWork({
  name: "json",
  title: "plain JSON with an injected service",
  request: { path: "/json" },
  peers: {
    waterspout,
    "node:http": nodeHttp,
    "node:http, one Etag": (node) => program(node, "./servers/node-http.js", "--one-etag"),
    ...frameworks,
  },
});
