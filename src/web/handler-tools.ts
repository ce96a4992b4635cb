/**
 * What the methods of `RequestHandler` work with. Each request brings it along (`HandlerContext.tools`), so that handler.ts
 * imports nothing but types and errors: every worker thread imports the class, and none has a request.
 */
export { allArguments } from "../http/arguments.js";
export { attachment } from "../http/content-disposition.js";
export { entityTag } from "../http/etag.js";
export { userOf } from "./authentication.js";
export { checkConditions } from "./conditions.js";
export { debugPage, errorPage, setErrorHead, writePage } from "./error-page.js";
export { EventStream } from "./events.js";
export { logFailure } from "./request-log.js";
export { keyVersionOf, readSigned, withExpiry } from "./signed-cookies.js";
export { staticUrl } from "./static-url.js";
export { engineOf, templateNamespace } from "./templates.js";
export { writeValue } from "./values.js";
export { Xsrf } from "./xsrf.js";
