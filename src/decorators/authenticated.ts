import type { Class } from "../concurrent.js";
import { recordAuthenticated } from "../metadata.js";

/** Decorates a handler class or one of its verbs. */
type AuthenticatedDecorator = (target: object, verb?: string | symbol) => void;

/**
 * Lets in only those with a `currentUser`: written at a verb, or at a class for all of its verbs; with parentheses or
 * without. Others are sent to `getLoginUrl()` with a `next` argument when they GET or HEAD a page; they get 403 when they use
 * another method, ask for JSON, or there is no log-in page. It is decided when the verb would run: after `prepare`, which may
 * assign `currentUser`. It only records.
 *
 * What is guarded in a parent class stays guarded in its subclasses. HEAD is guarded with `get`; a `head` of its own is not.
 *
 * @example
 * @Route("/account")
 * class AccountHandler extends RequestHandler<User> {
 *   override getCurrentUser() { return this.users.byId(this.getSignedCookie("user")); }
 *   @Authenticated() get() { return this.currentUser; }
 * }
 *
 * Source: `tornado.web.authenticated`.
 */
export function Authenticated(): AuthenticatedDecorator;
export function Authenticated(target: object, verb?: string | symbol, descriptor?: PropertyDescriptor): void;
export function Authenticated(target?: object, verb?: string | symbol): AuthenticatedDecorator | void {
  return target === undefined ? record : record(target, verb);
}

function record(target: object, verb?: string | symbol): void {
  // A static method is no verb, and the start says so.
  if (typeof target === "function") recordAuthenticated(target as Class, verb && `static ${String(verb)}`);
  else recordAuthenticated(target.constructor as Class, String(verb));
}
