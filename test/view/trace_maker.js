'use strict';
// Makes traces that look like the agent's: actors with mailboxes on one
// thread, prompts that go to Claude and answers that come back, ticks, a
// failure and its restart. The same seed makes the same trace.

const ids = {supervision: 1, supervisor: 2, pipe_output: 10,
  health_monitor: 11, shutdown_coordinator: 12, control: 13,
  conversation: 14, claude_process: 15, pipe_input: 16};
const children = Object.keys(ids).slice(2);

class trace_maker {
  /// emit(object): where the lines go, in the order in which things end.
  constructor({emit, seed = 1, epoch_us = 1764064800000000,
    source = 'stream'}) {
    this.emit = emit;
    this.state = seed;
    this.epoch_us = epoch_us;
    this.source = source;
    this.clock = 0;
    this.n = 0;
    this.queue = [];
    this.depth = {};
    this.incarnation = {};
    this.input_end = this.child_input_end = this.events_end = 0;
    this.prompts = 0;
  }

  random() {
    this.state = (this.state * 48271) % 2147483647;
    return this.state / 2147483647;
  }

  between(low, high) {
    return Math.round(low + (high - low) * this.random());
  }

  header() {
    this.emit({kind: 'header', version: 1, agent: '0.1.0', pid: 7,
      epoch_us: this.epoch_us, source: this.source, payloads: false,
      ring: 4096});
  }

  // -- what happens ----------------------------------------------------------

  spawn(actor, cause) {
    this.incarnation[actor] = (this.incarnation[actor] || 0) + 1;
    const n = ++this.n;
    this.emit({kind: 'spawn', n, at: this.clock, actor, id: ids[actor],
      incarnation: this.incarnation[actor], cause});
    return n;
  }

  end(actor, reason, cause) {
    this.emit({kind: 'end', n: ++this.n, at: this.clock, actor,
      id: ids[actor], failed: Boolean(reason), reason, cause});
  }

  bytes(port, direction, bytes, cause, trace) {
    const n = ++this.n;
    this.emit({kind: 'bytes', n, at: this.clock, port, direction, bytes, cause,
      trace});
    return n;
  }

  timer(actor, type, after, cause) {
    const n = ++this.n;
    this.emit({kind: 'timer', n, at: this.clock, due: this.clock + after,
      actor, id: ids[actor], type, cause});
    return n;
  }

  /// Puts a message into a mailbox; `then(n)` is its handler.
  send(from, to, type, summary, {cause, trace, then, work, fails} = {}) {
    this.depth[to] = (this.depth[to] || 0) + 1;
    const n = ++this.n;
    this.queue.push({from, to, type, summary, cause, trace, then, work, fails,
      n, sent: this.clock, depth: this.depth[to]});
    this.clock += this.between(300, 1500);
    return n;
  }

  /// Handles all that waits.
  settle() {
    while (this.queue.length) {
      const it = this.queue.shift();
      --this.depth[it.to];
      this.clock += this.between(400, 3000);
      const taken = this.clock;
      if (it.then) it.then(it.n);
      this.clock += it.work || this.between(1500, 22000);
      this.emit({kind: 'message', n: it.n, sent: it.sent, taken,
        done: this.clock, from: it.from, from_id: ids[it.from], to: it.to,
        to_id: ids[it.to], type: it.type, summary: it.summary,
        depth: it.depth, outcome: it.fails ? 'failed' : 'handled',
        cause: it.cause, trace: it.trace});
    }
  }

  pass(ns) {
    this.clock += ns;
  }

  // -- scenes ----------------------------------------------------------------

  start() {
    this.header();
    const root = this.spawn('supervision');
    this.pass(90000);
    this.spawn('supervisor', root);
    for (const child of children) {
      this.pass(this.between(20000, 90000));
      this.spawn(child, root);
    }
    for (const child of children) {
      this.send('supervisor', child, 'peers_changed', '', {cause: root});
    }
    this.send('conversation', 'claude_process', 'launch_child',
      'first_input=1 anew=false', {cause: root, work: 2400000, then: cause =>
        this.send('claude_process', 'conversation', 'child_started',
          'generation=1 pid=4711 resumed=false', {cause})});
    this.settle();
  }

  /// A prompt's way to Claude; gives its trace's id.
  prompt(size = this.between(60, 400)) {
    const number = ++this.prompts;
    const trace = [...Array(32)].map(() =>
      Math.floor(this.random() * 16).toString(16)).join('');
    const at = this.bytes('host_input', 'in', size, undefined, trace);
    this.send(undefined, 'pipe_input', 'input_arrived', '', {cause: at, trace,
      then: cause => this.send('pipe_input', 'conversation', 'input_grew',
        `end=${this.input_end += size} cut_at=0 ended=false`,
        {cause, trace, then: line => this.accept(line, trace, size)})});
    this.settle();
    return trace;
  }

