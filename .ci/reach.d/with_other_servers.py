"""MQTT, whose clients in browsers offer `mqtt` alone: mosquitto and paho. And a server that selects no subprotocol."""
from lib import Program, fails, free_port, of_each, ours, place, relay, run as run_program, wait_for_port, works

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


def paho(of, broker, speaks):
    port = free_port()
    server = relay(of, f"ws://127.0.0.1:{port}", *(["--subprotocol", "mqtt"] if speaks else []), target=f"127.0.0.1:{broker}")
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
