import type { Start } from "../peers.js";
import { requestWork } from "../request-work.js";
import { program } from "../served.js";

/** What a request costs with so many routes and registered services; the ratio of 10 and 10 is what the others add. */
export const scale = requestWork({
  name: "scale",
  title: "number of routes and services",
  request: { path: "/items-9/42" },
  peers: {
    "waterspout, 1,000 routes, 1,000 services": waterspout(1_000, 1_000),
    "waterspout, 10 routes, 10 services": waterspout(10, 10),
    "waterspout, 1,000 routes, 10 services": waterspout(1_000, 10),
    "waterspout, 10 routes, 1,000 services": waterspout(10, 1_000),
    "fastify, 1,000 routes": (node) => program(node, "./servers/fastify.js", "1000"),
    "fastify, 10 routes": (node) => program(node, "./servers/fastify.js", "10"),
  },
});

function waterspout(routes: number, services: number): Start {
  return (node) => program(node, "../../.build/bench/waterspout/scale-main.js", String(routes), String(services));
}
