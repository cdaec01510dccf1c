'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {in_browser, an_agent, text_of, until_text, until_messages, until_drawn,
  again_until, until_dots, click_message, selected, field}
  = require('./support.js');
const {trace_maker} = require('./trace_maker.js');

const open = in_browser();

/// An agent that has just started and had a prompt answered; its maker goes on.
async function a_conversation(t, options) {
  const agent = await an_agent(t, options);
  const events = [];
  const maker = new trace_maker({emit: event => {
    events.push(event);
    agent.emit(event);
  }});
  maker.start();
  maker.pass(1e9);
  const trace = maker.prompt();
  maker.pass(0.5e9);
  maker.answer(trace, 2);
  return {agent, maker, events, trace};
}

const messages_in = events =>
  events.filter(({kind}) => kind === 'message').length;
const last = (events, type) =>
  events.filter(event => event.type === type).at(-1);

async function shown(page, events) {
  await until_messages(page, messages_in(events));
}

test('the agent\'s state, rates and messages are seen at a glance',
  async t => {
    const {agent, events} = await a_conversation(t);
    const page = await open(t, agent.url);
    await shown(page, events);
    await until_text(page, '#connection', /^Live$/);
    await until_text(page, '#state-text', /^ready$/);
    assert.equal(await text_of(page, '#why'), 'Claude takes prompts');
    await until_text(page, '#note',
      new RegExp(`^showing all ${messages_in(events)} messages$`));
    await until_text(page, '[data-tile=messages] .more',
      new RegExp(`^${messages_in(events)} so far$`));
    await until_text(page, '[data-tile=prompts] .more', /11 answered/);
    await until_text(page, '[data-tile=missing] .value', /^0$/);
  });

test('a failed state is told, and what is not there does no harm', async t => {
  const {agent} = await a_conversation(t);
  agent.status = {state: 'failed', why: 'the supervisor does not answer'};
  const page = await open(t, agent.url);
  await until_text(page, '#state-text', /^failed$/);
  assert.equal(await page.$eval('#state', e => e.dataset.state), 'failed');
  agent.status = [];
  await until_text(page, '#state-text', /^undefined$/);
  agent.status.state = 'ready';
});

test('the status is asked for at most once a second', async t => {
  const {agent} = await a_conversation(t);
  const began = Date.now();
  const page = await open(t, agent.url);
  while (agent.asked < 3) await until_drawn(page);
  assert.ok(Date.now() - began >= 1900);
});

test('messages move along the edges, mailboxes and restarts are shown',
  async t => {
    const {agent, maker, events, trace} = await a_conversation(t);
    const page = await open(t, agent.url);
    await shown(page, events);
    const much = () => {
      maker.pass(60e9); // nothing has ever been newer
      maker.answer(trace, 4);
    };
    await until_dots(page, much);
    await again_until(much, () =>
      until_text(page, '[data-actor=conversation] .depth', /^[2-9]$/));
    maker.fail(trace);
    await until_text(page, '[data-actor=conversation] .restarts', /^↻ 1$/);
    const label = await page.$eval('[data-actor=conversation]',
      e => e.getAttribute('aria-label'));
    assert.match(label, /restarted 1 time$/);
  });

test('what the agent only remembers does not move', async t => {
  const {agent, maker, events} = await a_conversation(t);
  const old = last(events, 'input_grew');
  maker.pass(60e9);
  maker.tick();
  const page = await open(t, agent.url);
  await shown(page, events);
  await until_dots(page, () => {
    maker.pass(60e9);
    maker.tick();
  });
  assert.equal(await page.evaluate(n => view.app.graph.arrivals.has(n),
    old.n), false);
});

test('who wants less motion sees no dots, but sees the edges', async t => {
  const {agent, maker, events, trace} = await a_conversation(t);
  const page = await open(t, agent.url, {calm: true});
  await shown(page, events);
  maker.answer(trace, 4);
  await shown(page, events);
  assert.equal(await page.evaluate(() => view.app.graph.dots.length), 0);
  assert.ok(await page.evaluate(() => [...view.app.graph.edges.values()]
    .some(edge => edge.seen > 0)));
});

test('a click on a message holds the timeline and shows its times',
  async t => {
    const {agent, maker, events, trace} = await a_conversation(t);
    const page = await open(t, agent.url);
    await shown(page, events);
    await page.click('#zoom-all');
    await until_drawn(page);
    const line = last(events, 'input_grew');
    await click_message(page, line.n);
    assert.equal(await selected(page), line.n);
    assert.equal(await text_of(page, '#details-title'), 'input_grew');
    assert.equal(await text_of(page, '.way'), 'pipe_input → conversation');
    assert.equal(await field(page, 'queued'),
      await page.evaluate(ns => view.text.duration(ns),
        line.taken - line.sent));
    assert.equal(await field(page, 'handled'),
      await page.evaluate(ns => view.text.duration(ns),
        line.done - line.taken));
    assert.equal(await field(page, 'summary'), line.summary);
    assert.equal(await text_of(page, '.links .id'), trace);
    await until_text(page, '#pause', /^Resume$/);
    maker.answer(trace);
    await until_text(page, '#note', /events wait until you resume$/);
  });

