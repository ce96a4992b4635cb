import { frameworks } from "../peers.js";
import { requestWork } from "../request-work.js";

export const json = requestWork({
  name: "json",
  title: "plain JSON with an injected service",
  request: { path: "/json" },
  peers: ["waterspout", "node:http", "node:http, one Etag", ...frameworks],
});
