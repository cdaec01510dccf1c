'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, a_file, an_agent, text_of, until_text, until_messages,
  until_drawn, selected} = require('./support.js');
const {life_lines} = require('./trace_maker.js');

const open = in_browser();
const lines = life_lines({prompts: 3});
const count = lines.filter(line => line.includes('"kind":"message"')).length;

async function a_page(t, options) {
  const page = await open(t, a_file(t, lines), options);
  await until_messages(page, count);
  await until_text(page, '#connection', /^A trace of/);
  return page;
}

/// Tabs on until the focus is on it.
async function tab_to(page, selector) {
  for (let i = 0; i < 80; ++i) {
    await page.keyboard.press('Tab');
    const there = await page.evaluate(wanted =>
      document.activeElement.matches(wanted), selector);
    if (there) return;
  }
  assert.fail(`${selector} is not reached with the Tab key`);
}

test('the keyboard alone gets from message to message, and to its cause',
  async t => {
    const page = await a_page(t);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent),
      'Skip to the timeline');
    await tab_to(page, '#timeline');
    await page.keyboard.press('End');
    const end = await selected(page);
    await page.keyboard.press('ArrowLeft');
    const before = await selected(page);
    assert.notEqual(before, end);
    await page.keyboard.press('ArrowRight');
    assert.equal(await selected(page), end);
    await page.keyboard.press('Home');
    assert.equal(await text_of(page, '#details-title'), 'started');
    await page.keyboard.press('End');
    const lane = () => page.evaluate(() => view.app.timeline.selected.lane);
    const first = await lane();
    await page.keyboard.press('ArrowUp');
    assert.notEqual(await lane(), first);
    const cause = await page.evaluate(() => view.app.timeline.selected.cause);
    await page.keyboard.press('c');
    assert.equal(await selected(page), cause);
    await page.keyboard.press('e');
    assert.equal(await page.evaluate(() => view.app.timeline.selected.cause),
      cause);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id),
      'details');
    await tab_to(page, '[data-link=cause]');
    await page.keyboard.press('Enter');
    assert.equal(await selected(page), cause);
    await page.keyboard.press('Escape');
    assert.equal(await selected(page), undefined);
  });

test('after a selection from its panel the focus is not lost', async t => {
  const page = await a_page(t);
  await page.focus('#timeline');
  await page.keyboard.press('End');
  await page.focus('[data-link=cause]');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id),
    'details');
});

test('the keys can be asked for, and filter by the prompt of a message',
  async t => {
    const page = await a_page(t);
    await page.focus('#pause');
    await page.keyboard.press('?');
    await page.waitForSelector('#help[open]');
    assert.match(await text_of(page, '#help-keys'), /zoom in/);
    await page.keyboard.press('Escape');
    await page.waitForSelector('#help:not([open])');
    await page.focus('[data-actor=control]');
    await page.keyboard.press('g');
    await page.keyboard.press('End');
    for (let i = 0; i < 200; ++i) {
      if (await page.evaluate(() => view.app.timeline.selected.trace)) break;
      await page.keyboard.press('ArrowLeft');
    }
    await page.keyboard.press('p');
    assert.equal(await page.$eval('#filter-trace', e => e.value),
      await page.evaluate(() => view.app.timeline.selected.trace));
    await page.keyboard.press('x');
    assert.equal(await page.$eval('#filter-trace', e => e.value), '');
  });

test('single keys act in the actors and the timeline only, Escape anywhere',
  async t => {
    const page = await a_page(t);
    const state = () => page.evaluate(() => ({
      theme: document.documentElement.dataset.theme,
      span: view.app.timeline.space.span, help: document.getElementById('help')
        .open, playing: view.app.state.playing, here: document.activeElement.id,
      chosen: view.app.timeline.selected?.n}));
    await page.focus('#timeline');
    await page.keyboard.press('End');
    for (const place of ['#theme', '#details', 'body']) {
      await page.evaluate(() => document.activeElement.blur());
      if (place !== 'body') await page.focus(place);
      const before = await state();
      for (const key of ['t', '+', '-', '0', 'c', 'e', 'p', 'x', 'g', '?']) {
        await page.keyboard.press(key);
      }
      if (place !== '#theme') await page.keyboard.press('Space');
      assert.deepEqual(await state(), before, place);
      assert.equal(await page.$eval('#filter-trace', e => e.value), '');
    }
    await page.keyboard.press('Escape');
    assert.equal(await selected(page), undefined);
    await page.focus('[data-actor=control]');
    await page.keyboard.press('t');
    assert.equal((await state()).theme, 'dark');
  });

test('an actor can be chosen with the keyboard', async t => {
  const page = await a_page(t);
  await tab_to(page, '[data-actor=conversation]');
  await page.keyboard.press('Space');
  await page.waitForSelector('[data-actor=conversation][aria-pressed=true]');
  await until_text(page, '#details-title', /^conversation$/);
  assert.equal(await page.$eval('#filter-actor', e => e.value),
    'conversation');
});

test('all that can be pressed has a name, and focus is seen', async t => {
  const page = await a_page(t);
  const tree = await page.accessibility.snapshot();
  const nameless = [];
  const look = node => {
    if (['button', 'combobox', 'application', 'dialog'].includes(node.role)
        && !node.name) {
      nameless.push(node);
    }
    for (const child of node.children || []) look(child);
  };
  look(tree);
  assert.deepEqual(nameless, []);
  for (const selector of ['#pause', '#timeline', '[data-actor=control]',
    '#filter-type']) {
    await page.focus('body');
    await tab_to(page, selector);
    assert.notEqual(await page.$eval(selector,
      e => getComputedStyle(e).outlineStyle), 'none', selector);
  }
  assert.equal(await page.$eval('#connection', e =>
    e.getAttribute('aria-live')), 'polite');
});

test('light and dark follow the system, and a button and a key change them',
  async t => {
    for (const dark of [false, true]) {
      const page = await a_page(t, {dark});
      const paper = () => page.evaluate(() =>
        getComputedStyle(document.querySelector('.card')).backgroundColor);
      const is_dark = async () => Number((await paper()).match(/\d+/)[0]) < 80;
      assert.equal(await is_dark(), dark);
      await page.click('#theme');
      assert.equal(await is_dark(), !dark);
      await page.focus('#timeline');
      await page.keyboard.press('t');
      assert.equal(await is_dark(), dark);
    }
  });

test('no window is so narrow that the page has to be moved sideways',
  async t => {
    const agent = await an_agent(t);
    agent.remembered = [...lines];
    for (const width of [320, 390, 700, 1024, 1440, 1900]) {
      const page = await open(t, agent.url, {width, height: 844});
      await until_messages(page, count);
      await page.focus('#timeline');
      await page.keyboard.press('ArrowLeft');
      await until_drawn(page);
      assert.ok(await page.evaluate(() =>
        document.documentElement.scrollWidth <= innerWidth), `${width}`);
      assert.ok(await page.evaluate(() => [...document.querySelectorAll(
        'button, select, canvas')].filter(e => e.offsetParent)
        .every(e => e.getBoundingClientRect().right <= innerWidth)),
      `all is inside ${width}`);
    }
  });