test('cause, effects and prompt can be followed by clicks', async t => {
  const {agent, events, trace} = await a_conversation(t);
  const page = await open(t, agent.url);
  await shown(page, events);
  const line = last(events, 'input_grew');
  await page.evaluate(n =>
    view.app.timeline.select(view.app.store.by_n.get(n)), line.n);
  await page.click('[data-link=cause]');
  assert.equal(await selected(page), line.cause);
  assert.equal(await text_of(page, '#details-title'), 'input_arrived');
  await page.click('[data-link=cause]');
  assert.equal(await field(page, 'port'), 'host_input');
  assert.equal(await field(page, 'direction'), 'into the agent');
  await page.click('[data-link=effect]');
  assert.equal(await selected(page), line.cause);
  await page.click('[data-link=trace]');
  assert.equal(await page.$eval('#filter-trace', e => e.value), trace);
});

test('the timeline is held and resumed by its button and by the space key',
  async t => {
    const {agent, maker, events, trace} = await a_conversation(t);
    const page = await open(t, agent.url);
    await shown(page, events);
    await page.click('#pause');
    await until_text(page, '#pause', /^Resume$/);
    const before = messages_in(events);
    maker.answer(trace, 3);
    await shown(page, events);
    assert.equal(await page.evaluate(() => view.app.store.kept), before);
    await page.click('#pause');
    await until_text(page, '#pause', /^Pause$/);
    assert.equal(await page.evaluate(() => view.app.store.kept),
      messages_in(events));
    await page.focus('#timeline');
    await page.keyboard.press('Space');
    await until_text(page, '#pause', /^Resume$/);
    await until_text(page, '#announce', /held/);
  });

test('button, wheel and keys zoom, dragging moves in time', async t => {
  const {agent, events} = await a_conversation(t);
  const page = await open(t, agent.url);
  await shown(page, events);
  const space = () => page.evaluate(() => ({left: view.app.timeline.space.left,
    span: view.app.timeline.space.span}));
  const first = await space();
  await page.click('#zoom-in');
  const second = await space();
  assert.ok(second.span < first.span);
  await page.click('#zoom-out');
  await page.keyboard.press('+');
  assert.ok(Math.abs((await space()).span - second.span) < 1);
  await page.keyboard.press('-');
  const box = await (await page.$('#timeline')).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 200);
  await page.keyboard.down('Control');
  await page.mouse.wheel({deltaY: -100});
  await page.keyboard.up('Control');
  await page.waitForFunction(span => view.app.timeline.space.span < span, {},
    first.span * 0.99);
  await until_text(page, '#pause', /^Pause$/); // zooming does not hold
  const drag = async to => {
    await page.mouse.down();
    await page.mouse.move(to, box.y + 200, {steps: 4});
    await page.mouse.up();
  };
  await drag(box.x + box.width / 2 + 50);
  await until_text(page, '#pause', /^Resume$/); // looking back does
  const before = await space();
  await drag(box.x + box.width / 2 + 250);
  const after = await space();
  assert.ok(after.left < before.left);
  assert.equal(after.span, before.span);
});

test('the wheel is the page\'s, until the timeline has the focus', async t => {
  const {agent, events} = await a_conversation(t);
  const page = await open(t, agent.url, {height: 500});
  await shown(page, events);
  const span = () => page.evaluate(() => view.app.timeline.space.span);
  const before = await span();
  await page.$eval('#timeline', e => e.scrollIntoView({block: 'center'}));
  const top = await page.evaluate(() => scrollY);
  const box = await (await page.$('#timeline')).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel({deltaY: -60});
  await page.waitForFunction(y => scrollY < y, {}, top);
  assert.equal(await span(), before);
  assert.match(await text_of(page, '.hint'), /Ctrl .* wheel zoom/);
  await page.evaluate(() =>
    document.getElementById('timeline').focus({preventScroll: true}));
  await page.mouse.wheel({deltaY: -60});
  await page.waitForFunction(old => view.app.timeline.space.span < old, {},
    before);
});

test('the pause button says whether it is pressed', async t => {
  const {agent, events} = await a_conversation(t);
  const page = await open(t, agent.url);
  await shown(page, events);
  const pressed = () => page.$eval('#pause', e =>
    e.getAttribute('aria-pressed'));
  assert.equal(await pressed(), 'false');
  await page.click('#pause');
  assert.equal(await pressed(), 'true');
  await page.click('#pause');
  assert.equal(await pressed(), 'false');
});

