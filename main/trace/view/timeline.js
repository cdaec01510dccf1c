'use strict';
// The timeline: which time is shown, and what pointer, wheel and keys do.
globalThis.view = globalThis.view || {};

view.timeline = (() => {
  const {picture, vocabulary} = view;

  const min_span = 2e3;    // 2 µs
  const max_span = 864e11; // a day
  const reach = 7;         // px that a click may miss by
  const max_related = 3000;
  const wide_from = 600;

  class timeline {
    /// handlers: on_select(item or null), on_hold() when somebody looks at the
    /// past, on_read() to go to the details, on_change().
    constructor(canvas, overview, model, handlers) {
      this.canvas = canvas;
      this.overview = overview;
      this.model = model;
      this.store = model.store;
      this.handlers = handlers;
      this.filter = {trace: '', type: '', actor: ''};
      this.space = {width: 0, gutter: 0, lane_height: 30, lanes: [],
        left: 0, span: 10e9};
      this.selected = null;
      this.related = null;
      this.pointers = new Map();
      this.listen();
    }

    fits(item) {
      return view.store.matches(item, this.filter);
    }

    arrange(actors) {
      const width = this.canvas.parentElement.clientWidth;
      const wide = width >= wide_from;
      const lanes = [vocabulary.host, vocabulary.claude, ...actors.keys()];
      lanes.sort((a, b) => vocabulary.rank(a) - vocabulary.rank(b));
      const unique = lanes.filter((name, i) => lanes.indexOf(name) === i
        && name !== vocabulary.clients);
      Object.assign(this.space, {width, gutter: wide ? 156 : 0,
        lane_height: wide ? 27 : 38, lanes: unique});
      picture.fit(this.canvas, width, picture.height_of(this.space));
      picture.fit(this.overview, width, 28);
    }

    draw(colours, playhead) {
      if (this.selected && this.related_version !== this.store.version) {
        this.relate();
      }
      picture.draw(this.canvas, this.space, {
        store: this.store, fits: item => this.fits(item),
        related: this.related, selected: this.selected, playhead,
        picked: this.filter.actor, epoch_us: this.model.header?.epoch_us ?? 0,
      }, colours);
    }

    draw_overview(colours) {
      picture.draw_overview(this.overview, this.space.width, 28, this.store,
        this.space, colours);
    }

    // -- which time ----------------------------------------------------------

    follow(now) {
      this.space.left = now - this.space.span;
    }

    zoom(factor, x) {
      const {space} = this;
      const at = x === undefined ? this.anchor() : picture.time_at(space, x);
      const span = Math.min(max_span, Math.max(min_span, space.span * factor));
      space.left = at - (at - space.left) * span / space.span;
      space.span = span;
      this.handlers.on_change();
    }

    /// What stays where it is when keys or buttons zoom.
    anchor() {
      const {space, selected} = this;
      if (selected && selected.start >= space.left
          && selected.start <= space.left + space.span) {
        return selected.start;
      }
      return space.left + space.span / 2;
    }

    pan(share) {
      this.handlers.on_hold();
      this.space.left += this.space.span * share;
      this.handlers.on_change();
    }

    show_all() {
      const {from, to} = this.store.extent();
      const margin = Math.max(1e3, (to - from) * 0.02);
      this.space.left = from - margin;
      this.space.span = Math.min(max_span,
        Math.max(min_span, to - from + 2 * margin));
      this.handlers.on_change();
    }

    /// Moves as little as needed to have an item in the picture.
    reveal(item) {
      const {space} = this;
      const left = item.taken ?? item.start;
      const margin = space.span * 0.08;
      if (left < space.left + margin
          || left > space.left + space.span - margin) {
        space.left = left - space.span / 2;
      }
    }

    // -- which message -------------------------------------------------------

    /// Nothing is selected any more, or this is.
    select(item) {
      this.selected = item;
      this.related = null;
      if (item) {
        this.handlers.on_hold();
        this.relate();
        this.reveal(item);
      }
      this.handlers.on_select(item);
      this.handlers.on_change();
    }

    /// What belongs to the selected item: its prompt, or its chain.
    relate() {
      const item = this.selected;
      this.related = this.store.relatives(item, max_related);
      if (item.trace) {
        let left = max_related;
        this.store.each_since(0, other => {
          if (other.trace === item.trace && left-- > 0) {
            this.related.add(other.n);
          }
        });
      }
      this.related_version = this.store.version;
    }

    /// The next or the last one before, in time.
    step(direction) {
      const here = this.selected;
      const fits = item => this.fits(item) && this.has_lane(item);
      const seat = here && this.store.at(here.seat) === here
        ? here.seat + direction : this.start_seat(direction);
      const found = this.store.find(seat, direction, fits);
      if (found) this.select(found);
    }

    has_lane(item) {
      return this.space.lanes.includes(item.lane);
    }

    /// Nothing is selected: the newest in the picture, or the oldest.
    start_seat(direction) {
      const {space, store} = this;
      const edge = direction > 0 ? space.left : space.left + space.span;
      const seat = store.seat_at(edge);
      return Math.min(Math.max(seat - (direction < 0), store.first),
        store.next - 1);
    }

    /// The one nearest in time in the next lane that has any.
    step_lane(direction) {
      const {lanes} = this.space;
      const here = this.selected;
      if (!here) return this.step(-1);
      let lane = lanes.indexOf(here.lane) + direction;
      for (; lane >= 0 && lane < lanes.length; lane += direction) {
        const fits = item => item.lane === lanes[lane] && this.fits(item);
        const before = this.store.find(here.seat, -1, fits);
        const after = this.store.find(here.seat, 1, fits);
        const near = [before, after].filter(Boolean).sort((a, b) =>
          Math.abs(a.start - here.start) - Math.abs(b.start - here.start))[0];
        if (near) return this.select(near);
      }
    }

    go(end) {
      const found = end > 0
        ? this.store.find(this.store.next - 1, -1, item => this.fits(item))
        : this.store.find(this.store.first, 1, item => this.fits(item));
      if (found) this.select(found);
    }

    follow_cause() {
      const cause = this.selected && this.store.by_n.get(this.selected.cause);
      if (cause) this.select(cause);
    }

    follow_effect() {
      const effect = this.selected
        && this.store.effects_of(this.selected)[0];
      if (effect) this.select(effect);
    }

    /// What is drawn at a place.
    item_at(x, y) {
      const {space} = this;
      const lane = Math.floor((y - picture.axis_height) / space.lane_height);
      const name = space.lanes[lane];
      if (name === undefined || x < space.gutter) return null;
      let best = null;
      let best_miss = reach;
      this.store.each_since(picture.time_at(space, x - reach), item => {
        if (item.lane !== name || !this.fits(item)) return;
        const from = picture.x_of(space, item.start);
        const taken = picture.x_of(space, item.taken ?? item.start);
        const to = Math.max(taken + 2,
          picture.x_of(space, item.done ?? item.start));
        // Handling is nearer than waiting.
        const miss = x > to ? x - to : x >= taken ? 0
          : x >= from ? Math.min(taken - x, reach - 1) : from - x;
        if (miss < best_miss) {
          best = item;
          best_miss = miss;
        }
      });
      return best;
    }

    // -- pointer, wheel, keys ------------------------------------------------

    listen() {
      const {canvas} = this;
      canvas.addEventListener('wheel', event => this.wheel(event),
        {passive: false});
      canvas.addEventListener('pointerdown', event => this.down(event));
      canvas.addEventListener('pointermove', event => this.move(event));
      for (const end of ['pointerup', 'pointercancel']) {
        canvas.addEventListener(end, event => this.up(event));
      }
      canvas.addEventListener('keydown', event => {
        if (this.key(event)) event.preventDefault();
      });
      const jump = event => {
        if (event.buttons & 1) this.jump(event.offsetX);
      };
      this.overview.addEventListener('pointerdown', jump);
      this.overview.addEventListener('pointermove', jump);
    }

    /// Without Ctrl, Cmd or the focus the wheel is the page's, which scrolls.
    wheel(event) {
      if (!event.ctrlKey && !event.metaKey
          && document.activeElement !== this.canvas) {
        return;
      }
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        this.pan((event.deltaX || event.deltaY) / this.space.width);
      } else {
        const turn = Math.max(-120, Math.min(120, event.deltaY));
        this.zoom(1.003 ** turn, event.offsetX);
      }
    }

    down(event) {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, {x: event.offsetX,
        start: event.offsetX, moved: false});
    }

    move(event) {
      const pointer = this.pointers.get(event.pointerId);
      if (!pointer) {
        this.canvas.style.cursor
          = this.item_at(event.offsetX, event.offsetY) ? 'pointer' : 'grab';
        return;
      }
      if (Math.abs(event.offsetX - pointer.start) > 4) pointer.moved = true;
      if (this.pointers.size === 2) this.pinch(pointer, event.offsetX);
      else if (pointer.moved) {
        this.pan((pointer.x - event.offsetX)
          / (this.space.width - this.space.gutter));
      }
      pointer.x = event.offsetX;
    }

    pinch(pointer, x) {
      const other = [...this.pointers.values()].find(one => one !== pointer);
      const before = Math.max(20, Math.abs(pointer.x - other.x));
      const after = Math.max(20, Math.abs(x - other.x));
      pointer.moved = other.moved = true;
      this.zoom(before / after, (x + other.x) / 2);
    }

    up(event) {
      const pointer = this.pointers.get(event.pointerId);
      this.pointers.delete(event.pointerId);
      if (!pointer || pointer.moved || event.type !== 'pointerup') return;
      this.select(this.item_at(event.offsetX, event.offsetY));
    }

    /// A place in the overview.
    jump(x) {
      const {from, to} = this.store.extent();
      this.handlers.on_hold();
      this.space.left = from + x / this.space.width * (to - from)
        - this.space.span / 2;
      this.handlers.on_change();
    }

    /// Whether a key was for the timeline.
    key(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return false;
      const acts = {
        ArrowLeft: () => event.shiftKey ? this.pan(-0.2) : this.step(-1),
        ArrowRight: () => event.shiftKey ? this.pan(0.2) : this.step(1),
        ArrowUp: () => this.step_lane(-1),
        ArrowDown: () => this.step_lane(1),
        Home: () => this.go(-1),
        End: () => this.go(1),
        Enter: () => this.selected && this.handlers.on_read(),
      };
      if (!Object.hasOwn(acts, event.key)) return false;
      acts[event.key]();
      return true;
    }
  }

  return {timeline};
})();
