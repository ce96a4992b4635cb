import type { Place, ProxyProgram } from "./reverse-proxy.js";

/** As its documentation has it for HTTP, with the fields of `docs/cookies-and-trust.md`. It writes a line for what goes wrong alone. */
export const haproxy: ProxyProgram = {
  name: "haproxy",
  version: ["haproxy", "-v"],
  command: (file) => ["haproxy", "-db", "-f", file],
  error: /\[ALERT\]|^\S+ \[[^\]]*\] .* 5\d\d /,
  configuration: ({ upstream, port, securePort, certificate }: Place) => `
global
  maxconn 1024
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  option dontlognull
  option dontlog-normal
  option http-keep-alive
  option abortonclose
  retries 0
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${port}
  ${securePort === undefined ? "" : `bind 127.0.0.1:${securePort} ssl crt ${certificate}`}
  option forwardfor
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header Host application
  default_backend application
backend application
  http-reuse always
  server application 127.0.0.1:${upstream}
`,
};
