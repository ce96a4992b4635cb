import type { Application } from "./application.js";

/**
 * The routing table of an application as aligned text, in the order in which it is written: for a log at start, or a
 * command line. Nothing has to be started for it.
 *
 * @example console.log(formatRoutes(application));
 * // METHODS             PATH        NAME  HANDLER
 * // GET, HEAD, OPTIONS  /users/:id  user  UserHandler
 */
export function formatRoutes(application: Application): string {
  return application.site.listing;
}
