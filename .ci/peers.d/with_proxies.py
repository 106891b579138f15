"""nginx and HAProxy in between."""
from cases import DEFLATE, case
from exchanges import echoed, our_client
from programs import Program, free_port, place, python, wait_for_port


def nginx(servers):
    port = free_port()
    config = place.scratch / "nginx.conf"
    config.write_text(f"""
pid {place.scratch}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {place.scratch}/a; proxy_temp_path {place.scratch}/b; fastcgi_temp_path {place.scratch}/c;
  uwsgi_temp_path {place.scratch}/d; scgi_temp_path {place.scratch}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://{servers.on.at};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }}
  }}
}}
""")
    in_between("nginx", Program("nginx", "-c", config, "-g", "daemon off;"), port, servers)


def haproxy(servers):
    port = free_port()
    config = place.scratch / "haproxy.cfg"
    config.write_text(f"""
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
listen echo
  bind 127.0.0.1:{port}
  server echo {servers.on.at}
""")
    in_between("haproxy", Program("haproxy", "-db", "-f", config), port, servers)


def in_between(name, program, port, servers):
    wait_for_port(port, program)
    program.at = f"127.0.0.1:{port}"
    case(name, "our client -> it -> our server", "binary", "",
         lambda: our_client(program, "/echo/x?y", "binary", agreed=DEFLATE), DEFLATE)
    case(name, "our client -> it -> our server", "binary", "one is off",
         lambda: our_client(program, "/echo/x?y", "binary", "--compression", "off"))
    case(name, "our client -> it -> our server", "base64", "4001, autofrag 4096",
         lambda: our_client(program, "/echo/x", "base64", "--close", 4001, "--autofrag", 4096, agreed=DEFLATE,
                            code=4001), DEFLATE)
    case(name, "our client -> it -> our server", "none", "",
         lambda: our_client(program, "/echo/x", "none", agreed=DEFLATE), DEFLATE)

    def foreign():
        servers.on.at, at = program.at, servers.on.at
        try:
            return echoed([*python("websockets"), "client", "--compression", "on"], servers.on, "binary", DEFLATE)
        finally:
            servers.on.at = at

    case(name, "websockets -> it -> our server", "binary", "", foreign, DEFLATE)
