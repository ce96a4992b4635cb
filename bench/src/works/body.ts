import { frameworks, nodeHttp, waterspout } from "../peers.js";
import { requestWork } from "../request-work.js";

export const body = requestWork({
  name: "body",
  title: "path parameter, query, JSON body",
  request: {
    method: "POST",
    path: "/users/4711/orders?currency=EUR",
    body: JSON.stringify({ item: "a book", quantity: 3, note: "to be wrapped" }),
  },
  peers: { waterspout, "node:http": nodeHttp, ...frameworks },
});
