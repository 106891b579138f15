"""Pages in Chromium: a web server that gives a page and its cases, and takes the results that the page posts."""
import http.server
import json
import threading

CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage")


class Pages(http.server.BaseHTTPRequestHandler):
    page, cases, results, done = b"", [], None, threading.Event()

    def do_GET(self):
        body = json.dumps(Pages.cases).encode() if self.path == "/cases" else Pages.page
        kind = "application/json" if self.path == "/cases" else "text/html"
        self.send_response(200 if self.path in ("/", "/cases") else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        Pages.results = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        Pages.done.set()

    def log_message(self, *_):
        pass


def serve(page):
    """Gives the port it listens on."""
    Pages.page = page
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
