/** A difference between the two that is meant to be. */
export interface IntendedDifference {
  /** On the name of the request. */
  readonly request: RegExp;
  /** On the line that says what differs. */
  readonly difference: RegExp;
  /** As the guide lists it. */
  readonly matter: string;
  readonly why: string;
}

const any = /^/;

/** Every difference that the comparison may find; one that none of these explains is an error, and so is one that is never found. */
export const intended: readonly IntendedDifference[] = [
  {
    request: any,
    difference: /^header server:/,
    matter: "`Server` is not sent",
    why: "it tells an attacker what to try",
  },
  {
    request: /^HEAD /,
    difference: /^status: 405 → (?!405)/,
    matter: "HEAD is answered by `get`",
    why: "RFC 9110, section 9.1: every resource supports GET and HEAD",
  },
  {
    request: /^OPTIONS /,
    difference: /^status: 405 → 204/,
    matter: "OPTIONS is answered from the verbs",
    why: "RFC 9110, section 9.3.7",
  },
  {
    request: any,
    difference: /^header allow: – → /,
    matter: "405 and OPTIONS name the methods in `Allow`",
    why: "RFC 9110, section 15.5.6 demands it",
  },
  {
    request: any,
    difference: /^header vary: – → Accept$/,
    matter: "error pages say `Vary: Accept`",
    why: "`Accept` chooses between HTML and JSON",
  },
  {
    request: /^(?!.*text\/html)/,
    difference: /^(header content-type: text\/html; charset=UTF-8 → application\/problem\+json|error page)/,
    matter: "error pages are JSON (RFC 9457) unless HTML is preferred",
    why: "clients of services read JSON",
  },
  {
    request: any,
    difference: /^spacing of JSON$/,
    matter: "JSON is written without spaces, so its length and `Etag` differ",
    why: "fewer bytes; `JSON.stringify` writes so",
  },
  {
    request: /(redirect|empty|verbs|status|cookies)/,
    difference: /^header content-type: text\/html; charset=UTF-8 → –/,
    matter: "an answer without a body has no `Content-Type`",
    why: "there is nothing that it could describe",
  },
  {
    request: / \/(status|fail)\/\d99/,
    difference: /^reason: Unknown → unknown/,
    matter: "the phrase of a status that nobody has named is `unknown`",
    why: "it is Node's, and means nothing to anybody (RFC 9112, section 4)",
  },
  {
    request: /%(zz)?(?![\dA-F]{2})|é/,
    difference: /^status: (200|404) → 400/,
    matter: "malformed percent-encoding and raw non-ASCII bytes are 400",
    why: "what one reader takes literally another decodes: checks and routes must see the same text",
  },
  {
    request: /#a/,
    difference: /^status: 404 → 400/,
    matter: "a fragment in a target is 400",
    why: "RFC 9112, section 3.2: no form of a target has one",
  },
  {
    request: /^GET http:/,
    difference: /^status: 404 → 200/,
    matter: "an absolute target is understood",
    why: "RFC 9112, section 3.2.2 demands it",
  },
  {
    request: /\/tagged|^GET \/ If/,
    difference: /^status: 200 → (304|412)/,
    matter: "`If-Match` is evaluated, and an `Etag` of one's own is compared, too",
    why: "RFC 9110, section 13.2.2",
  },
  {
    request: /\/seen/,
    difference: /^body: path /,
    matter: "`request.path` is decoded, once, for everybody",
    why: "guards, routes and static files must see one path",
  },
  {
    request: /X-Mine: a X-Mine: b/,
    difference: /^body: header /,
    matter: "several fields of one name are joined by `, `",
    why: "RFC 9110, section 5.2: Tornado writes a comma alone",
  },
  {
    request: /filename/,
    difference: /^body: files /,
    matter:
      "a file's `filename` is one safe segment, and its type `application/octet-stream` where the client names none",
    why: "`../../etc/passwd` is no name; `application/unknown` is no media type",
  },
  {
    request: /Cookie: a=1; a=2/,
    difference: /^body: a /,
    matter: "of two cookies of one name the first counts",
    why: "browsers send the most specific first; the last can come from a neighbouring subdomain",
  },
  {
    request: /Cookie: =1/,
    difference: /^body: {2}/,
    matter: 'a cookie without a name has the name `""`',
    why: "it is what browsers store",
  },
  {
    request: / 1\.0$/,
    difference: /^header connection: – → close/,
    matter: "an answer in HTTP/1.0 says `Connection: close`, too",
    why: "the client need not know that it is the default",
  },
  {
    request: /^chunked with an extension/,
    difference: /^status: none → 200/,
    matter: "extensions of chunks are ignored",
    why: "RFC 9112, section 7.1.1 demands it; Tornado closes the connection",
  },
  {
    request: /^chunked with a bad size$/,
    difference: /^status: none → 400/,
    matter: "a malformed chunk is answered 400",
    why: "a client that gets no answer does not know what is wrong",
  },
  {
    request: /^(two lengths|length and chunks|a field without a colon)$/,
    difference: /^(body|header (connection|content-type|content-length))/,
    matter: "400 for a malformed request has a body, and closes by name",
    why: "for whoever reads it with curl",
  },
  {
    request:
      /^(no host|two hosts|a (negative length|folded field|space before the colon|NUL in a field)|chunked with a signed size)$/,
    difference: /^status: 200 → 400$/,
    matter: "what RFC 9112 calls malformed is 400",
    why: "a proxy in front may read it in another way: that is how requests are smuggled",
  },
  {
    request: /^(no version|version 2\.0)$/,
    difference: /^status: 400 → 505/,
    matter: "another version of HTTP is 505",
    why: "RFC 9110, section 15.6.6",
  },
  {
    request: /^(garbage|an unknown method|TRACE)$/,
    difference: /^status: 40[05] → 501/,
    matter: "a method that is not known is 501",
    why: "RFC 9110, section 9.1",
  },
];
