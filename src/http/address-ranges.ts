import { BlockList, isIP } from "node:net";
import { ConfigurationError } from "../errors.js";

/** Ranges that have a name. */
const named: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["linklocal", ["169.254.0.0/16", "fe80::/10"]],
  ["uniquelocal", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
]);

/** A set of addresses. An IPv4 address in IPv6 clothes counts as the IPv4 address. */
export class AddressRanges {
  readonly #list = new BlockList();

  /**
   * @param ranges addresses, ranges in CIDR notation, and names: `loopback`, `linklocal`, `uniquelocal` (private networks).
   * @param option names the list in messages.
   * @throws ConfigurationError for what is none of them, for ranges that hold everybody, and for an empty list.
   */
  constructor(ranges: readonly string[], option: string) {
    if (!Array.isArray(ranges) || ranges.length === 0) {
      throw new ConfigurationError(`${option} must be a list with at least one address, range or name`);
    }
    for (const range of ranges.flatMap((entry) => named.get(entry) ?? [entry])) this.#add(range, option);
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, familyOf(version));
  }

  #add(range: unknown, option: string): void {
    const [, address = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(String(range)) ?? [];
    const version = isIP(address);
    const longest = version === 4 ? 32 : 128;
    const length = prefix === undefined ? longest : Number(prefix);
    if (version === 0 || length > longest) throw noRange(range, option);
    if (length === 0)
      throw new ConfigurationError(`${option}: ${address}/0 is everybody, and everybody could say anything`);
    this.#list.addSubnet(address, length, familyOf(version));
  }
}

function familyOf(version: number): "ipv4" | "ipv6" {
  return version === 4 ? "ipv4" : "ipv6";
}

function noRange(range: unknown, option: string): ConfigurationError {
  return new ConfigurationError(
    `${option}: ${JSON.stringify(range)} is no address, no range like "10.0.0.0/8", and none of ${[...named.keys()].join(", ")}`,
  );
}
