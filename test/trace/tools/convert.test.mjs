// Reads converted traces as the tools read them that they are for. Run by
// run.sh, which says where the program is.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {test} from 'node:test';

import mermaid from 'mermaid';

const require = createRequire(import.meta.url);
const otlp = require(
  './node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js');

const program = process.env.CONTAINER_AGENT_BINARY;
const sample = new URL('../sample.jsonl', import.meta.url).pathname;
const prompt = 'd0c4a1b2-0123-4567-89ab-cdef01234567';

function convert(args, input) {
  const run = spawnSync(program, ['trace', 'convert', ...args],
                        {input, encoding: 'utf8', maxBuffer: 1 << 28});
  assert.equal(run.error, undefined);
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

async function diagramOf(text) {
  await mermaid.parse(text);
  return (await mermaid.mermaidAPI.getDiagramFromText(text)).db;
}

// A trace of one message whose texts would like to be something else.
function traceWith(text) {
  const lines = [
    {kind: 'header', version: 1, agent: text, pid: 7, epoch_us: 1},
    {kind: 'message', n: 1, sent: 1, taken: 2, done: 9, from: text, to: 'a',
     type: text, summary: text, payload: text, outcome: 'handled',
     trace: prompt.replaceAll('-', '')},
    {kind: 'message', n: 2, sent: 3, taken: 9, done: 9, from: 'a', to: text,
     type: text, summary: text, outcome: text, cause: 1,
     trace: prompt.replaceAll('-', '')},
    {kind: 'bytes', n: 3, at: 5, port: text, direction: text, bytes: 1,
     cause: 1, trace: prompt.replaceAll('-', '')},
  ];
  return lines.map(line => JSON.stringify(line) + '\n').join('');
}

const nasty = [
  'end', 'a; b', 'a\nend\nA->>B: c', '#59;', '%%{init: {}}%%', '"', '<b>&',
  'style: x#y;', 'classDef a:#b;', 'wrap: x', '+', '-->>', 'é€😀', '\u2028',
  ' ', '\\', '\u0001', 'x'.repeat(5000),
  '---\ntitle: x\n---',
];

test('Mermaid reads a prompt\'s life', async () => {
  const db = await diagramOf(convert([sample, '--to', 'mermaid', '--prompt',
                                      prompt]));
  assert.deepEqual([...db.getActors().values()].map(a => a.description),
                   ['pipe_input', 'conversation', 'claude_process',
                    'pipe_output']);
  const types = db.LINETYPE;
  const messages = db.getMessages();
  const of = type => messages.filter(m => m.type === type).length;
  assert.equal(of(types.SOLID), 5);
  assert.equal(of(types.SOLID_CROSS), 1);
  assert.equal(of(types.NOTE), 4);
  assert.equal(of(types.ACTIVE_START), of(types.ACTIVE_END));
});

test('no text breaks a Mermaid diagram', async () => {
  for (const text of nasty) {
    const db = await diagramOf(convert(['-', '--to', 'mermaid', '--prompt',
                                        prompt], traceWith(text)));
    const arrows = db.getMessages().filter(
      m => [db.LINETYPE.SOLID, db.LINETYPE.SOLID_CROSS].includes(m.type));
    assert.equal(arrows.length, 2, text);
    // Not cut off at a sign that means something to Mermaid.
    const shown = text.replace(/[\x00-\x1f]/g, ' ').trim().length;
    assert.ok(arrows[0].message.length >= Math.min(2 * shown, 200), text);
  }
});

// OTLP's JSON has ids in hex where protobuf's own has base64.
function withBytes(value, key) {
  if (Array.isArray(value))
    return value.map(entry => withBytes(entry, key));
  if (value === null || typeof value !== 'object')
    return /^(trace|span|parentSpan)Id$/.test(key)
      ? Buffer.from(value, 'hex').toString('base64') : value;
  return Object.fromEntries(
    Object.entries(value).map(
      ([name, entry]) => [name, withBytes(entry, name)]));
}

// Whatever is not in the messages' definition, or of another type, is lost on
// the way through protobuf.
function throughProtobuf(object) {
  const type
    = otlp.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
  const bytes = type.encode(type.fromObject(object)).finish();
  return type.toObject(type.decode(bytes), {longs: String, bytes: String});
}

test('OpenTelemetry\'s messages hold all that OTLP lines say', () => {
  for (const more of [[], ['--all']]) {
    const lines = convert([sample, '--to', 'otlp', ...more]).split('\n');
    assert.equal(lines.pop(), '');
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const object = withBytes(JSON.parse(line), '');
      assert.deepEqual(throughProtobuf(object), object);
      for (const span of object.resourceSpans[0].scopeSpans[0].spans) {
        assert.equal(Buffer.from(span.traceId, 'base64').length, 16);
        assert.equal(Buffer.from(span.spanId, 'base64').length, 8);
      }
    }
  }
});

