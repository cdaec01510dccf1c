'use strict';
// Light or dark as the system has it, before anything is drawn.
document.documentElement.dataset.theme
  = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
