'use strict';
// Draws the timeline onto its canvas. Knows times, lanes and colours, and
// nothing of keys and clicks.
globalThis.view = globalThis.view || {};

view.picture = (() => {
  const {text} = view;
  const {x_of, time_at, height_of, lane_top, middle, axis_height} = view.space;
  const {crowd} = view.marks;

  const max_arrows = 1500;
  const font = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, '
    + 'sans-serif';

  /// Makes a canvas as many pixels as the screen has for it.
  function fit(canvas, width, height) {
    const ratio = Math.min(3, devicePixelRatio || 1);
    const w = Math.max(1, Math.round(width * ratio));
    const h = Math.max(1, Math.round(height * ratio));
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /// The colours of the theme that holds now, by name.
  function colours() {
    const style = getComputedStyle(document.documentElement);
    const names = ['ink', 'ink_soft', 'paper', 'lane', 'line', 'edge',
      'edge_tip', 'way', 'accent', 'prompt', 'answer', 'credit', 'wakeup', 'health',
      'order', 'fault'];
    return Object.fromEntries(names.map(name =>
      [name, style.getPropertyValue(`--${name.replace('_', '-')}`).trim()]));
  }

  /// Distances of ticks: 1, 2, 5 times a power of ten; minutes and hours above.
  function tick_step(span, count) {
    const wanted = span / count;
    const long = [60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400]
      .map(seconds => seconds * 1e9);
    if (wanted > 30e9) return long.find(step => step >= wanted) || 864e11;
    const power = 10 ** Math.floor(Math.log10(wanted));
    return power * [1, 2, 5, 10].find(factor => factor * power >= wanted);
  }

  function draw_axis(context, space, colours, epoch_us) {
    const step = tick_step(space.span, (space.width - space.gutter) / 110);
    context.font = `11px ${font}`;
    context.textBaseline = 'middle';
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    // Ticks stand at round times of day.
    const shift = step < 1e3 ? 0 : epoch_us % (step / 1e3) * 1e3;
    let i = Math.ceil((space.left + shift) / step);
    for (; i * step - shift <= space.left + space.span; ++i) {
      const time = i * step - shift;
      const x = Math.round(x_of(space, time)) + 0.5;
      context.beginPath();
      context.moveTo(x, axis_height - 4);
      context.lineTo(x, height_of(space));
      context.stroke();
      context.fillStyle = colours.ink_soft;
      context.fillText(tick_text(time, step, epoch_us), x + 4, 11);
    }
  }

  /// The time of day; below a millisecond's distance what is beyond it.
  function tick_text(time, step, epoch_us) {
    const clock = text.clock(epoch_us, time, true);
    if (step >= 1e9) return clock.slice(0, 8);
    if (step >= 1e6) return clock.slice(3, 12);
    if (step >= 1e3) return `…${clock.slice(6)}`;
    return `…${clock.slice(9)}.${String(Math.round(time % 1e3))
      .padStart(3, '0')} µs`;
  }

  function draw_lanes(context, space, colours) {
    space.lanes.forEach((name, i) => {
      if (i % 2 === 0) {
        context.fillStyle = colours.lane;
        context.fillRect(0, lane_top(space, i), space.width,
          space.lane_height);
      }
    });
  }

  function draw_names(context, space, colours, picked) {
    if (space.gutter) {
      context.fillStyle = colours.paper;
      context.fillRect(0, 0, space.gutter, height_of(space));
    }
    space.lanes.forEach((name, i) => {
      const top = lane_top(space, i);
      if (space.gutter && i % 2 === 0) {
        context.fillStyle = colours.lane;
        context.fillRect(0, top, space.gutter, space.lane_height);
      }
      context.fillStyle = name === picked ? colours.accent
        : space.gutter ? colours.ink : colours.ink_soft;
      const weight = name === picked ? 600 : 400;
      context.font = `${weight} ${space.gutter ? 12 : 10}px ${font}`;
      context.textBaseline = 'middle';
      context.fillText(text.cut(name, 24), space.gutter ? 10 : 4,
        space.gutter ? top + space.lane_height / 2 : top + 8,
        space.gutter ? space.gutter - 16 : undefined);
    });
  }

  /// From where a cause sent to where its effect was taken up.
  function draw_arrow(context, space, lanes, item, cause, colours) {
    const from = lanes.get(cause?.lane);
    const to = lanes.get(item.lane);
    if (from === undefined || to === undefined || from === to) return;
    const ax = x_of(space, item.start);
    const bx = x_of(space, item.taken ?? item.start);
    if (bx < space.gutter || ax > space.width) return;
    const ay = middle(space, from) - 1;
    const by = middle(space, to) + (to > from ? -9 : 7);
    const bow = Math.min(40, (bx - ax) / 2);
    context.strokeStyle = context.fillStyle = colours[item.family];
    context.beginPath();
    context.moveTo(ax, ay);
    // A steep one comes from above or below, any other from the left.
    if (bow < 7) context.lineTo(bx, by);
    else context.bezierCurveTo(ax + bow, ay, bx - bow, by, bx, by);
    context.stroke();
    const [x, y] = bow < 7 ? [0, to > from ? 1 : -1] : [1, 0];
    context.beginPath();
    context.moveTo(bx + x, by + y);
    context.lineTo(bx - 6 * x - 3.5 * y, by - 6 * y - 3.5 * x);
    context.lineTo(bx - 6 * x + 3.5 * y, by - 6 * y + 3.5 * x);
    context.fill();
  }

  function draw_selected(context, space, lane, item, colours) {
    const left = x_of(space, item.start);
    const right = Math.max(x_of(space, item.done ?? item.start), left + 3);
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.beginPath();
    const top = lane_top(space, lane) + 1;
    const from = Math.max(left - 4, space.gutter - 4);
    context.roundRect(from, top, Math.max(4, right + 4 - from),
      space.lane_height - 2, 4);
    context.stroke();
  }

  /// everything: {store, fits, related, selected, playhead, picked, epoch_us}
  function draw(canvas, space, everything, colours) {
    const context = canvas.getContext('2d');
    const {store, fits, related, selected} = everything;
    context.globalAlpha = 1;
    context.clearRect(0, 0, space.width, height_of(space));
    draw_lanes(context, space, colours);
    draw_axis(context, space, colours, everything.epoch_us);
    const lanes = new Map(space.lanes.map((name, i) => [name, i]));
    const right = space.left + space.span;
    const some = new crowd(context, space, colours);
    const arrows = [];
    store.each_since(space.left, item => {
      if (item.start > right || !fits(item)) return;
      const lane = lanes.get(item.lane);
      if (lane === undefined) return;
      const member = related && related.has(item.n);
      some.item(item, lane, related && !member);
      if (member && arrows.length < max_arrows) arrows.push(item);
    });
    context.globalAlpha = 0.9;
    context.lineWidth = 1.3;
    for (const item of arrows) {
      draw_arrow(context, space, lanes, item, store.by_n.get(item.cause),
        colours);
    }
    // Once more, as those that do not belong to it may lie above.
    const above = new crowd(context, space, colours);
    above.alpha = -1;
    for (const item of arrows) above.item(item, lanes.get(item.lane), false);
    some.finish();
    above.finish();
    if (selected && lanes.has(selected.lane)) {
      draw_selected(context, space, lanes.get(selected.lane), selected,
        colours);
    }
    if (everything.playhead !== undefined) {
      context.fillStyle = colours.accent;
      context.fillRect(x_of(space, everything.playhead) - 1, 0, 2,
        height_of(space));
    }
    draw_names(context, space, colours, everything.picked);
  }

  /// All that is kept, as a small hill of how much there was, and the part of
  /// it that the timeline shows.
  function draw_overview(canvas, width, height, store, space, colours) {
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, width, height);
    const {from, to} = store.extent();
    const span = Math.max(1, to - from);
    const counts = new Float64Array(Math.ceil(width / 2) + 1);
    store.each_since(from, item => {
      ++counts[Math.min(counts.length - 1, Math.max(0,
        Math.floor((item.start - from) / span * (width / 2))))];
    });
    const most = Math.max(1, ...counts);
    context.fillStyle = colours.edge_tip;
    counts.forEach((count, i) => {
      const tall = count ? Math.max(1.5,
        Math.log(1 + count) / Math.log(1 + most) * (height - 3)) : 0;
      context.fillRect(i * 2, height - tall, 1.5, tall);
    });
    const left = (space.left - from) / span * width;
    const wide = Math.max(4, space.span / span * width);
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.16;
    context.fillRect(left, 0, wide, height);
    context.globalAlpha = 1;
    context.fillRect(left, 0, 1.5, height);
    context.fillRect(left + wide - 1.5, 0, 1.5, height);
  }

  return {fit, colours, x_of, time_at, height_of, lane_top, draw,
    draw_overview, tick_step, axis_height};
})();
