'use strict';
// What the tests of the page share.
const {readFileSync, writeFileSync, mkdtempSync, rmSync} = require('node:fs');
const {join} = require('node:path');
const {tmpdir} = require('node:os');
const vm = require('node:vm');
const {after} = require('node:test');
const assert = require('node:assert/strict');
const {launch, new_page, page_file, root} = require('./browser.js');
const {server} = require('./server.js');

/// The page's pure parts, in a world of their own.
function load(...names) {
  const world = vm.createContext({Intl, URLSearchParams});
  for (const name of names) {
    vm.runInContext(readFileSync(join(root, 'main', 'trace', 'view', name), 'utf8'),
      world, {filename: name});
  }
  return vm.runInContext('view', world);
}

/// Undoes things at a test's end, the last one first: a page goes before the
/// agent that it watches.
const undoing = new WeakMap();
function at_end(t, act) {
  if (!undoing.has(t)) {
    undoing.set(t, []);
    t.after(async () => {
      const faults = [];
      for (const undo of undoing.get(t).reverse()) {
        await Promise.resolve().then(undo).catch(fault => faults.push(fault));
      }
      if (faults.length) throw faults[0];
    });
  }
  undoing.get(t).push(act);
}

/// One browser for all tests of this process; `open` gives a page of it at an
/// address. Whoever opens a page gets it closed, and its complaints looked at.
let browser;
function in_browser() {
  after(async () => {
    const ending = browser;
    browser = undefined;
    await (await ending)?.close();
  });
  return async (t, url, options) => {
    browser ??= launch();
    const page = await new_page(await browser, options);
    at_end(t, async () => {
      await page.browserContext().close();
      assert.deepEqual(page.strangers, [], 'asks nobody else');
      assert.deepEqual(page.complaints.filter(line =>
        !(options?.may_complain || /$^/).test(line)), []);
    });
    await page.goto(url, {waitUntil: 'domcontentloaded'});
    return page;
  };
}

/// A stand-in for the agent, until the test ends.
async function an_agent(t, options) {
  const made = await new server(page_file, options).start();
  at_end(t, () => made.stop());
  return made;
}

/// The page with a trace in it, as `trace view` writes it: its address.
function a_file(t, lines) {
  const empty = '<script type="application/x-ndjson" id="trace-file">'
    + '</script>';
  const page = readFileSync(page_file, 'utf8');
  assert.equal(page.split(empty).length, 2, 'the marker is there once');
  const folder = mkdtempSync(join(tmpdir(), 'view-'));
  at_end(t, () => rmSync(folder, {recursive: true}));
  const file = join(folder, 'page.html');
  const data = lines.join('\n').replaceAll('<', '\\u003c');
  writeFileSync(file, page.replace(empty, () =>
    `${empty.slice(0, -'</script>'.length)}${data}\n</script>`));
  return `file://${file}`;
}

const text_of = (page, selector) =>
  page.$eval(selector, element => element.textContent);

/// Waits until an element's text matches.
async function until_text(page, selector, wanted) {
  try {
    await page.waitForFunction((where, source) =>
      new RegExp(source).test(document.querySelector(where)?.textContent ?? ''),
    {}, selector, wanted.source);
  } catch (error) {
    const found = await page.evaluate(where =>
      document.querySelector(where)?.textContent, selector);
    assert.fail(`${selector} is "${found}", not ${wanted} (${error.message})`);
  }
}

/// Until the page keeps so many messages, and has drawn since.
async function until_messages(page, count) {
  await page.waitForFunction(least => view.app.store.total >= least, {}, count);
  await until_drawn(page);
}

const until_drawn = page => page.evaluate(() => new Promise(resolve =>
  requestAnimationFrame(() => requestAnimationFrame(() =>
    requestAnimationFrame(resolve)))));

/// Waits for what is seen for a moment only, which a busy machine may miss: `act`
/// makes it come again and again.
async function again_until(act, wait) {
  const timer = setInterval(() =>
    Promise.resolve().then(act).catch(() => {}), 500);
  try {
    await act();
    await wait();
  } finally {
    clearInterval(timer);
  }
}

/// Until a dot has been set off in the graph, from now on. Each is noted, as it
/// may be gone before it is drawn. `act` makes messages of just now: one that
/// comes late does not move.
async function until_dots(page, act) {
  await page.evaluate(() => {
    const {graph} = view.app;
    const pulse = graph.pulse.bind(graph);
    window.dots_set_off = 0;
    graph.pulse = (...what) => {
      const before = graph.dots.length;
      pulse(...what);
      window.dots_set_off += graph.dots.length - before;
    };
  });
  await again_until(act, () =>
    page.waitForFunction(() => window.dots_set_off > 0));
}

/// Clicks on a message in the timeline where it is drawn, a little way from its
/// left side.
async function click_message(page, n) {
  const at = await page.evaluate(number => {
    const {timeline, store} = view.app;
    const item = store.by_n.get(number);
    const {space} = timeline;
    space.span = 400e3;
    space.left = item.start - 100e3;
    const box = document.getElementById('timeline').getBoundingClientRect();
    const lane = space.lanes.indexOf(item.lane);
    return {
      x: box.x + view.picture.x_of(space, item.taken ?? item.start) + 1,
      y: box.y + view.picture.lane_top(space, lane) + space.lane_height - 10,
    };
  }, n);
  await page.mouse.click(at.x, at.y);
}

const selected = page => page.evaluate(() => view.app.timeline.selected?.n);

const field = (page, name) => text_of(page, `dd[data-field="${name}"], `
  + `pre[data-field="${name}"]`);

module.exports = {load, at_end, in_browser, an_agent, a_file, text_of,
  until_text, until_messages, until_drawn, again_until, until_dots,
  click_message, selected, field};
