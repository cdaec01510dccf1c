'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, a_file, an_agent, text_of, until_text, until_messages,
  until_drawn, until_dots, field} = require('./support.js');
const {readFileSync} = require('node:fs');
const {page_file} = require('./browser.js');
const {life_lines, message, header} = require('./trace_maker.js');

const open = in_browser();

test('the page is whole in itself', () => {
  const page = readFileSync(page_file, 'utf8');
  assert.doesNotMatch(page, /\ssrc=|<link|https?:/);
  assert.match(page, /script-src( 'sha256-[\w+/]{43}=')+;/);
  assert.match(page, /style-src( 'sha256-[\w+/]{43}=')+;/);
});

test('a trace in the page is shown whole, without an agent', async t => {
  const lines = life_lines();
  const count = lines.filter(line => line.includes('"kind":"message"')).length;
  const page = await open(t, a_file(t, lines));
  await until_messages(page, count);
  await until_text(page, '#note',
    new RegExp(`^showing all ${count} messages$`));
  await until_text(page, '#connection', /^A trace of 2025-11-25 .*pid 7$/);
  assert.equal(await page.$eval('#state', e => e.hidden), true);
  await until_text(page, '[data-tile=prompts] .value', /^6$/);
  await until_text(page, '[data-tile=restarts] .value', /^1$/);
});

test('a trace in the page is replayed in the graph', async t => {
  const page = await open(t, a_file(t, life_lines({prompts: 2})));
  await until_text(page, '#pause', /^Replay$/);
  await until_text(page, '#connection', /^A trace of/);
  await until_dots(page, async () => {
    if (await text_of(page, '#pause') === 'Replay') await page.click('#pause');
  });
  await until_text(page, '#pause', /^Pause$/);
  const at = await page.evaluate(() => view.app.state.playhead);
  await page.waitForFunction(before =>
    view.app.state.playhead > before, {}, at);
  await page.click('#pause');
  await until_text(page, '#pause', /^Replay$/);
});

test('a dump shows what waits and what runs, and a torn line is counted',
  async t => {
    const page = await open(t, a_file(t, [header, message(1),
      message(2, {outcome: 'running', done: undefined}),
      message(3, {outcome: 'queued', taken: undefined, done: undefined}),
      '{"kind":"message","n":4,"se']));
    await until_messages(page, 3);
    await until_text(page, '#note', /; 1 unreadable line$/);
    await until_text(page, '#connection', /\(signal\)$/);
    await page.focus('#timeline');
    await page.keyboard.press('End');
    assert.equal(await field(page, 'queued'), 'still waiting');
    assert.equal(await field(page, 'handled'), 'not done');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await field(page, 'queued'), '5.00 µs');
    assert.equal(await field(page, 'handled'), 'not done');
  });

test('a trace that is too long is shown from its end on', async t => {
  const lines = [header];
  for (let n = 1; n <= 100500; ++n) lines.push(message(n));
  const page = await open(t, a_file(t, lines));
  await until_text(page, '#note',
    /^showing the last 100,000 of 100,500 messages$/);
});

test('of several runs one is shown, and another can be chosen', async t => {
  const other = header.replace('"pid":7', '"pid":8');
  const page = await open(t, a_file(t, ['{"kind":"left_out","count":1234}',
    header, message(1), message(2), other, message(1), header, message(3)]));
  await until_text(page, '#connection', /^Run 2 of 2: a trace of .*pid 8/);
  await until_text(page, '#note',
    /^showing the only message; 1,234 older events left out by trace view/);
  assert.equal(await page.$eval('#run-choice', e => e.hidden), false);
  await page.select('#run', '0');
  await until_text(page, '#connection', /^Run 1 of 2: a trace of .*pid 7/);
  await until_text(page, '#note', /^showing all 3 messages;/);
  await page.select('#run', '1');
  await until_text(page, '#note', /^showing the only message;/);
});

