'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, an_agent, until_text, until_messages, selected}
  = require('./support.js');
const {trace_maker} = require('./trace_maker.js');

const open = in_browser();

/// An agent at 2,000 messages a second, in pieces of 50 ms; as timers may be
/// late, each piece makes up for the time that has gone by.
function rush(agent) {
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
    while (told < elapsed * 2) {
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

test('at 2,000 messages a second it answers, and says what it left out',
  async t => {
    const agent = await an_agent(t);
    const page = await open(t, agent.url);
    await until_text(page, '#connection', /^Live$/);
    const crowd = rush(agent);
    t.after(crowd.stop);
    await until_messages(page, 6000);

    // Each of these is answered while they come.
    await page.click('#zoom-in');
    await page.click('#theme');
    await page.waitForSelector('html[data-theme=dark]');
    await page.select('#filter-type', 'host_output');
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
