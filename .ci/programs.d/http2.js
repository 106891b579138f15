// A WebSocket over HTTP/2 (RFC 8441): usage: node http2.js ORIGIN PATH. Says hello, and prints what comes back, and the
// code of the Close.
"use strict";
const http2 = require("node:http2");

const [origin, path] = process.argv.slice(2);
// Masked, as a client's frames are, with zeros.
const frame = (opcode, payload) => Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
const session = http2.connect(origin);
session.on("remoteSettings", ({ enableConnectProtocol }) => {
  if (!enableConnectProtocol) throw new Error("no extended CONNECT");
  const stream = session.request({
    ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":path": path, ":authority": new URL(origin).host,
    "sec-websocket-version": "13", "sec-websocket-protocol": "binary",
  }, { endStream: false });
  let received = Buffer.alloc(0);
  stream.on("response", ({ ":status": status }) => {
    if (status !== 200) throw new Error(`status ${status}`);
    stream.write(frame(2, Buffer.from("hello")));
  });
  stream.on("data", (data) => {
    received = Buffer.concat([received, data]);
    const echo = 2 + "hello".length;
    if (received.length === echo) stream.write(frame(8, [0x03, 0xe8]));
    if (received.length === echo + 4) {
      console.log(received.toString("latin1", 2, echo), received.readUInt16BE(echo + 2));
      session.close();
    }
  });
});