test('a single run offers no choice', async t => {
  const page = await open(t, a_file(t, [header, message(1), header,
    message(2)]));
  await until_text(page, '#note', /^showing all 2 messages$/);
  await until_text(page, '#connection', /^A trace of/);
  assert.equal(await page.$eval('#run-choice', e => e.hidden), true);
});

test('an empty page that reaches no agent says so', async t => {
  const page = await open(t, a_file(t, []), {may_complain: /./});
  await until_text(page, '#connection', /^Connection lost/);
});

// -- hostile contents ---------------------------------------------------------

const evil = ['<img src=x onerror="window.ran=1">',
  '</script><script>window.ran=2</script>', '<!--<script>',
  '"><svg onload=window.ran=3>', '\u202egnp.exe\u2066', 'a\u0000b', '{{7*7}}',
  'javascript:window.ran=4'];

function hostile_lines() {
  const lines = [header];
  evil.forEach((text, i) => {
    lines.push(message(10 * i + 1, {summary: text, payload: text, type: text,
      to: text, from: text, trace: text, outcome: text}),
    JSON.stringify({kind: 'end', n: 10 * i + 2, at: i * 1e7, actor: text,
      failed: true, reason: text, cause: 10 * i + 1, trace: text}),
    JSON.stringify({kind: 'bytes', n: 10 * i + 3, at: i * 1e7, port: text,
      direction: text, bytes: 5, cause: 10 * i + 1}));
  });
  const huge = '<b>'.repeat(350000);
  lines.push(message(900, {summary: huge, payload: huge, type: huge}));
  return lines;
}

/// Looks at each kept event, and finds that its text is text.
async function look_at_all(page) {
  for (const n of await page.evaluate(() => [...view.app.store.by_n.keys()])) {
    await page.evaluate(it =>
      view.app.timeline.select(view.app.store.by_n.get(it)), n);
    await until_drawn(page);
  }
  assert.deepEqual(await page.evaluate(() => ({
    ran: window.ran ?? 0,
    strange: document.querySelectorAll('img, svg, iframe, b, a:not(.skip)')
      .length,
    sideways: document.documentElement.scrollWidth > innerWidth,
  })), {ran: 0, strange: 0, sideways: false});
}

async function summary_of(page, n) {
  await page.evaluate(it =>
    view.app.timeline.select(view.app.store.by_n.get(it)), n);
  return field(page, 'summary');
}

for (const width of [390, 1440]) {
  test(`markup in a file is text, at ${width}`, async t => {
    const page = await open(t, a_file(t, hostile_lines()),
      {width, height: 800});
    await until_messages(page, evil.length + 1);
    await look_at_all(page);
    for (let i = 0; i < evil.length; ++i) {
      assert.equal(await summary_of(page, 10 * i + 1), evil[i]);
    }
    assert.match(await summary_of(page, 900),
      /^<b><b>.*… \(1,050,000 characters\)$/);
    await page.click('#zoom-all');
    await page.select('#filter-type', evil[0]);
    await until_drawn(page);
    assert.equal(await page.evaluate(() => window.ran), undefined);
  });
}

test('markup from an agent is text, also in its status', async t => {
  const agent = await an_agent(t);
  agent.status.state = agent.status.why = evil[0];
  agent.status.restarts.gave_up = evil[1];
  agent.remembered = hostile_lines();
  const page = await open(t, agent.url);
  await until_messages(page, evil.length + 1);
  await until_text(page, '#state-text', /^<img src=x/);
  await look_at_all(page);
  assert.equal(await text_of(page, '#why'), evil[0]);
});

test('markup that got into the page would not run', async t => {
  const page = await open(t, a_file(t, [header]), {may_complain: /./});
  await until_text(page, '#connection', /^A trace of/);
  await page.evaluate(text => {
    const box = document.createElement('div');
    box.innerHTML = text;
    document.body.append(box);
    const script = document.createElement('script');
    script.textContent = 'window.ran = 5';
    document.body.append(script);
  }, evil[0]);
  await page.waitForFunction(() =>
    document.querySelector('div > img').complete);
  await until_drawn(page);
  assert.equal(await page.evaluate(() => window.ran), undefined);
});