  accept(cause, trace, size) {
    this.send('conversation', 'pipe_input', 'input_window',
      `taken=${this.input_end} limit=${this.input_end + 65536} half=false`, {cause, trace});
    this.output(cause, trace, 148);
    this.send('conversation', 'claude_process', 'child_input_grew',
      `end=${this.child_input_end += size + 74}`,
      {cause, trace, then: n => {
        this.bytes('claude_stdin', 'out', size + 74, n, trace);
        this.send('claude_process', 'conversation', 'child_input_window',
          `taken=${this.child_input_end}`, {cause: n, trace});
      }});
  }

  output(cause, trace, size) {
    const end = this.events_end += size;
    this.send('conversation', 'pipe_output', 'host_output_grew', `end=${end}`,
      {cause, trace, work: this.between(9000, 60000), then: n => {
        this.bytes('host_output', 'out', size, n, trace);
        this.send('pipe_output', 'conversation', 'host_output_window',
          `taken=${end}`, {cause: n, trace});
      }});
  }

  /// A piece of the answer, as `pieces` messages at once.
  answer(trace, pieces = this.between(1, 4)) {
    const size = this.between(180, 5200);
    const at = this.bytes('claude_stdout', 'in', size * pieces, undefined,
      trace);
    this.send(undefined, 'claude_process', 'child_changed', '', {cause: at,
      trace, then: cause => {
        for (let i = 0; i < pieces; ++i) {
          this.send('claude_process', 'conversation', 'child_output_grew',
            `end=${this.events_end += size}`,
            {cause, trace, then: n => this.output(n, trace, size)});
        }
        this.send('conversation', 'claude_process', 'child_output_window',
          `limit=${this.events_end + 65536}`, {cause, trace});
      }});
    this.settle();
  }

  tick(cause) {
    const questions = {conversation: 'conversation', claude_process: 'child',
      pipe_input: 'input', pipe_output: 'output',
      shutdown_coordinator: 'shutdown', control: 'control',
      supervisor: 'supervisor'};
    this.send('health_monitor', 'health_monitor', 'health_tick', '', {cause,
      then: n => {
        for (const [actor, name] of Object.entries(questions)) {
          this.send('health_monitor', actor, `get_${name}_status`, '',
            {cause: n, then: m => this.send(actor, 'health_monitor',
              `${name}_status`, 'figures=6', {cause: m})});
        }
        this.next_tick = this.timer('health_monitor', 'health_tick', 10e9, n);
      }});
    this.settle();
  }

  /// The conversation's handler throws, and the supervisor starts another.
  fail(trace) {
    const at = this.bytes('claude_stdout', 'in', 9100, undefined, trace);
    this.send(undefined, 'claude_process', 'child_changed', '', {cause: at,
      trace, then: cause => this.send('claude_process', 'conversation',
        'child_output_grew', 'end=9100', {cause, trace,
          fails: true, work: 310000, then: n => {
            this.end('conversation', 'bad_alloc: a line of 9,100 bytes', n);
            this.send('conversation', 'supervisor', 'down',
              'reason=bad_alloc', {cause: n, then: m => this.restart(m)});
          }})});
    this.settle();
  }

  restart(cause) {
    const timer = this.timer('supervisor', 'restart_child', 20e6, cause);
    this.pass(20e6);
    this.send('supervisor', 'supervisor', 'restart_child', 'name=conversation',
      {cause: timer, then: n => {
        this.spawn('conversation', n);
        for (const child of children) {
          this.send('supervisor', child, 'peers_changed', '', {cause: n});
        }
      }});
  }

  /// A minute's life in short: prompts with answers, ticks, one failure.
  life(prompts = 6) {
    this.start();
    this.pass(1.4e9);
    for (let i = 0; i < prompts; ++i) {
      const trace = this.prompt();
      for (let k = 0, count = this.between(4, 9); k < count; ++k) {
        this.pass(this.between(120, 700) * 1e6);
        this.answer(trace);
      }
      if (i === 2) this.fail(trace);
      this.pass(this.between(300, 1200) * 1e6);
      this.tick(this.next_tick);
    }
  }
}

/// The lines of such a life.
function life_lines(options = {}) {
  const lines = [];
  const maker = new trace_maker({source: 'file', ...options,
    emit: event => lines.push(JSON.stringify(event))});
  maker.life(options.prompts);
  return lines;
}

/// A line of one message, for tests that make their own; `more` replaces.
const message = (n, more = {}) => JSON.stringify({kind: 'message', n,
  sent: n * 1e6, taken: n * 1e6 + 5000, done: n * 1e6 + 9000,
  from: 'pipe_input', to: 'conversation', type: 'input_grew', summary: '',
  depth: 1, outcome: 'handled', ...more});

/// The header of a dump, for the same.
const header = JSON.stringify({kind: 'header', version: 1, agent: '0.1.0',
  pid: 7, epoch_us: 1764030000123456, source: 'ring', reason: 'signal'});

module.exports = {trace_maker, life_lines, message, header};
