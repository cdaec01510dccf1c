'use strict';
// From lines of the trace to what is shown: checks them, counts, keeps the
// figures of each actor and the rates. Bounded. Pure.
globalThis.view = globalThis.view || {};

view.model = (() => {
  const {text, vocabulary} = view;

  const seconds_kept = 60;
  const max_name = 80;
  const max_text = 2000;
  const max_types = 200;

  const is_number = value => typeof value === 'number'
    && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
  const is_text = value => typeof value === 'string' && value !== '';
  /// Nanoseconds: an agent runs for longer than the 104 days that numbers hold
  /// exactly; beyond, a time is some nanoseconds off.
  const is_time = value => typeof value === 'number' && value >= 0
    && value <= 1e18;
  const time = value => is_time(value) ? value : undefined;
  const name = value => is_text(value) ? text.cut(value, max_name) : '';
  const words = value => is_text(value) ? text.cut(value, max_text) : '';
  const optional = value => is_number(value) ? value : undefined;

  function base(event, start) {
    return is_number(event.n) && is_time(start)
      ? {kind: event.kind, n: event.n, start, cause: optional(event.cause),
        trace: name(event.trace)}
      : null;
  }

  const makers = {
    message(event) {
      const item = base(event, event.sent);
      if (!item || !is_text(event.to) || !is_text(event.type)) return null;
      return Object.assign(item, {
        taken: time(event.taken),
        done: time(event.done),
        from: name(event.from),
        from_id: optional(event.from_id),
        to: name(event.to),
        to_id: optional(event.to_id),
        type: name(event.type),
        family: event.outcome === 'failed' || event.outcome === 'undelivered'
          ? 'fault' : vocabulary.family_of(event.type),
        summary: words(event.summary),
        payload: words(event.payload),
        depth: optional(event.depth) ?? 1,
        outcome: name(event.outcome),
      });
    },
    spawn(event) {
      const item = base(event, event.at);
      if (!item || !is_text(event.actor)) return null;
      return Object.assign(item, {to: name(event.actor), type: 'spawn',
        family: 'order', to_id: optional(event.id),
        incarnation: optional(event.incarnation) ?? 1});
    },
    end(event) {
      const item = base(event, event.at);
      if (!item || !is_text(event.actor)) return null;
      const failed = event.failed === true;
      return Object.assign(item, {to: name(event.actor), type: 'end', failed,
        family: failed ? 'fault' : 'order', to_id: optional(event.id),
        reason: words(event.reason)});
    },
    timer(event) {
      const item = base(event, event.at);
      if (!item || !is_text(event.actor)) return null;
      return Object.assign(item, {to: name(event.actor), family: 'wakeup',
        type: name(event.type) || 'timer', due: time(event.due)});
    },
    bytes(event) {
      const item = base(event, event.at);
      if (!item || !is_text(event.port)) return null;
      const port = vocabulary.port_of(event.port);
      const inward = event.direction === 'in';
      return Object.assign(item, {type: 'bytes', port: name(event.port),
        inward, bytes: optional(event.bytes) ?? 0,
        from: inward ? port.outside : port.actor,
        to: inward ? port.actor : port.outside,
        family: event.port === 'host_input' || event.port === 'claude_stdin'
          ? 'prompt' : event.port === 'control' ? 'health' : 'answer'});
    },
  };

  class model {
    /// `store`: where the events go that the timeline shows.
    constructor(store) {
      this.store = store;
      this.unreadable = 0;
      this.left_out_before = 0; // older events that a page was made without
      this.reset(null);
    }

    reset(header) {
      this.header = header;
      this.actors = new Map();
      this.types = new Set();
      this.bins = [];
      this.bytes_in = 0;
      this.bytes_out = 0;
      this.dropped = 0;
      this.restarts = 0;
      this.faults = 0;
      this.store.clear();
      for (const actor of vocabulary.always) this.actor(actor);
    }

    /// Takes one line. Gives the item that came of it, if it is to be shown.
    take_line(line) {
      let event;
      try {
        event = JSON.parse(line);
      } catch {
        ++this.unreadable;
        return null;
      }
      return this.take(event);
    }

    take(event) {
      if (!event || typeof event !== 'object') {
        ++this.unreadable;
        return null;
      }
      if (event.kind === 'header') return this.take_header(event);
      if (event.kind === 'dropped') {
        this.dropped += optional(event.count) ?? 0;
        return null;
      }
      if (!Object.hasOwn(makers, event.kind)) return null;
      const item = makers[event.kind](event);
      if (!item) {
        ++this.unreadable;
        return null;
      }
      this.place(item);
      if (!this.store.add(item)) return null;
      this.count(item);
      return item;
    }

    /// Another run makes everything new; the same one goes on.
    take_header(event) {
      const header = {
        agent: name(event.agent), pid: optional(event.pid),
        epoch_us: optional(event.epoch_us) ?? 0, source: name(event.source),
        reason: name(event.reason),
      };
      const known = this.header;
      if (known && known.epoch_us === header.epoch_us
          && known.pid === header.pid) {
        this.store.begin_again();
        this.header = header;
      } else {
        this.reset(header);
      }
      return null;
    }

    /// Gives an item's ends their names among the bounded set of actors.
    place(item) {
      item.to = this.actor(item.to).name;
      if (item.from) item.from = this.actor(item.from).name;
      // Where it is drawn: bytes with the outside, all else with the actor.
      item.lane = item.kind !== 'bytes' ? item.to
        : vocabulary.port_of(item.port).outside === vocabulary.clients
          ? 'control' : vocabulary.port_of(item.port).outside;
    }

    actor(wanted) {
      const known = this.actors.get(wanted);
      if (known) return known;
      const key = this.actors.size < vocabulary.max_actors ? wanted
        : vocabulary.others;
      if (this.actors.has(key)) return this.actors.get(key);
      const made = {name: key, id: undefined, incarnation: 0, alive: true,
        failed: false, reason: '', messages: 0, restarts: 0, queued_ns: 0,
        handled_ns: 0, depth: 0, depth_at: 0, deepest: 0};
      this.actors.set(key, made);
      return made;
    }

    count(item) {
      const bin = this.bin(view.store.time_of(item));
      if (this.types.size < max_types) this.types.add(item.type);
      const actor = this.actors.get(item.to);
      if (item.kind === 'message') this.count_message(item, actor, bin);
      else if (item.kind === 'bytes') this.count_bytes(item, bin);
      else if (item.kind === 'spawn') this.count_spawn(item, actor);
      else if (item.kind === 'end') {
        actor.alive = false;
        actor.failed = item.failed;
        actor.reason = item.reason;
        if (item.failed) ++this.faults;
      }
    }

    /// One that was put back is counted when it is taken up for good.
    count_message(item, actor, bin) {
      if (item.outcome === 'skipped') return;
      if (bin) ++bin.messages;
      ++actor.messages;
      if (item.outcome === 'failed') ++this.faults;
      actor.queued_ns += view.store.waited(item) ?? 0;
      actor.handled_ns += view.store.worked(item) ?? 0;
      actor.deepest = Math.max(actor.deepest, item.depth);
      this.note_depth(item, actor);
    }

    /// A mailbox shows the deepest that it was within a second.
    note_depth(item, actor) {
      const second = 1e9;
      if (item.depth >= actor.depth
          || Math.abs(item.start - actor.depth_at) > second) {
        actor.depth = item.depth;
        actor.depth_at = item.start;
      }
    }

    count_bytes(item, bin) {
      if (item.port === 'host_input') {
        this.bytes_in += item.bytes;
        if (bin) bin.bytes_in += item.bytes;
      } else if (item.port === 'host_output') {
        this.bytes_out += item.bytes;
        if (bin) bin.bytes_out += item.bytes;
      }
    }

    count_spawn(item, actor) {
      actor.id = item.to_id;
      actor.alive = true;
      actor.incarnation = Math.max(actor.incarnation, item.incarnation);
      if (item.incarnation > 1) {
        ++this.restarts;
        actor.restarts = Math.max(actor.restarts, item.incarnation - 1);
        actor.restarted_at = item.start;
      }
    }

    /// The figures of the second that a time is in; none if it is long past.
    bin(ns) {
      const second = Math.floor(ns / 1e9);
      const slot = second % seconds_kept;
      const bin = this.bins[slot];
      if (bin && bin.second === second) return bin;
      if (bin && bin.second > second) return null;
      return this.bins[slot]
        = {second, messages: 0, bytes_in: 0, bytes_out: 0};
    }

    /// A figure in the last so many seconds up to `now`, oldest first; the
    /// second that is not over yet is not among them.
    series(figure, now, seconds = seconds_kept - 1) {
      const last = Math.floor(now / 1e9) - 1;
      const values = [];
      for (let s = last - seconds + 1; s <= last; ++s) {
        const bin = s < 0 ? undefined : this.bins[s % seconds_kept];
        values.push(bin && bin.second === s ? bin[figure] : 0);
      }
      return values;
    }

    /// A figure a second, over the last three seconds that are over.
    rate(figure, now) {
      const last = this.series(figure, now, 3);
      return last.reduce((sum, value) => sum + value, 0) / last.length;
    }

    /// Messages in an actor's mailbox, at most, within the last second.
    depth(actor, now) {
      return Math.abs(now - actor.depth_at) > 1.5e9 ? 0 : actor.depth;
    }

    /// What is shown of how much, and what is missing, in words.
    left_out() {
      const {store} = this;
      const parts = [store.kept < store.total && !store.held
        ? `showing the last ${text.count(store.kept)} of `
          + text.plural(store.total, 'message', 'messages')
        : store.held
          ? `holding ${text.plural(store.kept, 'message', 'messages')} of `
            + text.count(store.total)
          : `showing ${store.total === 1 ? 'the only message'
            : `all ${text.count(store.total)} messages`}`];
      if (store.waiting()) {
        parts.push(`${text.plural(store.waiting(), 'event waits',
          'events wait')} until you resume`);
      }
      if (this.left_out_before) {
        parts.push(`${text.plural(this.left_out_before, 'older event',
          'older events')} left out by trace view (see --last)`);
      }
      if (this.dropped) {
        parts.push(`${text.count(this.dropped)} left out by the agent`);
      }
      if (this.unreadable) {
        parts.push(text.plural(this.unreadable, 'unreadable line',
          'unreadable lines'));
      }
      return parts.join('; ');
    }
  }

  return {model};
})();
