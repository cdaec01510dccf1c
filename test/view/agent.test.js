'use strict';
// One look at a real agent, where there is one: VIEW_AGENT_URL names it.
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, text_of, until_text} = require('./support.js');

const url = process.env.VIEW_AGENT_URL;
const open = in_browser();

test('the view of a running agent shows its state and its actors',
  {skip: url ? false
    : 'VIEW_AGENT_URL is not set: no real agent was looked at'},
  async t => {
    const page = await open(t, url);
    await until_text(page, '#connection', /^Live$/);
    await until_text(page, '#state-text',
      /^(starting|ready|busy|degraded|failed)$/);
    await page.waitForFunction(() => view.app.store.total > 0);
    assert.ok(await page.$('[data-actor=conversation]'));
    assert.notEqual(await text_of(page, '#note'), '');
  });
