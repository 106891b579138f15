"""Servers that are not what a client expects: MQTT, whose clients in browsers offer `mqtt` alone (mosquitto, paho), a
server that selects no subprotocol, one that asks for a password, web pages, TLS or none, SSH.
"""
from lib import (SECRET, UPGRADE, Program, fails, free_port, hashed, nginx, of_each, ours, place, relay, relays,
                 run as run_program, sshd, wait_for_port, works)

# Debian's, which has Debian's packages.
PYTHON = "/usr/bin/python3"
# Publishes a message, and ends well when it has come back.
PAHO = """
import sys
import paho.mqtt.client as mqtt
message, came = bytes(range(256)) * 400, []
client = mqtt.Client(transport="websockets")
client.on_connect = lambda *_: client.subscribe("here", 1)
client.on_subscribe = lambda *_: client.publish("here", message, 1)
def arrived(_, __, what):
    came.append(what.payload)
    client.disconnect()
client.on_message = arrived
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
assert came == [message], len(came)
"""
# Sends one message back, and closes.
ECHO = """
import asyncio, sys, websockets
async def echo(socket, *_):
    await socket.send(await socket.recv())
async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1])):
        await asyncio.Future()
asyncio.run(main())
"""


def run():
    tcp, web = free_port(), free_port()
    file = place.scratch / "mosquitto.conf"
    file.write_text(f"""
listener {tcp} 127.0.0.1
listener {web} 127.0.0.1
protocol websockets
allow_anonymous true
user root
""")
    broker = Program("mosquitto", "-c", file)
    for port in (tcp, web):
        wait_for_port(port, broker)
    of_each("mqtt: paho, a relay that speaks it, mosquitto", lambda of: paho(of, tcp, True))
    of_each("mqtt: paho, a relay that does not", lambda of: paho(of, tcp, False))
    of_each("mqtt: mosquitto's clients, a tunnel, mosquitto", lambda of: clients(of, tcp, web))

    port = free_port()
    wait_for_port(port, Program(PYTHON, "-c", ECHO, port))
    url = f"ws://127.0.0.1:{port}"
    of_each("no subprotocol: a server that selects none",
            lambda of: fails(of, url, told=["selected no subprotocol", "--accept-no-subprotocol"]))
    of_each("no subprotocol: the same, where that is accepted",
            lambda of: works(of, url, "--accept-no-subprotocol"))


    greeting = sshd()
    of_each("other: SSH", lambda of: fails(of, f"ws://127.0.0.1:{greeting.port}", told="SSH"))
    behind = relays("127.0.0.1")
    users = place.scratch / "users-of-nginx"
    users.write_text(f"reach:{hashed(SECRET, '-1')}\n")
    asking = nginx("asking", {of: f"""
auth_basic "relay"; auth_basic_user_file {users};
location / {{ {UPGRADE} proxy_pass http://127.0.0.1:{port}; }}
""" for of, port in behind.items()})
    of_each("other: Basic, the right password", lambda of: works(of, f"ws://reach:{SECRET}@127.0.0.1:{asking[of]}"))
    of_each("other: Basic, no password",
            lambda of: fails(of, f"ws://127.0.0.1:{asking[of]}", told=["HTTP 401 Unauthorized", "Basic"]))
    of_each("other: Basic, a wrong password",
            lambda of: fails(of, f"ws://reach:mistaken@127.0.0.1:{asking[of]}", told=["HTTP 401 Unauthorized", "Basic"],
                             not_told=["mistaken"]))
    page = nginx("page", {"": """
default_type text/html;
location = /page { return 200 "<html><head><title>Welcome &amp; hello</title></head><body>a page</body></html>"; }
location = /later { add_header Retry-After 120 always; return 503; }
"""})[""]
    secure = nginx("secure page", {"": "location / { return 200 here; }"}, tls=True)[""]
    of_each("other: a page", lambda of: fails(of, f"ws://127.0.0.1:{page}/page", told='HTTP 200 OK, "Welcome & hello"'))
    of_each("other: not now", lambda of: fails(of, f"ws://127.0.0.1:{page}/later", told=["HTTP 503", "120"]))
    of_each("other: TLS, spoken to without",
            lambda of: fails(of, f"ws://127.0.0.1:{secure}", told=["HTTP 400", "HTTPS"]))
    of_each("other: no TLS, spoken to with",
            lambda of: fails(of, f"wss://127.0.0.1:{page}/page", told=["127.0.0.1", "the peer seems not to speak TLS"]))
    of_each("other: a certificate that nobody trusts",
            lambda of: fails(of, f"wss://127.0.0.1:{secure}", told=["127.0.0.1", "certificate"],
                             variables={"SSL_CERT_FILE": "/dev/null"}))


def paho(of, broker, speaks):
    port = free_port()
    option = ["--subprotocol", "mqtt"] if speaks else []
    server = relay(of, f"ws://127.0.0.1:{port}", *option, target=f"127.0.0.1:{broker}")
    done = run_program([PYTHON, "-c", PAHO, port])
    if speaks:
        assert done.status == 0, f"status {done.status}: {done.err[-500:]!r}, {server.lines}"
    else:
        assert done.status != 0, done.out
        server.line(r'subprotocols "mqtt" offered, .*--subprotocol')


def clients(of, broker, web):
    """What is kept at the broker arrives through the tunnel, and what is published through it is kept."""
    port = free_port()
    program = Program(ours(of, "tunnel"), f"127.0.0.1:{port}", f"ws://127.0.0.1:{web}/mqtt", "--subprotocol", "mqtt")
    program.line("listening")
    topic = f"of/{of}"
    ends(["mosquitto_pub", "-p", port, "-t", topic, "-r", "-q", 1, "-m", "over every wall"])
    for through in (broker, port):
        said = ends(["mosquitto_sub", "-p", through, "-t", topic, "-C", 1, "-W", 10])
        assert said == "over every wall\n", said
    program.stop()


def ends(command):
    done = run_program([command[0], "-h", "127.0.0.1", *command[1:]])
    assert done.status == 0, f"{command[0]}: status {done.status}, {done.err!r}"
    return done.out
