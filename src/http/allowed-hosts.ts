import { ConfigurationError } from "../errors.js";
import { isValidHost, withoutPort } from "./target.js";

/** The hosts that an application answers for. */
export class AllowedHosts {
  readonly #exact = new Set<string>();
  /** With the dot in front, so that `evil-example.com` is no subdomain. */
  readonly #parents: string[] = [];

  /**
   * @param hosts names and addresses without ports; `*.example.com` is every subdomain, at any depth, and not `example.com`.
   * @throws ConfigurationError for anything else, and for an empty list.
   */
  constructor(hosts: readonly string[]) {
    if (!Array.isArray(hosts) || hosts.length === 0) {
      throw new ConfigurationError(
        "allowedHosts must be a list with at least one host; leave it out to answer for all",
      );
    }
    for (const host of hosts) this.#add(host);
  }

  /** @param hostName without its port, in lower case. */
  has(hostName: string): boolean {
    return this.#exact.has(hostName) || this.#parents.some((parent) => hostName.endsWith(parent));
  }

  #add(host: unknown): void {
    const isParent = typeof host === "string" && host.startsWith("*.");
    const name = isParent ? host.slice(2) : host;
    if (typeof name !== "string" || !isValidHost(name) || withoutPort(name) !== name.toLowerCase()) {
      throw new ConfigurationError(
        `allowedHosts: ${JSON.stringify(host)} is no host without a port, like "example.com", "*.example.com" or "[::1]"`,
      );
    }
    if (isParent) this.#parents.push(`.${name.toLowerCase()}`);
    else this.#exact.add(name.toLowerCase());
  }
}
