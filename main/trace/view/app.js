'use strict';
// Puts the parts together: where events go, one picture a frame, buttons, keys.
globalThis.view = globalThis.view || {};

view.app = (() => {
  const {say} = view.bar;
  const by_id = id => document.getElementById(id);

  /// Messages that the timeline keeps. A file may hold more, as it does not
  /// grow.
  const live_limit = 20000;
  const file_limit = 100000;
  const figures_ms = 250;
  const lists_ms = 1000;
  const redraw_ms = 30;
  const tick_ms = 1000;
  const lively_ms = 3000; // the last dot has arrived, the last edge faded
  const most_fresh = 1000; // messages that begin to travel in one frame
  const longest_wait_ns = 1e9; // a replay leaps over longer silences

  const data = by_id('trace-file').textContent;
  const live = data.trim() === '';
  const store = new view.store.store(live ? live_limit : file_limit);
  const model = new view.model.model(store);
  const state = {paused: !live, playing: false, playhead: undefined,
    status: null, offset: -Infinity, run: store.run, fresh: [],
    awake: false, dirty: true, stale: true, moving: false,
    lively_until: -Infinity, figures_at: -Infinity, lists_at: -Infinity,
    drawn_at: 0, cost: 0};

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
  const keys = new view.keys.keys(by_id('help'), by_id('help-keys'), {
    toggle_pause, show_all, toggle_theme, clear_filters, deselect,
    zoom: factor => timeline.zoom(factor),
    cause: () => timeline.follow_cause(),
    effect: () => timeline.follow_effect(),
    prompt: () => set_filter({trace: timeline.filter.trace ? ''
      : timeline.selected?.trace || ''}),
    go: () => by_id('timeline').focus(),
  });

  /// Something has changed: the next frame draws it.
  function touch() {
    state.dirty = state.stale = true;
    wake();
  }

  /// The same, and figures and lists do not wait for their turn.
  function touch_all() {
    state.lists_at = state.figures_at = -Infinity;
    touch();
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
    state.lively_until = performance.now() + lively_ms;
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
    state.playing = false;
    state.playhead = undefined;
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
      touch();
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
    touch();
    announce(item ? `${view.details.title_of(item)}, `
      + view.details.way_of(item) : '');
  }

  function pick_actor(name) {
    set_filter({actor: timeline.filter.actor === name ? '' : name});
  }

  function set_filter(change) {
    Object.assign(timeline.filter, change);
    filters.show(timeline.filter);
    touch_all();
  }

  function announce(words) {
    by_id('announce').textContent = words;
  }

  // -- one picture a frame, and none while nothing changes -------------------

  function wake() {
    if (state.awake) return;
    state.awake = true;
    requestAnimationFrame(frame);
  }

  /// Whether the timeline moves on with the clock. When no more events come it
  /// moves once a second only, with `tick`.
  const lively = now => live && now < state.lively_until;

  function frame(now) {
    state.awake = false;
    const elapsed = now - (state.frame_at ?? now);
    if (state.playing) replay(now, elapsed);
    if (live) send_off(now);
    // No more than half of the time goes into drawing.
    if (now - state.drawn_at >= Math.max(redraw_ms, 2 * state.cost)) draw(now);
    const more = state.playing || state.dirty || state.stale || state.moving
      || lively(now);
    state.frame_at = more ? now : undefined;
    if (more) wake();
  }

  function draw(now) {
    if ((state.stale || lively(now)) && now - state.figures_at >= figures_ms) {
      figures(now);
    }
    // Once more after the last move, which leaves no trace of it.
    const moved = state.moving;
    state.moving = graph.busy(now);
    if (moved || state.moving || state.dirty) graph.draw(now, colours);
    if (state.dirty || lively(now)) {
      if (live && !state.paused && store.next > 0) {
        timeline.follow(trace_now(now));
      }
      timeline.draw(colours, state.playhead);
    }
    state.dirty = false;
    state.drawn_at = now;
    state.cost = performance.now() - now;
  }

  function figures(now) {
    state.figures_at = now;
    state.dirty = true;
    graph.arrange(model.actors);
    timeline.arrange(model.actors);
    graph.refresh(model, trace_now(now), timeline.filter.actor);
    tiles.refresh(model, trace_now(now), state.status, live, colours);
    say('note', model.left_out());
    timeline.draw_overview(colours);
    if (now - state.lists_at < lists_ms) return;
    state.lists_at = now;
    state.stale = false;
    filters.refresh(timeline.filter);
    // Not below a pointer that is pressing, nor a focus.
    const panel = by_id('details');
    if (!timeline.selected && !panel.matches(':active')
        && !panel.contains(document.activeElement)) {
      details.show_types(item => timeline.fits(item),
        model.actors.get(timeline.filter.actor));
    }
  }

  // -- light and dark, keys --------------------------------------------------

  function set_theme(theme) {
    document.documentElement.dataset.theme = theme;
    colours = view.picture.colours();
    touch_all();
  }

  function toggle_theme() {
    const dark = document.documentElement.dataset.theme === 'dark';
    set_theme(dark ? 'light' : 'dark');
  }

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

  function listen() {
    by_id('pause').addEventListener('click', toggle_pause);
    by_id('zoom-in').addEventListener('click', () => timeline.zoom(1 / 1.6));
    by_id('zoom-out').addEventListener('click', () => timeline.zoom(1.6));
    by_id('zoom-all').addEventListener('click', show_all);
    by_id('filter-clear').addEventListener('click', clear_filters);
    by_id('theme').addEventListener('click', toggle_theme);
    by_id('help-open').addEventListener('click',
      () => by_id('help').showModal());
    document.addEventListener('keydown', event => keys.on_key(event));
    // Also when a scroll bar comes or goes, which is no resize of the window.
    const sizes = new ResizeObserver(touch_all);
    sizes.observe(by_id('stage'));
    sizes.observe(by_id('timeline').parentElement);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', () =>
      set_theme(dark.matches ? 'dark' : 'light'));
    set_theme(document.documentElement.dataset.theme);
  }

  function start_live() {
    const source = new view.source.live({
      on_line: take, on_state: view.bar.show_connection,
      on_status: status => {
        state.status = status;
        view.bar.show_status(status);
      },
      on_too_long: count => {
        model.unreadable += count;
      },
    });
    by_id('retry').addEventListener('click', () => source.retry());
    source.start();
    setInterval(tick, tick_ms);
  }

  /// Rates and ages go on while nothing comes.
  function tick() {
    if (!document.hidden) touch_all();
  }

  /// The last run is the one that whoever saved it has just seen.
  function start_file() {
    by_id('state').hidden = true;
    const runs = new view.runs.runs(data, {
      on_line: take,
      on_begin: () => {
        model.unreadable = 0;
        model.reset(null);
        clear_filters();
      },
      on_end: () => {
        timeline.show_all();
        touch_all();
      },
      on_say: words => say('connection', words),
    });
    model.left_out_before = runs.left_out;
    runs.show(runs.runs.length - 1);
  }

  listen();
  view.bar.show_legend(by_id('legend'));
  details.show(null);
  filters.show(timeline.filter);
  show_pause();
  wake();
  if (live) start_live();
  else start_file();

  return {store, model, timeline, graph, state};
})();
