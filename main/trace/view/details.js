'use strict';
// The panel beside the timeline: one event with its times and what it hangs
// together with; or, with none selected, the types of messages. All data go in
// as text, never as markup.
globalThis.view = globalThis.view || {};

view.details = (() => {
  const {text, vocabulary} = view;

  const max_effects = 12;
  const max_types = 14;

  /// An element with classes, text or children.
  function make(tag, {cls, say, label} = {}, ...children) {
    const element = document.createElement(tag);
    if (cls) element.className = cls;
    if (say !== undefined) element.textContent = say;
    if (label) element.setAttribute('aria-label', label);
    element.append(...children.filter(Boolean));
    return element;
  }

  /// In a few words, also for lists of links.
  function title_of(item) {
    if (item.kind === 'bytes') return `${text.size(item.bytes)} ${item.port}`;
    if (item.kind === 'spawn') {
      return item.incarnation > 1 ? 'restarted' : 'started';
    }
    if (item.kind === 'end') return item.failed ? 'failed' : 'ended';
    if (item.kind === 'timer') return `timer ${item.type}`;
    return item.type;
  }

  function way_of(item) {
    if (item.kind !== 'message' && item.kind !== 'bytes') return item.to;
    return `${item.from || 'outside'} → ${item.to}`;
  }

  class details {
    /// handlers: on_select(item), on_filter({trace} or {type} or {actor}).
    constructor(body, title, model, handlers) {
      this.body = body;
      this.title = title;
      this.model = model;
      this.store = model.store;
      this.handlers = handlers;
    }

    show(item) {
      this.body.replaceChildren();
      this.body.dataset.shown = item ? String(item.n) : '';
      this.title.textContent = item ? title_of(item) : 'Messages by type';
      if (item) this.show_item(item);
    }

    show_item(item) {
      this.body.append(
        make('p', {cls: 'way', say: way_of(item)}),
        ...(item.kind === 'message' ? this.message(item) : this.event(item)),
        this.links(item));
    }

    // -- one event -----------------------------------------------------------

    message(item) {
      const waited = view.store.waited(item);
      const worked = view.store.worked(item);
      const lost = item.outcome === 'undelivered';
      return [
        this.times_bar(item, waited, worked),
        this.list([
          ['Queued', waited !== undefined ? text.duration(waited)
            : lost ? 'never taken up: its receiver had ended'
              : item.outcome === 'queued' ? 'still waiting' : 'not known',
          'queued'],
          ['Handled', worked !== undefined ? text.duration(worked)
            : lost ? 'never' : 'not done', 'handled'],
          ['Outcome', item.outcome || '–', 'outcome'],
          ['Sent', this.moment(item.start), 'sent'],
          ['Mailbox', `${text.plural(item.depth, 'message', 'messages')}, `
            + 'this one included', 'depth'],
          ['Number', text.count(item.n), 'number'],
        ]),
        item.summary && this.block('Summary', item.summary, 'summary'),
        item.payload && this.block('Payload', item.payload, 'payload'),
      ].filter(Boolean);
    }

    event(item) {
      const rows = [['At', this.moment(item.start), 'sent']];
      if (item.kind === 'bytes') {
        rows.push(['Bytes', text.count(item.bytes), 'bytes'],
          ['Port', item.port, 'port'],
          ['Direction', item.inward ? 'into the agent' : 'out of the agent',
            'direction']);
      } else if (item.kind === 'timer') {
        rows.push(['Due', item.due === undefined ? '–'
          : `${text.duration(item.due - item.start)} later`, 'due']);
      } else if (item.kind === 'spawn') {
        rows.push(['Incarnation', text.count(item.incarnation),
          'incarnation']);
      }
      rows.push(['Number', text.count(item.n), 'number']);
      return [this.list(rows),
        item.reason && this.block('Reason', item.reason, 'reason')]
        .filter(Boolean);
    }

    moment(ns) {
      const epoch = this.model.header?.epoch_us ?? 0;
      return `${text.clock(epoch, ns, true)} (${text.duration(ns)} after the `
        + 'start)';
    }

    /// Waiting and handling, as parts of one bar.
    times_bar(item, waited, worked) {
      if (waited === undefined || worked === undefined) return null;
      const bar = make('div', {cls: 'times'});
      bar.setAttribute('role', 'img');
      bar.setAttribute('aria-label', `queued ${text.duration(waited)}, `
        + `handled ${text.duration(worked)}`);
      bar.dataset.family = item.family;
      for (const [part, ns] of [['queued', waited], ['handled', worked]]) {
        const piece = make('span', {cls: part});
        piece.style.flexGrow = String(Math.max(ns, (waited + worked) * 0.02,
          1));
        bar.append(piece);
      }
      return bar;
    }

    list(rows) {
      const list = make('dl');
      for (const [name, value, id] of rows) {
        const cell = make('dd', {say: value});
        cell.dataset.field = id;
        list.append(make('dt', {say: name}), cell);
      }
      return list;
    }

    block(name, value, id) {
      const pre = make('pre', {say: value});
      pre.dataset.field = id;
      pre.dir = 'auto';
      pre.tabIndex = 0;
      return make('section', {}, make('h3', {say: name}), pre);
    }

    // -- where to go from here -----------------------------------------------

    links(item) {
      const box = make('section', {cls: 'links'});
      box.append(make('h3', {say: 'Cause'}), this.cause(item));
      const effects = this.store.effects_of(item);
      if (effects.length) {
        box.append(make('h3', {say: 'Led to'}));
        box.append(this.effects(effects));
      }
      if (item.trace) {
        const filter = make('button', {cls: 'link',
          say: `Show only prompt ${item.trace.slice(0, 8)}`});
        filter.type = 'button';
        filter.dataset.link = 'trace';
        filter.addEventListener('click', () =>
          this.handlers.on_filter({trace: item.trace}));
        box.append(make('h3', {say: 'Prompt'}),
          make('p', {cls: 'id', say: item.trace}), filter);
      }
      return box;
    }

    cause(item) {
      if (!item.cause) {
        return make('p', {cls: 'soft', say: 'Came from outside.'});
      }
      const cause = this.store.by_n.get(item.cause);
      if (!cause) {
        return make('p', {cls: 'soft',
          say: `Event ${text.count(item.cause)}, which is not kept here.`});
      }
      return this.link(cause, 'cause');
    }

    effects(effects) {
      const list = make('ul');
      for (const effect of effects.slice(0, max_effects)) {
        list.append(make('li', {}, this.link(effect, 'effect')));
      }
      if (effects.length > max_effects) {
        list.append(make('li', {cls: 'soft',
          say: `and ${text.count(effects.length - max_effects)} more`}));
      }
      return list;
    }

    link(item, kind) {
      const button = make('button', {cls: 'link'},
        make('span', {cls: 'lamp'}), make('span', {cls: 'what',
          say: title_of(item)}),
        make('span', {cls: 'soft', say: way_of(item)
          + (item.outcome === 'failed' || item.outcome === 'undelivered'
            ? `, ${item.outcome}` : '')}));
      button.type = 'button';
      button.dataset.link = kind;
      button.dataset.family = item.family;
      button.addEventListener('click', () => this.handlers.on_select(item));
      return button;
    }

    // -- no event: the types -------------------------------------------------

    /// Counts and times by type, of the kept messages that pass the filter.
    show_types(fits, actor) {
      this.title.textContent = actor ? actor.name : 'Messages by type';
      const types = new Map();
      this.store.each_since(0, item => {
        if (item.kind !== 'message' || !fits(item)) return;
        const known = types.get(item.type);
        const row = known || {type: item.type, family:
          vocabulary.family_of(item.type), count: 0, waited: [], worked: []};
        if (!known) types.set(item.type, row);
        ++row.count;
        const waited = view.store.waited(item);
        const worked = view.store.worked(item);
        if (waited !== undefined) row.waited.push(waited);
        if (worked !== undefined) row.worked.push(worked);
      });
      const rows = [...types.values()].sort((a, b) => b.count - a.count);
      if (!rows.length) {
        this.body.replaceChildren(actor ? this.actor(actor) : '',
          make('p', {cls: 'soft', say: this.store.kept
            ? 'No message passes the filters.'
            : 'Messages show here as soon as the actors talk.'}));
        return;
      }
      this.body.replaceChildren(actor ? this.actor(actor)
        : make('p', {cls: 'soft', say: 'Select a message in the timeline to '
          + 'see its times, its cause and its prompt.'}),
      this.table(rows.slice(0, max_types)));
      if (rows.length > max_types) {
        this.body.append(make('p', {cls: 'soft',
          say: `and ${text.count(rows.length - max_types)} types more`}));
      }
    }

    /// An actor's figures, since it is watched.
    actor(actor) {
      const mean = total => actor.messages
        ? text.duration(total / actor.messages) : '–';
      const life = actor.alive ? 'runs' : actor.failed ? 'failed' : 'ended';
      const box = make('div', {}, this.list([
        ['State', life, 'life'],
        ['Incarnation', actor.incarnation ? text.count(actor.incarnation)
          : 'unknown', 'incarnation'],
        ['Restarts', text.count(actor.restarts), 'restarts'],
        ['Messages', text.count(actor.messages), 'messages'],
        ['Queued', `${mean(actor.queued_ns)} on average`, 'queued'],
        ['Handled', `${mean(actor.handled_ns)} on average`, 'handled'],
        ['Mailbox', `${text.plural(actor.deepest, 'message', 'messages')} `
          + 'at most', 'deepest'],
      ]));
      if (actor.reason) {
        box.append(this.block('Its last end', actor.reason, 'reason'));
      }
      return box;
    }

    table(rows) {
      const body = make('tbody');
      for (const row of rows) {
        const button = make('button', {cls: 'link'},
          make('span', {cls: 'lamp'}), make('span', {say: row.type}));
        button.type = 'button';
        button.dataset.family = row.family;
        button.dataset.type = row.type;
        button.title = row.type;
        button.addEventListener('click', () =>
          this.handlers.on_filter({type: row.type}));
        body.append(make('tr', {}, make('th', {}, button),
          make('td', {say: text.count(row.count)}),
          make('td', {say: quantile(row.waited, 0.99)}),
          make('td', {say: quantile(row.worked, 0.99)})));
      }
      const head = make('thead', {}, make('tr', {},
        ...['Type', 'Count', 'Queued p99', 'Handled p99'].map(name => {
          const cell = make('th', {say: name});
          cell.scope = 'col';
          return cell;
        })));
      return make('table', {cls: 'types'}, head, body);
    }
  }

  function quantile(values, share) {
    if (!values.length) return '–';
    values.sort((a, b) => a - b);
    return text.duration(values[Math.min(values.length - 1,
      Math.floor(values.length * share))]);
  }

  return {details, make, title_of, way_of};
})();
