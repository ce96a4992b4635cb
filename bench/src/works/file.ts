import { frameworks, nodeHttp, waterspout } from "../peers.js";
import { requestWork } from "../request-work.js";

export const file = requestWork({
  name: "file",
  title: "static file of 17 KB",
  request: { path: "/docs/http.md" },
  peers: { waterspout, "node:http": nodeHttp, ...frameworks },
});
