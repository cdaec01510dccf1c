'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {load} = require('./support.js');

const {source, layout, vocabulary} = load('text.js', 'vocabulary.js',
  'source.js', 'layout.js');

test('server-sent events are the same however they are cut', () => {
  const stream = ': hello\ndata: {"a":1}\n\nevent: x\r\ndata:{"b":2}\r\n\r\n'
    + 'id: 3\ndata: one\ndata: two\n\ndata: not ended';
  for (let size = 1; size <= stream.length; ++size) {
    const found = [];
    const reader = new source.event_reader(data => found.push(data));
    for (let at = 0; at < stream.length; at += size) {
      reader.push(stream.slice(at, at + size));
    }
    assert.deepEqual(found, ['{"a":1}', '{"b":2}', 'one\ntwo'], `by ${size}`);
  }
});

test('a line without end is left out and counted, and the next one is read',
  () => {
    const found = [];
    const reader = new source.event_reader(data => found.push(data));
    reader.push('data: ');
    for (let i = 0; i < 12; ++i) reader.push('x'.repeat(1 << 20));
    assert.ok(reader.rest.length <= source.max_line);
    reader.push('end\n\ndata: good\n\n');
    assert.deepEqual(found, ['good']);
    assert.equal(reader.too_long, 1);
  });

test('the runs of a trace are told apart, also if they take turns', () => {
  const header = pid => `{"kind":"header","pid":${pid},"epoch_us":5}\n`;
  const text = `{"n":1}\n${header(1)}{"n":2}\n${header(2)}`
    + `{"kind":"left_out","count":7}\n{"n":3}\n${header(1)}`
    + '{"n":4,"payload":"{\\"kind\\":\\"header\\"}"}\n';
  const {runs, left_out} = source.runs_of(text);
  assert.equal(left_out, 7);
  const cut = run => run.parts.map(({from, to}) => text.slice(from, to))
    .join('');
  assert.deepEqual([...runs.map(cut)], ['{"n":1}\n', `${header(1)}{"n":2}\n`
    + `${header(1)}{"n":4,"payload":"{\\"kind\\":\\"header\\"}"}\n`,
  `${header(2)}{"n":3}\n`]);
  assert.deepEqual([...runs.map(run => run.header?.pid)], [undefined, 1, 2]);
});

test('the parts of a trace are read line by line', async () => {
  const text = '1\n2\n\n3\n4';
  const lines = [];
  await source.read_parts(text, [{from: 6, to: 8}, {from: 0, to: 4}],
    line => lines.push(line), {aborted: false});
  assert.deepEqual(lines, ['4', '1', '2']);
});

test('every actor has a place of its own, at any width', () => {
  const names = [...vocabulary.order.filter(name => name !== 'Host'
    && name !== 'Claude'), 'stranger', 'another_stranger'];
  for (const width of [320, 366, 640, 1000, 1760]) {
    const plan = layout.arrange(names, width);
    const nodes = [...plan.nodes];
    for (const name of names) assert.ok(plan.nodes.has(name), name);
    for (const [name, at] of nodes) {
      assert.ok(at.x - at.width / 2 >= 0 && at.x + at.width / 2 <= width
        && at.y + layout.node_height / 2 <= plan.height, `${name} is inside`);
      for (const [other, to] of nodes) {
        assert.ok(other === name
          || Math.abs(at.x - to.x) >= (at.width + to.width) / 2
          || Math.abs(at.y - to.y) >= layout.node_height,
        `${name} is not over ${other} at ${width}`);
      }
    }
  }
});
