'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {load} = require('./support.js');
const {life_lines} = require('./trace_maker.js');

const {store, model, text, vocabulary} = load('text.js', 'vocabulary.js',
  'store.js', 'model.js');

function a_model(limit = 100) {
  return new model.model(new store.store(limit));
}

function message(n, more = {}) {
  return {kind: 'message', n, sent: n * 1000, taken: n * 1000 + 100,
    done: n * 1000 + 300, from: 'pipe_input', to: 'conversation',
    type: 'input_grew', summary: '', depth: 1, outcome: 'handled', ...more};
}

const header = (more = {}) => ({kind: 'header', version: 1, agent: '0.1.0',
  pid: 7, epoch_us: 1764030000123456, source: 'stream', ...more});

test('a whole life is taken without a complaint', () => {
  const it = a_model(10000);
  const lines = life_lines();
  for (const line of lines) it.take_line(line);
  const messages = lines.filter(line => line.includes('"message"')).length;
  assert.equal(it.store.total, messages);
  assert.equal(it.store.kept, messages);
  assert.equal(it.unreadable, 0);
  assert.equal(it.restarts, 1);
  assert.equal(it.faults, 2); // the handler, and with it the actor
  assert.equal(it.actors.get('conversation').incarnation, 2);
  assert.equal(it.store.traces.size, 6);
  assert.equal(it.left_out(), `showing all ${messages} messages`);
});

test('only the last messages are kept, and the text says of how many', () => {
  const it = a_model(100);
  for (let n = 1; n <= 1234; ++n) it.take(message(n));
  it.take({kind: 'dropped', at: 1, count: 12});
  assert.equal(it.store.kept, 100);
  assert.equal(it.store.by_n.size, 100);
  assert.equal(it.store.by_n.has(1134), false);
  assert.equal(it.store.by_n.has(1135), true);
  assert.equal(it.left_out(), 'showing the last 100 of 1,234 messages; '
    + '12 left out by the agent');
});

test('other events do not push memory beyond twice the limit', () => {
  const it = a_model(100);
  for (let n = 1; n <= 5000; ++n) {
    it.take({kind: 'bytes', n, at: n, port: 'host_input', direction: 'in',
      bytes: 1, cause: n - 1, trace: String(n)});
  }
  assert.ok(it.store.next - it.store.first <= 200);
  assert.ok(it.store.by_n.size <= 200);
  assert.ok(it.store.effects.size <= 201);
  assert.ok(it.store.traces.size <= 200);
});

test('while it is held the picture stays, and no more than so much waits',
  () => {
    const it = a_model(100);
    for (let n = 1; n <= 50; ++n) it.take(message(n));
    it.store.hold();
    for (let n = 51; n <= 60; ++n) it.take(message(n));
    assert.equal(it.store.kept, 50);
    assert.equal(it.left_out(), 'holding 50 messages of 60; 10 events wait '
      + 'until you resume');
    for (let n = 61; n <= 1000; ++n) it.take(message(n));
    assert.ok(it.store.waiting() <= 200);
    it.store.release();
    assert.equal(it.store.kept, 100);
    assert.equal(it.left_out(), 'showing the last 100 of 1,000 messages');
  });

test('what is told again after a reconnect is taken once', () => {
  const it = a_model(100);
  it.take(header());
  for (let n = 1; n <= 10; ++n) it.take(message(n));
  it.take(header());
  for (let n = 5; n <= 12; ++n) it.take(message(n));
  assert.equal(it.store.total, 12);
  assert.equal(it.actors.get('conversation').messages, 12);
});

test('what is told again is taken once though it is no more kept', () => {
  const it = a_model(3);
  it.take(header());
  for (let n = 1; n <= 10; ++n) it.take(message(n));
  it.take(header());
  for (let n = 1; n <= 11; ++n) it.take(message(n));
  assert.equal(it.store.total, 11);
});

test('another run begins anew', () => {
  const it = a_model();
  it.take(header());
  it.take(message(1));
  it.take(header({pid: 8}));
  assert.equal(it.store.total, 0);
  it.take(message(1));
  assert.equal(it.store.total, 1);
});

test('a skipped message is one message when it is taken up for good', () => {
  const it = a_model();
  it.take(message(1, {outcome: 'skipped'}));
  it.take(message(2));
  it.take(message(1, {taken: 5000, done: 6000}));
  assert.equal(it.store.total, 2);
  assert.equal(it.store.kept, 2);
  assert.equal(it.store.by_n.get(1).outcome, 'handled');
});

test('a skipped message is one message while the timeline is held', () => {
  const it = a_model();
  it.take(message(1));
  it.store.hold();
  it.take(message(2, {outcome: 'skipped'}));
  it.take(message(2, {taken: 5000, done: 6000}));
  assert.equal(it.store.total, 2);
  assert.equal(it.store.waiting(), 1);
  assert.equal(it.actors.get('conversation').messages, 2);
  it.store.release();
  assert.equal(it.store.kept, 2);
  assert.equal(it.store.by_n.get(2).outcome, 'handled');
});

test('what is done without being taken up has no times', () => {
  const it = a_model();
  it.take(message(1, {taken: undefined, outcome: 'undelivered'}));
  assert.equal(store.worked(it.store.by_n.get(1)), undefined);
  assert.equal(it.actors.get('conversation').handled_ns, 0);
});