test('a click into the overview goes to that time', async t => {
  const {agent, events} = await a_conversation(t);
  const page = await open(t, agent.url);
  await shown(page, events);
  await page.click('#zoom-all');
  for (let i = 0; i < 6; ++i) await page.keyboard.press('+');
  const box = await (await page.$('#overview')).boundingBox();
  await page.mouse.click(box.x + 2, box.y + 10);
  const early = await page.evaluate(() => view.app.timeline.space.left);
  await page.mouse.click(box.x + box.width - 2, box.y + 10);
  const late = await page.evaluate(() => view.app.timeline.space.left);
  assert.ok(late - early > 1e9);
});

test('prompt, type and actor filter what is shown', async t => {
  const {agent, maker, events, trace} = await a_conversation(t);
  maker.prompt();
  const page = await open(t, agent.url);
  await shown(page, events);
  const fitting = () => page.evaluate(() => {
    const found = [];
    view.app.store.each_since(0, item => {
      if (view.app.timeline.fits(item)) found.push(item);
    });
    return found.map(({trace, type, from, to}) => ({trace, type, from, to}));
  });
  const all = (await fitting()).length;
  await page.waitForSelector(`#filter-trace option[value="${trace}"]`);
  await page.select('#filter-trace', trace);
  let found = await fitting();
  assert.ok(found.length > 5 && found.length < all);
  assert.ok(found.every(item => item.trace === trace));
  await page.select('#filter-type', 'host_output_grew');
  found = await fitting();
  assert.ok(found.length > 0);
  assert.ok(found.every(item => item.type === 'host_output_grew'
    && item.trace === trace));
  await page.click('#filter-clear');
  assert.equal((await fitting()).length, all);
  await page.select('#filter-actor', 'pipe_input');
  found = await fitting();
  assert.ok(found.length > 0 && found.every(item => item.to === 'pipe_input'
    || item.from === 'pipe_input'));
  await page.click('[data-actor=control]'); // in the graph
  assert.equal(await page.$eval('#filter-actor', e => e.value), 'control');
  await until_text(page, '#details-title', /^control$/);
  await page.click('[data-actor=control]');
  assert.equal((await fitting()).length, all);
  await page.waitForSelector('button[data-type=child_output_grew]');
  await page.click('button[data-type=child_output_grew]'); // in the details
  assert.equal(await page.$eval('#filter-type', e => e.value),
    'child_output_grew');
});

test('when the agent goes away the page says so, comes back, and shows nothing '
  + 'twice', async t => {
  const {agent, maker, events, trace} = await a_conversation(t);
  const page = await open(t, agent.url,
    {may_complain: /ERR_|Failed to load/});
  await shown(page, events);
  const {port} = agent;
  await agent.stop();
  await until_text(page, '#connection', /^Connection lost: .* Trying again/);
  // It is hidden while the page tries by itself.
  await page.waitForFunction(() => !document.getElementById('retry').hidden);
  await until_text(page, '#state-text', /^no status$/);
  maker.answer(trace);
  const opened = agent.opened;
  await agent.start(port);
  await page.evaluate(() => document.getElementById('retry').click());
  await until_text(page, '#connection', /^Live$/);
  await shown(page, events);
  assert.ok(agent.opened > opened);
  await until_text(page, '#note',
    new RegExp(`^showing all ${messages_in(events)} messages$`));
});

test('another agent in its place begins anew, also while the timeline is held',
  async t => {
    const {agent, events} = await a_conversation(t);
    const page = await open(t, agent.url, {may_complain: /ERR_/});
    await shown(page, events);
    await page.focus('#timeline');
    await page.keyboard.press('ArrowLeft');
    await until_text(page, '#pause', /^Resume$/);
    agent.drop();
    agent.remembered = [];
    const next = new trace_maker({emit: event => agent.emit(event), seed: 5,
      epoch_us: 1764064900000000});
    next.start();
    await until_text(page, '#pause', /^Pause$/);
    await page.waitForFunction(() => view.app.store.kept > 0
      && view.app.store.kept === view.app.store.total);
    assert.equal(await selected(page), undefined);
    assert.equal(await page.evaluate(() => view.app.store.traces.size), 0);
  });

test('a token in the address goes with each request', async t => {
  const {agent, events} = await a_conversation(t, {token: 'sesame'});
  const page = await open(t, `${agent.url}#token=sesame`);
  await shown(page, events);
  await until_text(page, '#state-text', /^ready$/);
});

test('without the token the page says what is missing', async t => {
  const {agent, events} = await a_conversation(t, {token: 'sesame'});
  const page = await open(t, agent.url, {may_complain: /401/});
  await until_text(page, '#connection', /wants a token: .*#token=…/);
  await page.evaluate(() => {
    location.hash = '#token=wrong';
  });
  await until_text(page, '#connection', /refuses this token/);
  await page.evaluate(() => {
    location.hash = '#token=sesame';
  });
  await shown(page, events);
});
