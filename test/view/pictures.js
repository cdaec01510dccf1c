'use strict';
// Takes the pictures of the documents: a made-up life at its ninth second, and
// one prompt's way through the actors.
const {mkdirSync, statSync} = require('node:fs');
const {join} = require('node:path');
const {launch, new_page, page_file, root} = require('./browser.js');
const {server, play} = require('./server.js');

const folder = join(root, 'docs', 'pictures');
const max_bytes = 200 * 1000;

/// The newest answer to the host, and what led to it, from side to side.
function look_closer() {
  const {store, timeline} = view.app;
  const answer = store.find(store.next - 1, -1, item =>
    item.type === 'input_grew');
  timeline.space.span = 260e3;
  timeline.select(answer);
  timeline.space.left = answer.start - 60e3;
}

async function take(browser, agent, name, dark) {
  const page = await new_page(browser, {dark});
  await page.goto(agent.url);
  await page.waitForFunction(() => view.app.store.total > 600
    && view.app.graph.dots.length > 6);
  if (dark) await page.evaluate(look_closer);
  await new Promise(resolve => setTimeout(resolve, 900));
  const path = join(folder, name);
  await page.screenshot({path});
  const {size} = statSync(path);
  console.log(`view: ${path}, ${size} bytes`);
  if (size > max_bytes) throw new Error(`${name} is over ${max_bytes} bytes`);
  if (page.complaints.length) throw new Error(page.complaints.join('\n'));
  await page.close();
}

async function main() {
  mkdirSync(folder, {recursive: true});
  const agent = await new server(page_file).start();
  const stop = play(agent);
  const browser = await launch();
  try {
    await new Promise(resolve => setTimeout(resolve, 9000));
    await take(browser, agent, 'view-light.png', false);
    await take(browser, agent, 'view-dark.png', true);
  } finally {
    await browser.close();
    stop();
    await agent.stop();
  }
}

main();
