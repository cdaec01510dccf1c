'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, an_agent, until_text, until_messages, selected}
  = require('./support.js');
const {trace_maker} = require('./trace_maker.js');

const open = in_browser();

/// An agent at 2,000 messages a second, in pieces of 50 ms; as timers may be
/// late, each piece makes up for the time that has gone by. The first piece has
/// so many more.
function rush(agent, head_start) {
  let lines = [];
  let told = 0;
  const maker = new trace_maker({emit: event => {
    if (event.kind === 'message') ++told;
    lines.push(JSON.stringify(event));
  }});
  maker.start();
  let trace = maker.prompt();
  const began = performance.now();
  const timer = setInterval(() => {
    const elapsed = performance.now() - began;
    while (told < head_start + elapsed * 2) {
      maker.clock = Math.max(maker.clock, elapsed * 1e6);
      if (maker.random() < 0.05) trace = maker.prompt();
      else maker.answer(trace, 4);
    }
    agent.tell(...lines);
    agent.remembered = [];
    lines = [];
  }, 50);
  return {
    told: () => told,
    last_word: line => lines.push(JSON.stringify(line)),
    stop: () => {
      clearInterval(timer);
      agent.tell(...lines);
    },
  };
}

/// Distances between the frames of the page's screen, ms, from now on.
const watch_frames = page => page.evaluate(() => {
  const gaps = window.gaps = [];
  let before = performance.now();
  const note = now => {
    gaps.push(now - before);
    before = now;
    window.watch = requestAnimationFrame(note);
  };
  window.watch = requestAnimationFrame(note);
});

const frame_gaps = page => page.evaluate(() => {
  cancelAnimationFrame(window.watch);
  const gaps = window.gaps.sort((a, b) => a - b);
  const at = share => gaps[Math.floor(gaps.length * share)];
  return {frames: gaps.length, median: at(0.5), p95: at(0.95),
    longest: gaps.at(-1)};
});

/// From a press to the first frame in which its effect is there, ms. The press
/// has the browser's own time, so what waits for the page counts, too.
async function time_to_effect(page, button, effect) {
  await page.evaluate((selector, source) => {
    const done = new Function(`return ${source}`);
    window.effect = new Promise(resolve => {
      document.querySelector(selector).addEventListener('click', event => {
        const look = () => requestAnimationFrame(() => {
          if (done()) resolve(performance.now() - event.timeStamp);
          else look();
        });
        look();
      }, {once: true});
    });
  }, button, effect);
  await page.click(button);
  return page.evaluate(() => window.effect);
}

/// A page that shows an agent at 2,000 messages a second.
async function in_a_crowd(t, head_start = 0) {
  const agent = await an_agent(t);
  const page = await open(t, agent.url);
  await until_text(page, '#connection', /^Live$/);
  const crowd = rush(agent, head_start);
  t.after(crowd.stop);
  return {page, crowd};
}

test('at 2,000 messages a second the screen is drawn and clicks are answered',
  async t => {
    const {page} = await in_a_crowd(t);
    await until_messages(page, 4000);
    await watch_frames(page);
    const first = await page.evaluate(() => view.app.store.total);
    const clicks = [];
    for (let i = 0; i < 4; ++i) {
      clicks.push(
        await time_to_effect(page, '[data-actor=conversation]',
          'document.querySelector("[data-actor=conversation]")'
          + `.getAttribute("aria-pressed") === "${i % 2 === 0}"`),
        await time_to_effect(page, '#pause',
          `document.getElementById("pause").textContent === "${
            i % 2 ? 'Pause' : 'Resume'}"`));
      await until_messages(page, first + 2000 * (i + 1));
    }
    const {frames, median, p95, longest} = await frame_gaps(page);
    const ms = value => `${value.toFixed(0)} ms`;
    t.diagnostic(`${frames} frames: median gap ${ms(median)}, 95 % below `
      + `${ms(p95)}, longest ${ms(longest)}; clicks seen after `
      + `${clicks.map(ms).join(', ')}`);
    assert.ok(frames > 20);
    assert.ok(median < 250, `median gap ${ms(median)}`);
    for (const click of clicks) assert.ok(click < 2000, ms(click));
  });

test('at 2,000 messages a second it answers, and says what it left out',
  async t => {
    const {page, crowd} = await in_a_crowd(t, 15000);
    await until_messages(page, 17000);

    // Each of these is answered while they come.
    await page.click('#zoom-in');
    await page.click('#theme');
    await page.waitForSelector('html[data-theme=dark]');
    const type = 'host_output_grew';
    await page.waitForSelector(`#filter-type option[value=${type}]`);
    await page.select('#filter-type', type);
    await page.waitForSelector('#filter-clear', {visible: true});
    await until_text(page, '#filter-clear', /Clear/);
    await page.click('#filter-clear');
    await page.focus('#timeline');
    await page.keyboard.press('ArrowLeft');
    await until_text(page, '#pause', /^Resume$/);
    const chosen = await selected(page);
    assert.ok(chosen > 0);
    await until_text(page, '#note', /events wait until you resume$/);
    assert.equal(await selected(page), chosen);
    await page.click('#pause');
    await until_text(page, '#pause', /^Pause$/);

    await page.waitForFunction(() => view.app.store.total > 21500, {
      timeout: 120000});
    crowd.last_word({kind: 'dropped', at: 1, count: 12});
    crowd.stop();
    const total = crowd.told();
    await until_messages(page, total);
    await until_text(page, '#note', new RegExp('^showing the last 20,000 of '
      + `${total.toLocaleString('en-US')} messages; `
      + '12 left out by the agent$'));
    const sizes = await page.evaluate(() => ({
      kept: view.app.store.kept, by_n: view.app.store.by_n.size,
      dots: view.app.graph.dots.length,
      elements: document.querySelectorAll('*').length}));
    assert.equal(sizes.kept, 20000);
    assert.ok(sizes.by_n <= 40000);
    assert.ok(sizes.dots <= 240);
    assert.ok(sizes.elements < 1500, `${sizes.elements} elements`);
  });
