import { join } from "node:path";
import type { Place, ProxyProgram } from "./reverse-proxy.js";

/** With the configuration that its documentation gives for keep-alive to the upstream, and the fields of `docs/cookies-and-trust.md`. */
export const nginx: ProxyProgram = {
  name: "nginx",
  version: ["nginx", "-v"],
  // Where it writes before it has read its configuration is told on the command line.
  command: (file, { directory }) => ["nginx", "-p", directory, "-e", join(directory, "error.log"), "-c", file],
  error: / \[(error|crit|alert|emerg)\] /,
  configuration: ({ directory, upstream, port, securePort, certificate }: Place) => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  # An empty Connection keeps the connection; a WebSocket needs the client's.
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream application { server 127.0.0.1:${upstream}; keepalive 32; }
  server {
    listen 127.0.0.1:${port};
    ${securePort === undefined ? "" : `listen 127.0.0.1:${securePort} ssl;`}
    ${securePort === undefined ? "" : `ssl_certificate ${certificate}; ssl_certificate_key ${certificate};`}
    keepalive_requests 1000000;
    location / {
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      # Host is not the client's: what X-Forwarded-Host says makes a difference.
      proxy_set_header Host application;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_next_upstream off;
    }
  }
}
`,
};

/** Behind another proxy: it adds to what that one has said, as `docs/cookies-and-trust.md` has it. */
export const innerNginx: ProxyProgram = {
  ...nginx,
  configuration: (place) =>
    nginx
      .configuration(place)
      .replace("X-Forwarded-Proto $scheme", `X-Forwarded-Proto "$http_x_forwarded_proto, $scheme"`)
      .replace("X-Forwarded-Host $http_host", `X-Forwarded-Host "$http_x_forwarded_host, $http_host"`),
};
