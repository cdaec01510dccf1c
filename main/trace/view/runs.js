'use strict';
// A trace in the page: its runs of the agent, one of which is shown.
globalThis.view = globalThis.view || {};

view.runs = (() => {
  const {text, source} = view;

  function began({header}) {
    const epoch = Number(header?.epoch_us) || 0;
    return header ? `${text.day(epoch)} ${text.clock(epoch, 0)}` : '';
  }

  function name_of(run) {
    const {header} = run;
    if (!header) return 'a trace without a header';
    return ['a trace of', began(run),
      header.pid === undefined ? '' : text.cut(`pid ${header.pid}`, 40),
      header.reason ? `(${text.cut(String(header.reason), 80)})` : '']
      .filter(Boolean).join(' ');
  }

  class runs {
    /// handlers: on_line(text); on_begin(), before a run's first line; on_end()
    /// behind its last one; on_say(words): which one it is.
    constructor(data, handlers) {
      this.data = data;
      this.handlers = handlers;
      Object.assign(this, source.runs_of(data));
      const select = document.getElementById('run');
      select.replaceChildren(...this.runs.map((run, i) =>
        new Option(`${i + 1}: ${began(run) || 'without a header'}`, i)));
      select.addEventListener('change', () => this.show(Number(select.value)));
      document.getElementById('run-choice').hidden = this.runs.length < 2;
    }

    /// Reads one of them, from 0 on.
    async show(index) {
      const {on_line, on_begin, on_end, on_say} = this.handlers;
      this.reading?.abort();
      const {signal} = this.reading = new AbortController();
      document.getElementById('run').value = String(index);
      on_begin();
      on_say('Reading the trace…');
      const run = this.runs[index];
      await source.read_parts(this.data, run.parts, on_line, signal);
      if (signal.aborted) return;
      const name = name_of(run);
      on_say(this.runs.length === 1 ? name.replace(/^a/, 'A')
        : `Run ${index + 1} of ${this.runs.length}: ${name}`);
      on_end();
    }
  }

  return {runs};
})();
