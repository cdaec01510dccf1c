'use strict';
// Where the lines come from: the agent (server-sent events, read by fetch so
// that a token can go with it), or a trace that was put into the page.
globalThis.view = globalThis.view || {};

view.source = (() => {
  /// Longer lines of a stream are left out, and counted.
  const max_line = 4 * 1024 * 1024;
  const first_delay_ms = 500;
  const max_delay_ms = 10000;
  const status_interval_ms = 1000;

  /// Cuts a stream of text into the data of server-sent events.
  class event_reader {
    constructor(on_data) {
      this.on_data = on_data;
      this.rest = '';
      this.data = [];
      this.skipping = false;
      this.too_long = 0;
    }

    push(chunk) {
      const lines = (this.rest + chunk).split('\n');
      this.rest = lines.pop();
      for (const line of lines) {
        if (this.skipping) this.skipping = false;
        else this.line(line.endsWith('\r') ? line.slice(0, -1) : line);
      }
      if (this.rest.length > max_line) {
        if (!this.skipping) ++this.too_long;
        this.skipping = true;
      }
      if (this.skipping) this.rest = '';
    }

    line(line) {
      if (line === '') {
        if (this.data.length) this.on_data(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line.charAt(5) === ' ' ? 6 : 5));
      }
    }
  }

  /// The bearer token in the page's address, after the #.
  function token() {
    return new URLSearchParams(location.hash.slice(1)).get('token') || '';
  }

  function headers() {
    const value = token();
    return value ? {Authorization: `Bearer ${value}`} : {};
  }

  class refused extends Error {}

  async function open(path, signal) {
    const answer = await fetch(path, {headers: headers(), cache: 'no-store',
      signal});
    if (answer.ok) return answer;
    if (answer.status === 401 || answer.status === 403) {
      throw new refused(token()
        ? 'The agent refuses this token: open the page with the right '
          + '#token=… at its end.'
        : 'The agent wants a token: open the page with #token=… at its end.');
    }
    throw new Error(`the agent answers ${answer.status}`);
  }

  /// Follows the agent, for as long as the page is there.
  /// on_line(text), on_state({text, lost}), on_status(document or null),
  /// on_too_long(count).
  class live {
    constructor(handlers) {
      this.handlers = handlers;
      this.delay = first_delay_ms;
      this.timer = 0;
    }

    start() {
      this.connect();
      this.ask_status();
      document.addEventListener('visibilitychange', () => this.ask_status());
      addEventListener('hashchange', () => {
        this.delay = first_delay_ms;
        this.stop?.abort();
        this.retry();
      });
    }

    retry() {
      if (!this.timer) return;
      clearTimeout(this.timer);
      this.timer = 0;
      this.connect();
    }

    async connect() {
      const {on_line, on_state, on_too_long} = this.handlers;
      on_state({text: 'Connecting…', lost: false});
      this.stop = new AbortController();
      let why = 'the agent has closed it';
      try {
        const answer = await open('trace', this.stop.signal);
        on_state({text: 'Live', lost: false});
        const events = new event_reader(on_line);
        const bytes = answer.body.getReader();
        const decoder = new TextDecoder();
        for (;;) {
          const {done, value} = await bytes.read();
          if (done) break;
          this.delay = first_delay_ms;
          events.push(decoder.decode(value, {stream: true}));
          if (events.too_long) on_too_long(events.too_long);
          events.too_long = 0;
        }
      } catch (error) {
        why = error instanceof refused ? error : 'the agent is not reached';
      }
      this.wait(why);
    }

    wait(why) {
      const seconds = view.text.rate(this.delay / 1000);
      this.handlers.on_state({lost: true, text: why instanceof refused
        ? why.message
        : `Connection lost: ${why}. Trying again in ${seconds} s.`});
      this.timer = setTimeout(() => this.retry(), this.delay);
      this.delay = Math.min(2 * this.delay, max_delay_ms);
    }

    /// Asks now and then once a second, while the page is seen.
    async ask_status() {
      clearTimeout(this.status_timer);
      if (document.hidden || this.asking) return;
      this.asking = true;
      try {
        const answer = await open('status',
          AbortSignal.timeout(10 * status_interval_ms));
        this.handlers.on_status(await answer.json());
      } catch {
        this.handlers.on_status(null);
      }
      this.asking = false;
      this.status_timer = setTimeout(() => this.ask_status(),
        status_interval_ms);
    }
  }

  /// The runs of the agent in a trace, in the order in which they came:
  /// {runs: [{header, parts: [{from, to}]}], left_out}. A run's header is null
  /// if it has none; its parts are where its lines are. left_out: older events
  /// that `trace view` has not put into the page.
  function runs_of(all) {
    const runs = new Map();
    let left_out = 0;
    let part = {from: 0, to: all.length};
    let key = 'none';
    const close = (header, to) => {
      part.to = to;
      if (!all.slice(part.from, to).trim()) return;
      if (!runs.has(key)) runs.set(key, {header, parts: []});
      runs.get(key).parts.push(part);
    };
    let header = null;
    for (const {index} of all.matchAll(/"kind"\s*:\s*"(?:header|left_out)"/g)) {
      const from = all.lastIndexOf('\n', index) + 1;
      const end = all.indexOf('\n', index);
      const to = end < 0 ? all.length : end + 1;
      let event;
      try {
        event = JSON.parse(all.slice(from, to));
      } catch {
        continue;
      }
      if (event?.kind === 'left_out') left_out += Number(event.count) || 0;
      if (event?.kind !== 'header' && event?.kind !== 'left_out') continue;
      close(header, from);
      if (event.kind === 'header') {
        header = event;
        key = `${event.pid} ${event.epoch_us}`;
      }
      part = {from: event.kind === 'header' ? from : to, to};
    }
    close(header, all.length);
    if (runs.size === 0) runs.set(key, {header, parts: []});
    return {runs: [...runs.values()], left_out};
  }

  /// The lines of some parts of a text, so many at a time that the page stays
  /// usable meanwhile; until `signal` says that nobody wants them any more.
  async function read_parts(all, parts, on_line, signal) {
    const lines_a_step = 5000;
    let count = 0;
    for (const {from, to} of parts) {
      for (let at = from; at < to;) {
        const end = all.indexOf('\n', at);
        const stop = end < 0 || end > to ? to : end;
        const line = all.slice(at, stop);
        at = stop + 1;
        if (line.trim()) on_line(line);
        if (++count % lines_a_step) continue;
        await new Promise(resolve => setTimeout(resolve));
        if (signal.aborted) return;
      }
    }
  }

  return {event_reader, live, runs_of, read_parts, max_line};
})();
