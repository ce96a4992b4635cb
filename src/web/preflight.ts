import type { CorsPolicy } from "../http/cors.js";
import type { HTTPServerRequest } from "../http/request.js";
import type { Exchange } from "./exchange.js";
import type { RouteTarget } from "./route-table.js";

const everyMethod = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** Whether a browser asks, before a page's request, if the request may be made (Fetch standard, section 3.3.2). */
export function isPreflight({ method, headers }: HTTPServerRequest): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

/** Answers it from the route's configuration. No handler is made for it: the page has not asked for anything yet. */
export function answerPreflight({ request, response }: Exchange, cors: CorsPolicy, target: RouteTarget): void {
  const allow = target.other === undefined ? target.allow : everyMethod;
  response.setStatus(204);
  response.setHeader("Allow", allow);
  cors.permit(response, request.headers.get("origin") ?? "", allow);
  void response.finish();
}
