'use strict';
// The view of the real agent: whose pages it serves itself.
//
// VIEW_AGENT, VIEW_CLAUDE: the programs; VIEW_AGENT_URL: an agent that runs
// already, to have a look at, too.
const {spawn} = require('node:child_process');
const {once} = require('node:events');
const {appendFileSync, mkdtempSync, openSync, closeSync, rmSync, constants}
  = require('node:fs');
const {join} = require('node:path');
const {tmpdir} = require('node:os');
const {createInterface} = require('node:readline');
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, at_end, text_of, until_text, until_drawn, click_message}
  = require('./support.js');
const {root} = require('./browser.js');

const open = in_browser();

/// Starts an agent, and ends it at the test's end, by its own number.
async function start_agent(t) {
  const folder = mkdtempSync(join(tmpdir(), 'view-agent-'));
  const program = process.env.VIEW_AGENT
    || join(root, 'build', 'container-agent');
  const claude = process.env.VIEW_CLAUDE || join(root, 'build', 'fake_claude');
  const child = spawn(program, ['--pipe-dir', folder, '--claude-command',
    claude, '--attach', 'no', '--http', '127.0.0.1:0'], {
    env: {PATH: process.env.PATH, HOME: folder},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = once(child, 'exit');
  const end = async () => {
    child.kill('SIGTERM');
    await gone;
  };
  at_end(t, async () => {
    if (child.exitCode === null) await end();
    rmSync(folder, {recursive: true});
  });
  let address = '';
  for await (const line of createInterface({input: child.stderr})) {
    const entry = JSON.parse(line);
    if (entry.event === 'http_open') address = entry.address;
    if (entry.event === 'claude_ready') break;
  }
  child.stderr.resume();
  assert.notEqual(address, '');
  // Somebody has to read, or the answers wait in the agent.
  const output = openSync(join(folder, 'claude.out.fifo'),
    constants.O_RDWR | constants.O_NONBLOCK);
  at_end(t, () => closeSync(output));
  return {
    url: `http://${address}/`,
    say: text => appendFileSync(join(folder, 'claude.in.fifo'), `${text}\n`),
    end,
  };
}

test('the view of a running agent shows its state, its actors and a prompt', async t => {
    const agent = await start_agent(t);
    const page = await open(t, agent.url);
    await until_text(page, '#connection', /^Live$/);
    await until_text(page, '#state-text', /^ready$/);
    agent.say('hello');
    await page.waitForFunction(() =>
      document.querySelectorAll('#filter-trace option').length > 1);
    for (const actor of ['supervisor', 'pipe_input', 'conversation',
      'claude_process', 'pipe_output', 'health_monitor'])
      assert.ok(await page.$(`[data-actor=${actor}]`), actor);
    await until_text(page, '[data-tile=prompts] .more', /1 answered/);
    await page.click('#pause');
    await until_drawn(page);
    const line = await page.evaluate(() => [...view.app.store.by_n.values()]
      .find(item => item.type === 'input_grew').n);
    await click_message(page, line);
    await until_text(page, '#details-body', /input_grew/);
    assert.ok(!(await text_of(page, 'body')).includes('hello'),
      'what people write is not shown');
  });

test('when the agent ends the view says so', async t => {
    const agent = await start_agent(t);
    const page = await open(t, agent.url, {may_complain: /./});
    await until_text(page, '#connection', /^Live$/);
    await agent.end();
    await until_text(page, '#connection', /^Connection lost/);
  });

if (process.env.VIEW_AGENT_URL) {
  test('the view of the agent at VIEW_AGENT_URL', async t => {
    const page = await open(t, process.env.VIEW_AGENT_URL);
    await until_text(page, '#connection', /^Live$/);
    await until_text(page, '#state-text',
      /^(starting|ready|busy|degraded|failed)$/);
    await page.waitForFunction(() => view.app.store.total > 0);
  });
}
