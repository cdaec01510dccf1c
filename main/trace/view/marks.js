'use strict';
// What stands for one event in the timeline: a bar or a small shape.
globalThis.view = globalThis.view || {};

view.marks = (() => {
  const {x_of, lane_top, middle} = view.space;

  const queue_rows = 4; // deeper ones share the last row
  const queue_row = 3;  // height and distance, px
  const bar_height = 12;

  /// A cross on a disc of paper: a fault, also to whoever sees no colours.
  function fault_sign(context, x, y, colours) {
    const arm = 3;
    context.fillStyle = colours.paper;
    context.beginPath();
    context.arc(x, y, 5.5, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = colours.fault;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - arm, y - arm);
    context.lineTo(x + arm, y + arm);
    context.moveTo(x + arm, y - arm);
    context.lineTo(x - arm, y + arm);
    context.stroke();
  }

  /// Draws each item at most once a pixel, so that a crowd costs no more than
  /// the screen is wide.
  class crowd {
    constructor(context, space, colours) {
      this.context = context;
      this.space = space;
      this.colours = colours;
      this.columns = new Map();
      this.signs = [];
      this.style = '';
      this.alpha = 1;
    }

    /// The signs of the faults, above all else.
    finish() {
      for (const {x, y, dim} of this.signs) {
        this.context.globalAlpha = dim ? 0.16 : 1;
        fault_sign(this.context, x, y, this.colours);
      }
      this.context.globalAlpha = 1;
    }

    sign(row, x, y, dim) {
      if (!this.taken(row, x / 2)) this.signs.push({x, y, dim});
    }

    taken(row, x) {
      const column = Math.floor(x);
      if (this.columns.get(row) === column) return true;
      this.columns.set(row, column);
      return false;
    }

    paint(style, alpha) {
      if (this.style !== style) this.context.fillStyle = this.style = style;
      if (this.alpha !== alpha) this.context.globalAlpha = this.alpha = alpha;
    }

    item(item, lane, dim) {
      if (item.kind === 'message') this.message(item, lane, dim);
      else this.mark(item, lane, dim);
    }

    message(item, lane, dim) {
      const {space, colours} = this;
      const top = lane_top(space, lane);
      const sent = x_of(space, item.start);
      const taken = x_of(space, item.taken ?? item.time);
      const done = x_of(space, item.done ?? item.time);
      const row = Math.min(queue_rows, Math.max(1, item.depth));
      const base = top + space.lane_height - 17;
      if (taken - sent >= 1 && !this.taken(lane * 16 + row, taken)) {
        const from = Math.max(sent, space.gutter - 2);
        this.paint(colours[item.family], dim ? 0.1 : 0.5);
        this.context.fillRect(from, base - row * queue_row,
          taken - from, queue_row - 1);
      }
      const narrow = done - taken < 2.5;
      const fault = item.family === 'fault';
      if (narrow && !fault && this.taken(lane * 16, taken)) return;
      this.paint(colours[item.family], dim ? 0.16
        : item.outcome === 'skipped' ? 0.5 : 1);
      const from = Math.max(taken, space.gutter - 4);
      // A hair's breadth apart from the next one.
      const gap = done - from > 5 ? 1 : 0;
      const wide = Math.max(2.5, done - from - gap);
      this.context.fillRect(from, base, wide, bar_height);
      if (fault) {
        const seen = Math.min(from + wide, space.width) - from;
        this.sign(lane * 16 + 14, from + seen / 2, base + bar_height / 2, dim);
      }
    }

    /// What has no length: bytes, timers, a beginning, an end.
    mark(item, lane, dim) {
      const {context, space, colours} = this;
      const x = x_of(space, item.start);
      if (item.kind !== 'end' && item.kind !== 'spawn'
          && this.taken(lane * 16 + 8 + (item.kind === 'timer'), x)) {
        return;
      }
      const y = middle(space, lane) - 1;
      this.paint(colours[item.family], dim ? 0.16 : 1);
      context.beginPath();
      if (item.kind === 'bytes') {
        // To the right is to Claude.
        const size = item.family === 'prompt' ? 5 : -5;
        context.moveTo(x - size, y - 5);
        context.lineTo(x + size, y);
        context.lineTo(x - size, y + 5);
        context.fill();
      } else if (item.kind === 'timer') {
        context.arc(x, y, 2, 0, 2 * Math.PI);
        context.fill();
      } else if (item.kind === 'spawn') {
        context.moveTo(x, y - 8);
        context.lineTo(x + 6, y + 5);
        context.lineTo(x - 6, y + 5);
        context.fill();
      } else {
        context.rect(x - 1.5, y - 11, 3, 17);
        context.rect(x - 5, y - 4, 10, 3);
        context.fill();
        if (item.failed) this.sign(lane * 16 + 15, x, y + 1, dim);
      }
    }
  }

  return {crowd, fault_sign};
})();
