/** What a child says about itself once it serves, for example its address and its number of threads; plain JSON. */
export type ReadyInfo = Readonly<Record<string, unknown>>;

/** What a child tells the primary; `waterspout` keeps these apart from messages that the application sends itself. */
export type ChildMessage =
  | { readonly waterspout: "ready"; readonly info: ReadyInfo }
  | { readonly waterspout: "boot-failure"; readonly reason: string };

export function isChildMessage(message: unknown): message is ChildMessage {
  if (typeof message !== "object" || message === null || !("waterspout" in message)) return false;
  if (message.waterspout === "ready") return "info" in message && isRecord(message.info);
  return message.waterspout === "boot-failure" && "reason" in message && typeof message.reason === "string";
}

function isRecord(value: unknown): value is ReadyInfo {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
