'use strict';
// What is seen: enough contrast, and nothing that is told by a colour alone.
const http = require('node:http');
const {readFileSync} = require('node:fs');
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, a_file, at_end, until_text, until_messages, field}
  = require('./support.js');
const {page_file} = require('./browser.js');
const {life_lines, message, header} = require('./trace_maker.js');

const open = in_browser();

/// Relative luminance and contrast as WCAG 2 has them.
function luminance([r, g, b]) {
  const [x, y, z] = [r, g, b].map(value => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/// Everything that a theme's colours are seen on, as [r, g, b].
const seen_colours = page => page.evaluate(() => {
  const numbers = text => text.match(/[\d.]+/g).slice(0, 3).map(Number);
  const probe = document.createElement('i');
  document.body.append(probe);
  const of = name => {
    probe.style.color = `var(--${name})`;
    return numbers(getComputedStyle(probe).color);
  };
  const style = (selector, what) =>
    numbers(getComputedStyle(document.querySelector(selector))[what]);
  const {graph} = view.app;
  const edges = view.layout.main_edges.map(([from, to]) => {
    const c = graph.curve_of(graph.edge(from, to));
    const at = view.layout.along(c, c.leaves + (c.enters - c.leaves) * 0.75);
    const ratio = graph.canvas.width / graph.width;
    const {data} = graph.canvas.getContext('2d').getImageData(
      Math.round(at.x * ratio) - 1, Math.round(at.y * ratio) - 1, 3, 3);
    // Its middle: the one that is covered most.
    const pixels = [...Array(9)].map((_, i) =>
      [...data.slice(4 * i, 4 * i + 4)]);
    return pixels.sort((a, b) => b[3] - a[3])[0];
  });
  return {
    card: style('.card.graph', 'backgroundColor'),
    node: style('[data-actor=conversation]', 'borderTopColor'),
    edges, lane: of('lane'),
    families: Object.fromEntries(view.vocabulary.families.map(({id}) =>
      [id, of(id)])),
  };
});

for (const dark of [false, true]) {
  test(`edges, actors and marks stand out, ${dark ? 'dark' : 'light'}`,
    async t => {
      const page = await open(t, a_file(t, life_lines({prompts: 1})), {dark});
      await until_text(page, '#connection', /A trace of/);
      await page.waitForFunction(() => view.app.graph.plan
        && !view.app.graph.busy(performance.now()));
      const seen = await seen_colours(page);
      assert.equal(seen.edges.length, 8);
      for (const [r, g, b, alpha] of seen.edges) {
        const mixed = [r, g, b].map((value, i) =>
          seen.card[i] + (value - seen.card[i]) * alpha / 255);
        assert.ok(contrast(mixed, seen.card) >= 3, `edge ${mixed}`);
      }
      assert.ok(contrast(seen.node, seen.card) >= 3, 'an actor');
      for (const [name, colour] of Object.entries(seen.families)) {
        assert.ok(contrast(colour, seen.card) >= 3, name);
        assert.ok(contrast(colour, seen.lane) >= 3, `${name} in a lane`);
      }
    });
}

test('a fault is told without colours, too', async t => {
  const page = await open(t, a_file(t, [header, message(1),
    message(2, {cause: 1, outcome: 'failed'})]));
  await until_messages(page, 2);
  const seen = await page.evaluate(() => {
    const {timeline, graph, store, model} = view.app;
    const grey = Object.fromEntries(Object.keys(view.picture.colours())
      .map(name => [name, name === 'paper' ? '#fff' : '#555']));
    const item = store.by_n.get(2);
    const pictures = ['answer', 'fault'].map(family => {
      item.family = family;
      timeline.draw(grey);
      graph.dots = [];
      graph.edges.clear();
      graph.pulse({...item, n: 1}, 0);
      graph.draw(300, grey);
      return [timeline.canvas.toDataURL(), graph.canvas.toDataURL()];
    });
    model.actors.get('conversation').alive = false;
    model.actors.get('conversation').failed = true;
    graph.refresh(model, 0, '');
    timeline.select(store.by_n.get(1));
    const lamp = selector => getComputedStyle(document.querySelector(
      `${selector} .lamp`)).clipPath;
    return {pictures, legend: lamp('#legend [data-family=fault]'),
      good: lamp('#legend [data-family=answer]'), link: lamp('[data-link]'),
      words: document.querySelector('[data-link]').textContent,
      node: getComputedStyle(document.querySelector(
        '[data-actor=conversation] .label'), '::before').content};
  });
  const [good, bad] = seen.pictures;
  assert.notEqual(good[0], bad[0], 'in the timeline');
  assert.notEqual(good[1], bad[1], 'in the graph');
  assert.equal(seen.good, 'none');
  assert.match(seen.legend, /polygon/);
  assert.match(seen.link, /polygon/);
  assert.match(seen.words, /, failed$/);
  assert.match(seen.node, /✕/);
});

test('what was never taken up is not said to wait', async t => {
  const page = await open(t, a_file(t, [header, message(1),
    message(2, {outcome: 'undelivered', taken: undefined, done: undefined}),
    message(3, {outcome: 'undelivered', taken: undefined})]));
  await until_messages(page, 3);
  for (const n of [2, 3]) {
    await page.evaluate(it =>
      view.app.timeline.select(view.app.store.by_n.get(it)), n);
    assert.match(await field(page, 'queued'), /^never taken up/);
    assert.equal(await field(page, 'handled'), 'never');
  }
  await page.keyboard.press('Escape');
  await until_text(page, '#details-title', /by type/);
  assert.doesNotMatch(await page.$eval('body', e => e.innerText), /NaN/);
});

test('the rates of a dump are those of the time that it covers', async t => {
  const hour = 3600e9;
  const lines = [header];
  for (let n = 1; n <= 101; ++n) {
    const at = hour + (n - 1) * 20e6;
    lines.push(message(n, {sent: at, taken: at, done: at}));
  }
  const page = await open(t, a_file(t, lines));
  await until_text(page, '[data-tile=messages] .more', /^51\/s on average$/);
});

test('a dark page is dark before its scripts at the end have come', async t => {
  const page = readFileSync(page_file, 'utf8');
  const at = page.indexOf('<main>');
  assert.ok(at > 0);
  let finish;
  const web = http.createServer((request, answer) => {
    answer.writeHead(200, {'Content-Type': 'text/html; charset=utf-8'});
    if (request.url !== '/') return answer.end();
    answer.write(page.slice(0, at));
    finish = () => answer.end(page.slice(at));
  });
  await new Promise(resolve => web.listen(0, '127.0.0.1', resolve));
  at_end(t, () => {
    web.closeAllConnections();
    return new Promise(resolve => web.close(resolve));
  });
  const half = await open(t, 'about:blank', {dark: true, may_complain: /./});
  const gone = half.goto(`http://127.0.0.1:${web.address().port}/`,
    {waitUntil: 'domcontentloaded'});
  await half.waitForSelector('header .pill');
  assert.equal(await half.$('main'), null);
  const ground = await half.evaluate(() =>
    getComputedStyle(document.documentElement).backgroundColor);
  assert.ok(luminance(ground.match(/\d+/g).map(Number)) < 0.05, ground);
  finish();
  await gone;
});
