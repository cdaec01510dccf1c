'use strict';
// The keys of the page, and the list that tells them.
globalThis.view = globalThis.view || {};

view.keys = (() => {
  class keys {
    /// help: the dialog; list: where its rows go; acts: what the keys do, by
    /// name.
    constructor(help, list, acts) {
      this.help = help;
      const zoom = 1.6;
      this.all = [
        ['Space', 'hold and resume; in a file: replay', ' ',
          acts.toggle_pause],
        ['← →', 'message before, next message (in the timeline)'],
        ['↑ ↓', 'nearest message of another actor (in the timeline)'],
        ['Home End', 'first, last message (in the timeline)'],
        ['Shift ← →', 'earlier, later (in the timeline)'],
        ['Enter', 'read the details (in the timeline)'],
        ['+', 'zoom in', '+', () => acts.zoom(1 / zoom)],
        ['−', 'zoom out', '-', () => acts.zoom(zoom)],
        ['0', 'show all', '0', acts.show_all],
        ['c', 'go to the cause', 'c', acts.cause],
        ['e', 'go to what it led to', 'e', acts.effect],
        ['p', 'only this prompt', 'p', acts.prompt],
        ['x', 'clear the filters', 'x', acts.clear_filters],
        ['g', 'from the actors to the timeline', 'g', acts.go],
        ['t', 'light or dark', 't', acts.toggle_theme],
        ['Esc', 'select nothing', 'Escape', acts.deselect],
        ['?', 'this list', '?', () => help.showModal()],
      ];
      const {make} = view.details;
      for (const [name, what] of this.all) {
        list.append(make('tr', {}, make('th', {}, make('kbd', {say: name})),
          make('td', {say: what})));
      }
    }

    /// Single characters act in the actors and the timeline only: who dictates
    /// or slips elsewhere sets nothing off (WCAG 2.1.4).
    on_key(event) {
      if (event.defaultPrevented || event.ctrlKey || event.altKey
          || event.metaKey || this.help.open) {
        return;
      }
      const {target} = event;
      const typing = target.closest?.('select, input, dialog');
      const pressing = event.key === ' ' && target.closest?.('button, a');
      const inside = event.key === 'Escape'
        || target.closest?.('.graph, .time');
      const found = this.all.find(([, , key]) => key === event.key);
      if (typing || pressing || !inside || !found) return;
      event.preventDefault();
      found[3]();
    }
  }

  return {keys};
})();
