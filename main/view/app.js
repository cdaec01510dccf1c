'use strict';
// Puts the parts together: where events go, one picture a frame, buttons, keys.
globalThis.view = globalThis.view || {};

view.app = (() => {
  const {text, vocabulary} = view;
  const by_id = id => document.getElementById(id);

  /// Messages that the timeline keeps. A file may hold more, as it does not
  /// grow.
  const live_limit = 20000;
  const file_limit = 100000;
  const figures_ms = 250;
  const lists_ms = 1000;
  const redraw_ms = 30;
  const most_fresh = 1000; // messages that begin to travel in one frame
  const longest_wait_ns = 1e9; // a replay leaps over longer silences

  const data = by_id('trace-file').textContent;
  const live = data.trim() === '';
  const store = new view.store.store(live ? live_limit : file_limit);
  const model = new view.model.model(store);
  const state = {paused: !live, playing: false, playhead: undefined,
    status: null, dirty: true, offset: -Infinity, figures_at: -Infinity,
    lists_at: -Infinity, drawn_at: 0, cost: 0, run: store.run, fresh: []};

  let colours = {};
  const graph = new view.graph.graph(by_id('stage'), by_id('edges'),
    by_id('nodes'), pick_actor);
  const timeline = new view.timeline.timeline(by_id('timeline'),
    by_id('overview'), model, {on_select, on_hold: hold,
      on_read: () => by_id('details').focus(), on_change: touch});
  const details = new view.details.details(by_id('details-body'),
    by_id('details-title'), model, {
      on_select: item => timeline.select(item),
      on_filter: change => set_filter(change),
    });
  const tiles = new view.tiles.tiles(by_id('tiles'));
  const filters = new view.filters.filters(model, set_filter);

  function touch() {
    state.dirty = true;
  }

  // -- time ------------------------------------------------------------------

  /// The agent's clock, guessed from the event that came with the least delay.
  function trace_now(now) {
    if (!live) return state.playhead ?? store.latest;
    return Number.isFinite(state.offset) ? now * 1e6 + state.offset : 0;
  }

  function take(line) {
    const item = model.take_line(line);
    touch();
    if (state.run !== store.run) begin_run();
    if (!item || !live) return;
    state.offset = Math.max(state.offset,
      store.latest - performance.now() * 1e6);
    state.fresh.push(item);
    if (state.fresh.length > 2 * most_fresh) state.fresh.splice(0, most_fresh);
  }

  /// Lets messages travel; not those that the agent had only remembered.
  function send_off(now) {
    for (const item of state.fresh.slice(-most_fresh)) {
      if (item.time > trace_now(now) - 1e9) graph.pulse(item, now);
    }
    state.fresh = [];
  }

  /// All that was shown is of an agent that is no more.
  function begin_run() {
    state.run = store.run;
    state.offset = -Infinity;
    state.paused = !live;
    graph.clear();
    timeline.select(null);
    show_pause();
  }

  // -- hold, resume, replay --------------------------------------------------

  function hold() {
    state.playing = false;
    if (live && !state.paused) {
      state.paused = true;
      store.hold();
    }
    show_pause();
  }

  function resume() {
    if (live) {
      state.paused = false;
      timeline.select(null);
      store.release();
    } else {
      state.playing = true;
      if (state.playhead === undefined || state.playhead >= store.latest) {
        state.playhead = store.extent().from;
      }
      state.replay_seat = store.seat_at(state.playhead);
    }
    show_pause();
    touch();
  }

  function toggle_pause() {
    if (live ? state.paused : !state.playing) resume();
    else hold();
  }

  function show_pause() {
    const button = by_id('pause');
    const say = live ? state.paused ? 'Resume' : 'Pause'
      : state.playing ? 'Pause' : 'Replay';
    if (button.textContent === say) return;
    button.textContent = say;
    button.setAttribute('aria-pressed', String(live && state.paused));
    button.classList.toggle('on', live && state.paused);
    announce(live ? state.paused ? 'The timeline is held.'
      : 'The timeline is live.' : '');
  }

  /// Moves the playhead on, and lets the messages that it passes travel.
  function replay(now, elapsed_ms) {
    state.playhead += Math.min(elapsed_ms, 100) * 1e6;
    for (;;) {
      const item = store.find(state.replay_seat, 1, () => true);
      if (!item) break;
      if (item.time > state.playhead + longest_wait_ns) {
        state.playhead = item.time - longest_wait_ns / 4;
      }
      if (item.time > state.playhead) break;
      graph.pulse(item, now);
      if (item.kind === 'message') {
        model.note_depth(item, model.actors.get(item.to));
      }
      state.replay_seat = item.seat + 1;
    }
    if (state.playhead >= store.latest) {
      state.playing = false;
      state.playhead = undefined;
      show_pause();
    }
    const {space} = timeline;
    if (state.playhead !== undefined && (state.playhead < space.left
        || state.playhead > space.left + space.span)) {
      space.left = state.playhead - space.span * 0.1;
    }
    touch();
  }

  // -- selection and filters -------------------------------------------------

  function on_select(item) {
    const panel = by_id('details');
    const reading = panel.contains(document.activeElement);
    details.show(item);
    if (reading) panel.focus();
    state.lists_at = -Infinity;
    announce(item ? `${view.details.title_of(item)}, `
      + view.details.way_of(item) : '');
  }

  function pick_actor(name) {
    set_filter({actor: timeline.filter.actor === name ? '' : name});
  }

  function set_filter(change) {
    Object.assign(timeline.filter, change);
    filters.show(timeline.filter);
    state.lists_at = state.figures_at = -Infinity;
    touch();
  }

  function announce(words) {
    by_id('announce').textContent = words;
  }

  // -- one picture a frame ---------------------------------------------------

  function frame(now) {
    requestAnimationFrame(frame);
    const elapsed = now - (state.frame_at ?? now);
    state.frame_at = now;
    if (state.playing) replay(now, elapsed);
    const moving = live && !state.paused && store.next > 0;
    if (live) send_off(now);
    // No more than half of the time goes into drawing.
    if (now - state.drawn_at < Math.max(redraw_ms, 2 * state.cost)) return;
    if (now - state.figures_at >= figures_ms) figures(now);
    if (graph.busy(now) || state.dirty) graph.draw(now, colours);
    if (state.dirty || moving) {
      if (moving) timeline.follow(trace_now(now));
      timeline.draw(colours, state.playhead);
      state.dirty = false;
    }
    state.drawn_at = now;
    state.cost = performance.now() - now;
  }

  function figures(now) {
    state.figures_at = now;
    graph.arrange(model.actors);
    timeline.arrange(model.actors);
    graph.refresh(model, trace_now(now), timeline.filter.actor);
    tiles.refresh(model, trace_now(now), state.status, live, colours);
    const note = model.left_out();
    if (by_id('note').textContent !== note) by_id('note').textContent = note;
    timeline.draw_overview(colours);
    touch();
    if (now - state.lists_at < lists_ms) return;
    state.lists_at = now;
    filters.refresh(timeline.filter);
    // Not below a pointer that is pressing, nor a focus.
    const panel = by_id('details');
    if (!timeline.selected && !panel.matches(':active')
        && !panel.contains(document.activeElement)) {
      details.show_types(item => timeline.fits(item),
        model.actors.get(timeline.filter.actor));
    }
  }

  // -- the agent's state -----------------------------------------------------

  function on_status(status) {
    state.status = status;
    const known = ['starting', 'ready', 'busy', 'degraded', 'failed'];
    const word = status ? String(status.state) : 'no status';
    by_id('state').dataset.state = known.includes(word) ? word : 'unknown';
    by_id('state-text').textContent = text.cut(word, 40);
    by_id('why').textContent = status
      ? text.cut(String(status.why ?? ''), 200) : '';
  }

  function on_connection({text: words, lost}) {
    by_id('connection').textContent = words;
    by_id('connection').dataset.lost = String(lost);
    by_id('retry').hidden = !lost;
  }

  // -- light and dark, keys --------------------------------------------------

  function set_theme(theme) {
    document.documentElement.dataset.theme = theme;
    colours = view.picture.colours();
    touch();
    state.figures_at = -Infinity;
  }

  function toggle_theme() {
    const dark = document.documentElement.dataset.theme === 'dark';
    set_theme(dark ? 'light' : 'dark');
  }

  const keys = [
    ['Space', 'hold and resume; in a file: replay', ' ', toggle_pause],
    ['← →', 'message before, next message (in the timeline)'],
    ['↑ ↓', 'nearest message of another actor (in the timeline)'],
    ['Home End', 'first, last message (in the timeline)'],
    ['Shift ← →', 'earlier, later (in the timeline)'],
    ['Enter', 'read the details (in the timeline)'],
    ['+', 'zoom in', '+', () => timeline.zoom(1 / 1.6)],
    ['−', 'zoom out', '-', () => timeline.zoom(1.6)],
    ['0', 'show all', '0', show_all],
    ['c', 'go to the cause', 'c', () => timeline.follow_cause()],
    ['e', 'go to what it led to', 'e', () => timeline.follow_effect()],
    ['p', 'only this prompt', 'p', () => set_filter({
      trace: timeline.filter.trace ? '' : timeline.selected?.trace || ''})],
    ['x', 'clear the filters', 'x', clear_filters],
    ['g', 'from the actors to the timeline', 'g', () => by_id('timeline').focus()],
    ['t', 'light or dark', 't', toggle_theme],
    ['Esc', 'select nothing', 'Escape', deselect],
    ['?', 'this list', '?', () => by_id('help').showModal()],
  ];

  function clear_filters() {
    set_filter({trace: '', type: '', actor: ''});
  }

  function deselect() {
    if (by_id('details').contains(document.activeElement)) {
      by_id('timeline').focus();
    }
    timeline.select(null);
  }

  function show_all() {
    hold();
    timeline.show_all();
  }

  /// Single characters act in the actors and the timeline only: who dictates
  /// or slips elsewhere sets nothing off (WCAG 2.1.4).
  function on_key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey
        || event.metaKey || by_id('help').open) {
      return;
    }
    const {target} = event;
    const typing = target.closest?.('select, input, dialog');
    const pressing = event.key === ' ' && target.closest?.('button, a');
    const inside = event.key === 'Escape' || target.closest?.('.graph, .time');
    const found = keys.find(([, , key]) => key === event.key);
    if (typing || pressing || !inside || !found) return;
    event.preventDefault();
    found[3]();
  }

  function listen() {
    by_id('pause').addEventListener('click', toggle_pause);
    by_id('zoom-in').addEventListener('click', () => timeline.zoom(1 / 1.6));
    by_id('zoom-out').addEventListener('click', () => timeline.zoom(1.6));
    by_id('zoom-all').addEventListener('click', show_all);
    by_id('filter-clear').addEventListener('click', clear_filters);
    by_id('theme').addEventListener('click', toggle_theme);
    by_id('help-open').addEventListener('click',
      () => by_id('help').showModal());
    document.addEventListener('keydown', on_key);
    addEventListener('resize', () => {
      state.figures_at = -Infinity;
    });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', () =>
      set_theme(dark.matches ? 'dark' : 'light'));
    set_theme(document.documentElement.dataset.theme);
  }

  function fill() {
    const {make} = view.details;
    for (const [name, what] of keys) {
      by_id('help-keys').append(make('tr', {},
        make('th', {}, make('kbd', {say: name})), make('td', {say: what})));
    }
    for (const {id, name} of vocabulary.families) {
      const entry = make('li', {}, make('span', {cls: 'lamp'}),
        make('span', {say: name}));
      entry.dataset.family = id;
      by_id('legend').append(entry);
    }
  }

  function start_live() {
    const source = new view.source.live({
      on_line: take, on_state: on_connection, on_status,
      on_too_long: count => {
        model.unreadable += count;
      },
    });
    by_id('retry').addEventListener('click', () => source.retry());
    source.start();
  }

  function start_file() {
    by_id('state').hidden = true;
    by_id('connection').textContent = 'Reading the trace…';
    view.source.read_text(data, take, () => {
      const {header} = model;
      by_id('connection').textContent = header ? ['A trace of',
        text.day(header.epoch_us), text.clock(header.epoch_us, 0),
        header.pid === undefined ? '' : `pid ${header.pid}`,
        header.reason ? `(${header.reason})` : ''].filter(Boolean).join(' ')
        : 'A trace without a header';
      timeline.show_all();
      state.lists_at = state.figures_at = -Infinity;
    });
  }

  listen();
  fill();
  details.show(null);
  filters.show(timeline.filter);
  show_pause();
  requestAnimationFrame(frame);
  if (live) start_live();
  else start_file();

  return {store, model, timeline, graph, state};
})();
