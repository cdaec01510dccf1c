'use strict';
// Stands for the agent: the page, the trace as server-sent events, the status.
const http = require('node:http');
const {readFileSync} = require('node:fs');
const {trace_maker} = require('./trace_maker.js');

const status = {state: 'ready', live: true, ready: true,
  why: 'Claude takes prompts', uptime_s: 12,
  claude: {running: true, ready: true, pid: 4711, launches: 1},
  prompts: {in_flight: 0, queued: 0, queued_bytes: 0, accepted: 12,
    answered: 11, failed: 0, resent: 0},
  turn: null, restarts: {total: 1, in_window: 0, gave_up: null},
  shutdown: 'running'};

class server {
  /// token: what the requests must carry, if anything.
  constructor(page, {token} = {}) {
    this.page = page;
    this.token = token;
    this.status = structuredClone(status);
    this.remembered = []; // told first to whoever comes
    this.clients = new Set();
    this.asked = 0; // for the status
    this.opened = 0; // traces
    this.web = http.createServer((request, answer) =>
      this.serve(request, answer));
  }

  start(port = 0) {
    return new Promise(resolve => this.web.listen(port, '127.0.0.1', () => {
      this.port = this.web.address().port;
      this.url = `http://127.0.0.1:${this.port}/`;
      resolve(this);
    }));
  }

  serve(request, answer) {
    if (request.url === '/') {
      answer.writeHead(200, {'Content-Type': 'text/html; charset=utf-8'});
      answer.end(readFileSync(this.page));
    } else if (this.token
               && request.headers.authorization !== `Bearer ${this.token}`) {
      answer.writeHead(401).end();
    } else if (request.url === '/status') {
      ++this.asked;
      answer.writeHead(200, {'Content-Type': 'application/json'});
      answer.end(JSON.stringify(this.status));
    } else if (request.url === '/trace') {
      ++this.opened;
      answer.writeHead(200, {'Content-Type': 'text/event-stream'});
      answer.write(this.remembered.map(line => `data: ${line}\n\n`).join(''));
      this.clients.add(answer);
      answer.on('close', () => this.clients.delete(answer));
    } else {
      answer.writeHead(404).end();
    }
  }

  /// Tells all who listen; the next one who comes is told it again.
  tell(...lines) {
    this.remembered.push(...lines);
    const text = lines.map(line => `data: ${line}\n\n`).join('');
    for (const client of this.clients) client.write(text);
  }

  emit(event) {
    this.tell(JSON.stringify(event));
  }

  /// All streams end, as when the agent goes away.
  drop() {
    for (const client of this.clients) client.destroy();
  }

  stop() {
    this.drop();
    this.web.closeAllConnections();
    return new Promise(resolve => this.web.close(resolve));
  }
}

/// A life that goes on in real time, until stopped: for pictures and for
/// whoever wants to see the page move.
function play(to, {speed = 1} = {}) {
  const maker = new trace_maker({emit: event => to.emit(event),
    epoch_us: Date.now() * 1000, seed: 7});
  const began = process.hrtime.bigint();
  maker.start();
  let trace = maker.prompt();
  let left = 5;
  const timer = setInterval(() => {
    Object.assign(to.status, {state: 'busy', why: 'a turn is in flight'});
    Object.assign(to.status.prompts, {accepted: maker.prompts,
      answered: maker.prompts - 1});
    to.status.restarts.total = maker.incarnation.conversation - 1;
    maker.clock = Math.max(maker.clock,
      Number(process.hrtime.bigint() - began));
    if (maker.random() < 0.06) maker.tick(maker.next_tick);
    if (left-- > 0) maker.answer(trace);
    else if (maker.random() < 0.4) {
      trace = maker.prompt();
      left = maker.between(4, 14);
    }
    if (maker.random() < 0.01) maker.fail(trace);
  }, 120 / speed);
  return () => clearInterval(timer);
}

module.exports = {server, play};

if (require.main === module) {
  new server(process.argv[2]).start(Number(process.argv[3] || 8080))
    .then(made => {
      console.log(made.url);
      play(made);
    });
}
