'use strict';
// A chromium without a screen and without a network, and pages in it.
const {existsSync} = require('node:fs');
const {join} = require('node:path');
const puppeteer = require('puppeteer-core');

const root = join(__dirname, '..', '..');
const page_file = process.env.VIEW_PAGE
  || join(root, 'build', 'view', 'page.html');

/// Only a fault takes so long: others may build on this machine.
const patience_ms = 120_000;

function need(path, hint) {
  if (!existsSync(path)) {
    throw new Error(`view: ${path} is missing: ${hint}`);
  }
  return path;
}

async function launch() {
  need(page_file, 'run test/view/run.sh, which builds it');
  return puppeteer.launch({
    executablePath: need(process.env.CHROMIUM || '/usr/bin/chromium',
      'install it: tools/install-dependencies.sh test'),
    timeout: patience_ms,
    // As root, chromium starts only so.
    args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars',
      '--disable-background-networking', '--disable-component-update',
      '--no-first-run', '--force-color-profile=srgb'],
    env: {...process.env, TZ: 'UTC'},
  });
}

/// A page that reaches 127.0.0.1 only and shares nothing with other pages; what
/// goes wrong in it is collected in `page.complaints`, what it wanted from
/// elsewhere in `page.strangers`.
async function new_page(browser, {width = 1440, height = 900, dark = false,
  calm = false, touch = false} = {}) {
  const page = await (await browser.createBrowserContext()).newPage();
  page.setDefaultTimeout(patience_ms);
  page.complaints = [];
  page.strangers = [];
  page.on('pageerror', error => page.complaints.push(String(error)));
  page.on('console', line => {
    if (line.type() === 'error') page.complaints.push(line.text());
  });
  await page.setRequestInterception(true);
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.protocol === 'file:' || url.protocol === 'data:'
        || url.hostname === '127.0.0.1') {
      request.continue();
    } else {
      page.strangers.push(request.url());
      request.abort();
    }
  });
  await page.setViewport({width, height, hasTouch: touch});
  await page.emulateMediaFeatures([
    {name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'},
    {name: 'prefers-reduced-motion', value: calm ? 'reduce' : 'no-preference'},
  ]);
  return page;
}

module.exports = {launch, new_page, page_file, root};
