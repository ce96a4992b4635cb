/**
 * Whether a redirect to this target stays on the site, whatever the browser makes of it: a path that begins with one
 * slash. `//host` and `/\host` lead to another host, and browsers drop tabs and line ends before they look.
 *
 * @example
 * const next = this.getArgument("next", "/");
 * this.redirect(isLocalUrl(next) ? next : "/");
 */
export function isLocalUrl(target: string): boolean {
  return /^\/(?![/\\])[^\\\u0000-\u0020\u007f]*$/.test(target);
}
