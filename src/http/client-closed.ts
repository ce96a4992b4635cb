import { WaterspoutError } from "../errors.js";

/** The client's connection ended before its request was complete or its answer was sent. Nobody is left to be answered. */
export class ClientClosedError extends WaterspoutError {
  override readonly status = 400;

  constructor(message = "the client closed the connection") {
    super("CLIENT_CLOSED", message);
  }
}