test('an agent that has run for a year is shown', () => {
  const it = a_model();
  const at = 366 * 86400e9;
  it.take(message(1, {sent: at, taken: at + 1000, done: at + 3000}));
  assert.equal(it.unreadable, 0);
  assert.equal(store.waited(it.store.by_n.get(1)), 1000);
});

test('messages that wait in a dump are found by the time that is shown', () => {
  const it = a_model();
  for (let n = 1; n <= 9; ++n) it.take(message(n));
  it.take(message(10, {sent: 500, taken: undefined, done: undefined,
    outcome: 'queued'}));
  const found = [];
  it.store.each_since(5200, item => found.push(item.n));
  assert.deepEqual(found, [5, 6, 7, 8, 9, 10]);
});

test('lines that are no events are counted, unknown kinds are not', () => {
  const it = a_model();
  for (const line of ['{"kind":"mess', 'null', '7', '"text"', '[]',
    '{"kind":"message","n":"1"}', '{"kind":"message","n":1,"sent":-5}',
    '{"kind":"message","n":1,"sent":1e300,"to":"a","type":"b"}']) {
    it.take_line(line);
  }
  assert.equal(it.unreadable, 7); // an array is an object of no known kind
  it.take({kind: 'of_the_future', n: 5});
  it.take({kind: 'constructor', n: 5});
  it.take({kind: '__proto__', n: 5});
  assert.equal(it.unreadable, 7);
  assert.equal(it.store.total, 0);
});

test('long texts and many names are bounded', () => {
  const it = a_model(1000);
  it.take(message(1, {summary: 'x'.repeat(1 << 20), to: 'y'.repeat(5000)}));
  const item = it.store.by_n.get(1);
  assert.ok(item.summary.length < 2100);
  assert.match(item.summary, /… \(1,048,576 characters\)$/);
  assert.ok(item.to.length < 120);
  for (let n = 2; n < 900; ++n) {
    it.take(message(n, {to: `actor ${n}`, type: `type ${n}`}));
  }
  assert.ok(it.actors.size <= vocabulary.max_actors + 1);
  assert.equal(it.store.by_n.get(899).to, vocabulary.others);
  assert.ok(it.types.size <= 200);
});

test('rates are those of the seconds that are over', () => {
  const it = a_model(10000);
  for (let n = 1; n <= 600; ++n) {
    const at = n * 10e6; // a hundred a second, six seconds
    it.take(message(n, {sent: at, taken: at, done: at}));
  }
  assert.equal(it.rate('messages', 6e9), 100);
  assert.equal(it.rate('messages', 60e9), 0);
  assert.equal(it.series('messages', 6e9).at(-1), 100);
});

test('bytes of the host are counted each way', () => {
  const it = a_model();
  const bytes = {kind: 'bytes', at: 1, bytes: 10};
  it.take({...bytes, n: 1, port: 'host_input', direction: 'in'});
  it.take({...bytes, n: 2, port: 'host_output', direction: 'out', bytes: 70});
  it.take({...bytes, n: 3, port: 'claude_stdin', direction: 'out'});
  assert.equal(it.bytes_in, 10);
  assert.equal(it.bytes_out, 70);
  assert.equal(it.store.by_n.get(3).to, vocabulary.claude);
});

test('a mailbox shows its deepest within a second', () => {
  const it = a_model();
  const actor = it.actors.get('conversation');
  it.take(message(1, {sent: 0, depth: 9}));
  it.take(message(2, {sent: 1000, depth: 2}));
  assert.equal(it.depth(actor, 2000), 9);
  assert.equal(it.depth(actor, 3e9), 0);
  it.take(message(3, {sent: 2e9, depth: 2}));
  assert.equal(it.depth(actor, 2e9), 2);
});

test('filters look at prompt, type and actor', () => {
  const it = a_model();
  it.take(message(1, {trace: 'a'}));
  const item = it.store.by_n.get(1);
  for (const [filter, fits] of [[{}, true], [{trace: 'a'}, true],
    [{trace: 'b'}, false], [{type: 'input_grew'}, true], [{type: 'x'}, false],
    [{actor: 'pipe_input'}, true], [{actor: 'conversation'}, true],
    [{actor: 'control'}, false], [{trace: 'a', actor: 'control'}, false]]) {
    assert.equal(store.matches(item, filter), fits, JSON.stringify(filter));
  }
});

test('what belongs together is found along causes, also in a circle', () => {
  const it = a_model();
  it.take(message(1, {cause: 3}));
  it.take(message(2, {cause: 1}));
  it.take(message(3, {cause: 2}));
  it.take(message(4, {cause: 2}));
  it.take(message(5));
  const found = it.store.relatives(it.store.by_n.get(2), 100);
  assert.deepEqual([...found].sort(), [1, 2, 3, 4]);
  assert.ok(it.store.relatives(it.store.by_n.get(2), 2).size <= 2);
});

test('times and sizes read well', () => {
  assert.deepEqual([850, 12300, 4560000, 1.234e9, 125e9, 3725e9]
    .map(text.duration), ['850 ns', '12.3 µs', '4.56 ms', '1.23 s',
    '2 min 5 s', '1 h 2 min']);
  assert.deepEqual([0, 187, 1024, 5 << 20].map(text.size),
    ['0 B', '187 B', '1.00 KiB', '5.00 MiB']);
  assert.match(text.clock(1764030000123456, 1e6, true),
    /^\d\d:\d\d:00\.124456$/);
});