test('no text breaks an OTLP line or a Chrome trace', () => {
  for (const text of nasty) {
    const [line] = convert(['-', '--to', 'otlp'], traceWith(text)).split('\n');
    const object = withBytes(JSON.parse(line), '');
    assert.deepEqual(throughProtobuf(object), object);
    const events = JSON.parse(convert(['-', '--to', 'chrome'],
                                      traceWith(text))).traceEvents;
    assert.ok(events.some(event => event.ph === 'X' && event.name === text));
    assert.ok(events.some(event => event.ph === 'M'
                                   && event.args.name?.includes(text)));
  }
});

// What Perfetto and chrome://tracing ask of a trace: slices of one thread nest,
// asynchronous slices and arrows have both ends, all threads have a name.
function checkChrome(document) {
  const events = document.traceEvents;
  const threads = new Map();
  const named = new Set();
  const ends = {s: new Set(), f: new Set(), b: new Set(), e: new Set()};
  for (const event of events) {
    const thread = `${event.pid}.${event.tid}`;
    if (event.ph === 'M' && event.name === 'thread_name')
      named.add(thread);
    else if (event.ph === 'X')
      threads.set(thread, [...(threads.get(thread) ?? []), event]);
    if (ends[event.ph])
      ends[event.ph].add(event.id);
    assert.ok(event.ph === 'M' || event.ts >= 0);
  }
  assert.deepEqual(ends.s, ends.f);
  assert.ok([...ends.e].every(id => ends.b.has(id)));
  for (const [thread, slices] of threads) {
    assert.ok(named.has(thread));
    slices.sort((a, b) => a.ts - b.ts);
    for (let i = 1; i < slices.length; ++i)
      assert.ok(slices[i - 1].ts + slices[i - 1].dur <= slices[i].ts + 1e-6);
  }
  // An arrow is drawn only from within a slice.
  for (const event of events.filter(e => e.ph === 's' || e.ph === 'f')) {
    const around = threads.get(`${event.pid}.${event.tid}`) ?? [];
    event.bound = around.some(
      s => s.ts <= event.ts && event.ts <= s.ts + s.dur);
  }
  return events;
}

test('Chrome traces are what their viewers ask for', () => {
  const events = checkChrome(JSON.parse(convert([sample, '--to', 'chrome'])));
  const arrows = events.filter(e => e.ph === 's');
  // All but those of a timer that nobody set in a handler, and of a message
  // that supervision sent outside of any.
  assert.deepEqual(arrows.filter(e => !e.bound).map(e => e.id), [22, 25]);
});

test('the sample says all that the format can say', () => {
  const kinds = new Set(readFileSync(sample, 'utf8').trim().split('\n').map(
    line => JSON.parse(line).kind));
  for (const kind of ['header', 'message', 'spawn', 'end', 'timer', 'bytes',
                      'dropped'])
    assert.ok(kinds.has(kind), kind);
});
