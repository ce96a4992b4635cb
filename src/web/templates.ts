import { ConfigurationError } from "../errors.js";
import type { RequestHandler } from "./handler.js";

/** What renders templates: an adapter of two lines for any library. */
export interface TemplateEngine {
  /** The text of a template; may be async. Escaping what it is given is the engine's matter. */
  render(name: string, data: Readonly<Record<string, unknown>>): string | Promise<string>;
}

/** What every template sees beside what it is given. Source: Tornado's `get_template_namespace`. */
export function templateNamespace(handler: RequestHandler): Record<string, unknown> {
  return {
    handler,
    request: handler.request,
    reverseUrl: handler.reverseUrl.bind(handler),
    staticUrl: handler.staticUrl.bind(handler),
    xsrfFormHtml: handler.xsrfFormHtml.bind(handler),
  };
}

/** @throws ConfigurationError without an engine. */
export function engineOf({ templateEngine }: { readonly templateEngine: TemplateEngine | undefined }): TemplateEngine {
  if (templateEngine !== undefined) return templateEngine;
  throw new ConfigurationError("render() needs `templateEngine` in the application's definition");
}
