'use strict';
// Health and rates at a glance: a row of figures, some with their last minute
// as a line.
globalThis.view = globalThis.view || {};

view.tiles = (() => {
  const {text} = view;
  const {make} = view.details;

  const line_width = 88;
  const line_height = 22;

  const names = [['messages', 'Messages'], ['bytes_in', 'From the host'],
    ['bytes_out', 'To the host'], ['prompts', 'Prompts'],
    ['restarts', 'Restarts'], ['missing', 'Left out']];

  class tiles {
    constructor(box) {
      this.tiles = new Map();
      for (const [id, name] of names) {
        const value = make('p', {cls: 'value', say: '–'});
        const more = make('p', {cls: 'more'});
        const line = make('canvas', {cls: 'spark'});
        line.setAttribute('aria-hidden', 'true');
        line.hidden = !['messages', 'bytes_in', 'bytes_out'].includes(id);
        const tile = make('div', {cls: 'tile'}, make('h2', {say: name}), value,
          more, line);
        tile.dataset.tile = id;
        tile.setAttribute('role', 'group');
        tile.setAttribute('aria-label', name);
        box.append(tile);
        this.tiles.set(id, {tile, value, more, line});
      }
    }

    set(id, value, more, alarm) {
      const tile = this.tiles.get(id);
      if (tile.value.textContent !== value) tile.value.textContent = value;
      if (tile.more.textContent !== more) tile.more.textContent = more;
      tile.tile.classList.toggle('alarm', Boolean(alarm));
    }

    /// now: the trace's time; status: the agent's document, or null; live:
    /// whether there is a rate to speak of.
    refresh(model, now, status, live, colours) {
      const {store} = model;
      const seconds = store.span() / 1e9;
      const average = (total, show) => seconds > 0
        ? `${show(total / seconds)}/s on average` : 'in no time';
      const flow = (id, total, show) => live
        ? this.set(id, `${show(model.rate(id, now))}/s`,
          `${show(total)} so far`)
        : this.set(id, show(total), average(total, show));
      flow('messages', store.total, value => text.rate(value));
      flow('bytes_in', model.bytes_in, text.size);
      flow('bytes_out', model.bytes_out, text.size);
      this.prompts(status, store);
      this.restarts(status, model);
      const missing = model.dropped + model.unreadable
        + model.left_out_before;
      this.set('missing', text.count(missing), missing
        ? 'events are not shown' : 'nothing is missing', missing > 0);
      for (const id of ['messages', 'bytes_in', 'bytes_out']) {
        // A trace in the page is over: also its last second.
        this.spark(this.tiles.get(id).line, live ? model.series(id, now)
          : model.series(id, store.latest + 1e9,
            Math.min(59, Math.max(8, Math.ceil(seconds)))), colours);
      }
    }

    prompts(status, store) {
      const prompts = status?.prompts;
      if (!prompts) {
        this.set('prompts', text.count(store.traces.size), 'in this trace');
        return;
      }
      this.set('prompts', text.count(Number(prompts.accepted) || 0),
        [`${text.count(Number(prompts.answered) || 0)} answered`,
          `${text.count(Number(prompts.queued) || 0)} wait`,
          ...(prompts.failed ? [`${text.count(Number(prompts.failed))} failed`]
            : [])].join(', '), prompts.failed > 0);
    }

    restarts(status, model) {
      const total = status?.restarts ? Number(status.restarts.total) || 0
        : model.restarts;
      const given_up = status?.restarts?.gave_up;
      this.set('restarts', text.count(total), given_up
        ? `gave up: ${text.cut(String(given_up), 40)}`
        : model.faults ? text.plural(model.faults, 'failure', 'failures')
          : 'no failure seen', total > 0 || given_up);
    }

    spark(canvas, values, colours) {
      view.picture.fit(canvas, line_width, line_height);
      const context = canvas.getContext('2d');
      context.clearRect(0, 0, line_width, line_height);
      const most = Math.max(1, ...values);
      context.beginPath();
      values.forEach((value, i) => context.lineTo(
        1 + i / (values.length - 1) * (line_width - 2),
        line_height - 2 - value / most * (line_height - 5)));
      context.strokeStyle = colours.accent;
      context.lineWidth = 1.5;
      context.lineJoin = 'round';
      context.stroke();
      context.lineTo(line_width - 1, line_height);
      context.lineTo(1, line_height);
      context.globalAlpha = 0.12;
      context.fillStyle = colours.accent;
      context.fill();
      context.globalAlpha = 1;
    }
  }

  return {tiles};
})();
