'use strict';
// A page on which nothing happens draws nothing.
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, a_file, an_agent, until_text, until_messages,
  until_dots}
  = require('./support.js');
const {trace_maker, life_lines} = require('./trace_maker.js');

const open = in_browser();
const window_ms = 3000;

/// Frames and pictures of the page in so long a time.
const activity = page => page.evaluate(async ms => {
  let frames = 0;
  let pictures = 0;
  const ask = window.requestAnimationFrame;
  window.requestAnimationFrame = act => {
    ++frames;
    return ask(act);
  };
  const canvas = CanvasRenderingContext2D.prototype;
  const clear = canvas.clearRect;
  canvas.clearRect = function counted(...place) {
    if (this.canvas.id === 'timeline') ++pictures;
    return clear.apply(this, place);
  };
  await new Promise(resolve => setTimeout(resolve, ms));
  window.requestAnimationFrame = ask;
  canvas.clearRect = clear;
  return {frames, pictures};
}, window_ms);

/// Until the last dot has arrived. Looks by a timer: a frame would be one.
const until_rest = page => page.waitForFunction(() => {
  const {state} = view.app;
  return !state.awake && performance.now() > state.lively_until;
}, {polling: 100});

test('the page of a file at rest draws nothing', async t => {
  const page = await open(t, a_file(t, life_lines({prompts: 2})));
  await until_text(page, '#connection', /^A trace of/);
  await until_rest(page);
  assert.deepEqual(await activity(page), {frames: 0, pictures: 0});
  await page.click('#pause');
  const moving = await activity(page);
  assert.ok(moving.frames > 5 && moving.pictures > 5, 'it does when it plays');
});

test('a page at rest follows the size of its window', async t => {
  const page = await open(t, a_file(t, life_lines({prompts: 1})));
  await until_text(page, '#connection', /^A trace of/);
  await until_rest(page);
  for (const width of [1100, 500, 1500]) {
    await page.setViewport({width, height: 900});
    await page.waitForFunction(() => view.app.graph.width > 100
      && view.app.graph.width === document.getElementById('stage').clientWidth
      && view.app.timeline.space.width === document.getElementById('timeline')
        .parentElement.clientWidth, {polling: 100});
  }
  await page.$eval('main', e => {
    e.style.paddingRight = '40px'; // as a scroll bar would
  });
  await page.waitForFunction(() => view.app.graph.width
    === document.getElementById('stage').clientWidth, {polling: 100});
});

for (const held of [false, true]) {
  test(`the page of an agent at rest is drawn once a second${held
    ? ', also while it is held' : ''}`, async t => {
    const agent = await an_agent(t);
    const maker = new trace_maker({emit: event => agent.emit(event)});
    maker.start();
    maker.answer(maker.prompt());
    const page = await open(t, agent.url);
    await until_messages(page, 5);
    if (held) await page.click('#pause');
    await until_rest(page);
    const most = window_ms / 1000 + 1;
    const {frames, pictures} = await activity(page);
    assert.ok(pictures <= most, `${pictures} pictures`);
    assert.ok(frames <= 2 * most, `${frames} frames`);
    await until_dots(page, () => { // and it goes on when something comes
      maker.pass(60e9);
      maker.tick();
    });
  });
}
