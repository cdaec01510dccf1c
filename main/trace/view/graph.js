'use strict';
// The graph: a button for each actor, and on a canvas below them the edges and
// the messages that move along.
globalThis.view = globalThis.view || {};

view.graph = (() => {
  const {layout, vocabulary, text} = view;

  /// Dots that move at once, and on one edge; more only make the edge thicker.
  const max_dots = 240;
  const max_dots_an_edge = 6;
  const travel_ms = 620;
  const apart_ms = 75; // dots on one edge
  const max_lead_ms = 2400; // a chain may run ahead of the clock by this much
  const fade_ms = 2600;
  const key_of = (from, to) => `${from}\n${to}`;

  class graph {
    /// on_pick(name): somebody has pressed an actor.
    constructor(stage, canvas, nodes, on_pick) {
      this.stage = stage;
      this.canvas = canvas;
      this.holder = nodes;
      this.on_pick = on_pick;
      this.buttons = new Map();
      this.edges = new Map();
      this.dots = [];
      this.arrivals = new Map();
      this.width = 0;
      this.names = '';
      this.calm = matchMedia('(prefers-reduced-motion: reduce)');
    }

    clear() {
      this.edges.clear();
      this.arrivals.clear();
      this.dots = [];
    }

    /// A place for each actor; again when the window or their number changes.
    arrange(actors) {
      const names = [...actors.keys()];
      const width = this.stage.clientWidth;
      const all = names.join('\n');
      if (width === this.width && all === this.names) return;
      this.width = width;
      this.names = all;
      this.plan = layout.arrange(names, width);
      this.stage.style.height = `${this.plan.height}px`;
      view.picture.fit(this.canvas, width, this.plan.height);
      for (const [name, at] of this.plan.nodes) this.put(name, at);
      for (const edge of this.edges.values()) edge.curve = null;
    }

    put(name, at) {
      const button = this.buttons.get(name) || this.make(name);
      button.style.left = `${at.x - at.width / 2}px`;
      button.style.top = `${at.y - layout.node_height / 2}px`;
      button.style.width = `${at.width}px`;
    }

    make(name) {
      const outside = [vocabulary.host, vocabulary.claude, vocabulary.clients]
        .includes(name);
      const button = document.createElement('button');
      button.type = 'button';
      button.className = outside ? 'node outside' : 'node';
      button.dataset.actor = name;
      const {make} = view.details;
      button.append(make('span', {cls: 'label', say: name}),
        make('span', {cls: 'mail'}), make('span', {cls: 'marks'},
          make('span', {cls: 'restarts'}), make('span', {cls: 'depth'})));
      button.title = name;
      button.addEventListener('click', () => this.on_pick(name));
      this.holder.append(button);
      this.buttons.set(name, button);
      return button;
    }

    /// Mailboxes and restarts, as they are now.
    refresh(model, now, picked) {
      for (const [name, button] of this.buttons) {
        const actor = model.actors.get(name);
        if (!actor) {
          button.hidden = !this.plan.nodes.has(name);
          continue;
        }
        const depth = model.depth(actor, now);
        const [, bar, marks] = button.children;
        const [restarts, badge] = marks.children;
        badge.textContent = depth > 1 ? text.count(depth) : '';
        badge.classList.toggle('high', depth >= 16);
        // 1 to 1,024 messages fill it, evenly by factors.
        const share = Math.min(1, Math.log2(depth + 1) / 10);
        bar.style.backgroundSize = `${share * 100}% 3px`;
        restarts.textContent = actor.restarts ? `↻ ${actor.restarts}` : '';
        button.dataset.life = actor.alive ? 'alive'
          : actor.failed ? 'failed' : 'ended';
        button.setAttribute('aria-pressed', String(picked === name));
        button.setAttribute('aria-label', this.describe(actor, depth));
      }
    }

    describe(actor, depth) {
      const parts = [actor.name, `mailbox ${depth}`,
        text.plural(actor.messages, 'message', 'messages')];
      if (actor.restarts) {
        parts.push(`restarted ${text.plural(actor.restarts, 'time', 'times')}`);
      }
      if (!actor.alive) parts.push(actor.failed ? 'failed' : 'ended');
      return parts.join(', ');
    }

    edge(from, to) {
      const key = key_of(from, to);
      const known = this.edges.get(key);
      if (known) return known;
      const made = {from, to, curve: null, seen: -Infinity,
        last: -Infinity, heat: 0, dots: 0, family: 'order'};
      this.edges.set(key, made);
      return made;
    }

    /// Something went from one place to another: a dot, if there is room.
    /// It leaves when the dot of what caused it has arrived.
    pulse(item, now) {
      if (!item.from || item.from === item.to
          || (item.kind !== 'message' && item.kind !== 'bytes')) {
        return;
      }
      const edge = this.edge(item.from, item.to);
      edge.heat = Math.min(edge.heat + 1, 400);
      edge.family = item.family;
      const before = this.arrivals.get(item.cause) ?? now;
      const start = Math.min(Math.max(now, before, edge.last + apart_ms),
        now + max_lead_ms);
      edge.seen = Math.max(edge.seen, start);
      this.arrivals.set(item.n, start + travel_ms);
      if (this.arrivals.size > 2000) this.forget_arrivals();
      if (this.calm.matches || edge.dots >= max_dots_an_edge
          || this.dots.length >= max_dots) {
        return;
      }
      ++edge.dots;
      edge.last = start;
      this.dots.push({edge, start, family: item.family});
    }

    forget_arrivals() {
      const keep = [...this.arrivals].slice(-1000);
      this.arrivals = new Map(keep);
    }

    draw(now, colours) {
      if (!this.plan) return;
      const elapsed = now - (this.drawn_at ?? now);
      this.drawn_at = now;
      const context = this.canvas.getContext('2d');
      context.clearRect(0, 0, this.width, this.plan.height);
      const main = new Set();
      for (const [from, to] of layout.main_edges) {
        main.add(this.edge(from, to));
      }
      for (const edge of this.edges.values()) {
        edge.heat *= Math.exp(-elapsed / 900);
        this.draw_edge(context, edge, main.has(edge), now, colours);
      }
      this.dots = this.dots.filter(dot => this.draw_dot(context, dot, now,
        colours));
    }

    curve_of(edge) {
      if (edge.curve) return edge.curve;
      const from = this.plan.nodes.get(edge.from);
      const to = this.plan.nodes.get(edge.to);
      if (from && to) edge.curve = layout.curve(from, to);
      return edge.curve;
    }

    draw_edge(context, edge, main, now, colours) {
      const c = this.curve_of(edge);
      const fresh = Math.max(0, 1 - Math.max(0, now - edge.seen) / fade_ms);
      if (!c || (!main && fresh === 0)) return;
      context.globalAlpha = main ? 1 : Math.min(1, 3 * fresh);
      context.strokeStyle = colours.way;
      context.lineWidth = main ? 2 : 1;
      this.stroke(context, c);
      if (fresh > 0) {
        context.globalAlpha = (main ? 0.55 : 0.4) * fresh;
        context.strokeStyle = colours[edge.family];
        context.lineWidth = (main ? 2 : 1) + Math.log2(1 + edge.heat) * 0.5;
        this.stroke(context, c);
      }
      if (main) this.chevron(context, c, colours);
      if (fresh > 0 && edge.family === 'fault') {
        this.sign(context, c, Math.min(1, 3 * fresh), colours);
      }
      context.globalAlpha = 1;
    }

    stroke(context, c) {
      context.beginPath();
      context.moveTo(c.ax, c.ay);
      context.quadraticCurveTo(c.cx, c.cy, c.bx, c.by);
      context.stroke();
    }

    /// A fault has gone along here: a cross, a quarter of the way.
    sign(context, c, alpha, colours) {
      const at = layout.along(c, c.leaves + (c.enters - c.leaves) / 4);
      context.globalAlpha = alpha;
      view.marks.fault_sign(context, at.x, at.y, colours);
    }

    /// The direction, in the middle of an edge.
    chevron(context, c, colours) {
      const middle = (c.leaves + c.enters) / 2;
      const tip = layout.along(c, middle + 0.03);
      const back = layout.along(c, middle - 0.03);
      const angle = Math.atan2(tip.y - back.y, tip.x - back.x);
      context.globalAlpha = 1;
      context.fillStyle = colours.ink_soft;
      context.beginPath();
      context.moveTo(tip.x, tip.y);
      for (const turn of [2.6, -2.6]) {
        context.lineTo(tip.x + 8 * Math.cos(angle + turn),
          tip.y + 8 * Math.sin(angle + turn));
      }
      context.fill();
    }

    /// Whether it is still on its way.
    draw_dot(context, dot, now, colours) {
      const t = (now - dot.start) / travel_ms;
      const c = this.curve_of(dot.edge);
      if (t >= 1 || !c) {
        --dot.edge.dots;
        return false;
      }
      if (t < 0) return true;
      const eased = t * t * (3 - 2 * t);
      const at = layout.along(c, c.leaves + (c.enters - c.leaves) * eased);
      context.fillStyle = colours[dot.family];
      context.globalAlpha = 0.25;
      this.disc(context, at, 7.5);
      context.globalAlpha = 1;
      if (dot.family === 'fault') {
        view.marks.fault_sign(context, at.x, at.y, colours);
      } else this.disc(context, at, 4);
      return true;
    }

    disc(context, at, radius) {
      context.beginPath();
      context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
      context.fill();
    }

    /// Whether anything still moves or fades.
    busy(now) {
      if (this.dots.length) return true;
      for (const edge of this.edges.values()) {
        if (now - edge.seen < fade_ms) return true;
      }
      return false;
    }
  }

  return {graph};
})();
