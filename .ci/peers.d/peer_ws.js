// Node's ws: an echo server, and a client of echo servers.
'use strict';
const crypto = require('node:crypto');
const { parseArgs } = require('node:util');
const { WebSocket, WebSocketServer } = require('ws');

const { values: args, positionals: [role] } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' }, subprotocol: { type: 'string', default: 'none' },
    seed: { type: 'string', default: '0' }, sizes: { type: 'string', default: '' },
    close: { type: 'string', default: '1000' }, read: { type: 'boolean' }, compression: { type: 'string', default: 'off' },
  },
});
const perMessageDeflate = args.compression !== '9' ? args.compression === 'on' : {
  serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 9,
};
const sha1 = octets => crypto.createHash('sha1').update(octets).digest('hex');
// The same in every peer.
const words = ['alpha ', 'bravo ', 'charlie ', 'delta ', 'echo\n', 'foxtrot ', 'golf ', 'hotel\n'];
const text = (length, octets) =>
  Buffer.from(Array.from(octets(Math.ceil(length / 5)), octet => words[octet % words.length]).join('')).subarray(0, length);
const decode = (data, isBinary, subprotocol) => {
  if (isBinary === (subprotocol === 'base64')) throw new Error('message of the wrong kind');
  if (isBinary) return data;
  const block = Buffer.from(data.toString(), 'base64');
  // Buffer.from skips what is not Base64.
  if (block.toString('base64') !== data.toString()) throw new Error('not Base64');
  return block;
};
const encode = (block, subprotocol) => subprotocol === 'base64' ? block.toString('base64') : block;

function server() {
  const server = new WebSocketServer({
    host: '127.0.0.1', port: 0, perMessageDeflate,
    handleProtocols: offered => [...offered].find(name => ['binary', 'base64'].includes(name)) ?? false,
  });
  server.on('listening', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
  server.on('connection', (ws, request) => {
    const [, close, number] = request.url.split('/');
    let left = close === 'close' ? Number(number) : Infinity;
    ws.on('message', (data, isBinary) => {
      left -= decode(data, isBinary, ws.protocol).length;
      ws.send(data, { binary: isBinary });
      if (left <= 0) ws.close(4001, 'enough');
    });
    ws.on('close', code => console.log(JSON.stringify({ closed: code, extensions: ws.extensions })));
  });
}

function client() {
  const ws = new WebSocket(args.url, args.subprotocol === 'none' ? [] : [args.subprotocol],
    { perMessageDeflate });
  const sizes = args.sizes.split(',').filter(Boolean).map(Number);
  const cipher = crypto.createCipheriv('aes-128-ctr', sha1(args.seed).slice(0, 16), Buffer.alloc(16));
  const octets = length => cipher.update(Buffer.alloc(length));
  const sent = sizes.map((size, number) => number % 2 ? octets(size) : text(size, octets));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const received = [];
  let count = 0;
  ws.on('open', () => {
    if (args.read) return;
    sent.forEach((block, number) => {
      const message = encode(block, ws.protocol);
      const cut = number % 2 ? Math.floor(message.length / 3) : 0;
      if (cut) {
        ws.send(message.slice(0, cut), { fin: false });
        ws.ping('between fragments');
      }
      ws.send(message.slice(cut));
    });
  });
  ws.on('message', (data, isBinary) => {
    const block = decode(data, isBinary, ws.protocol);
    received.push(block);
    count += block.length;
    if (!args.read && count >= total) ws.close(Number(args.close), 'bye');
  });
  ws.on('close', (code, reason) => console.log(JSON.stringify({
    sent: sha1(Buffer.concat(sent)), received: sha1(Buffer.concat(received)), octets: count,
    code, reason: reason.toString(), subprotocol: ws.protocol || 'none',
    extensions: ws.extensions,
  })));
}

role === 'server' ? server() : client();
