// Does to a copy of the project what docs/add-an-actor.md says, so the page can't be
// wrong: each block that is not of `sh` says in the words above it where it belongs.
//
//   In `FILE`, after `TEXT`:         behind the one line with this text;
//   In `FILE`, before `TEXT`:        before it
//   In `FILE`, instead of `TEXT`:    in its place
//   New file **FILE**:
//
// `FIRST … LAST` as the text is everything from the one line with FIRST to the next line
// that is LAST. What stood apart by an empty line still does.
//
//   node test/documents/add_an_actor.mjs --places     every place is in the tree
//   node test/documents/add_an_actor.mjs --self-test  pages with a fault are refused
//   node test/documents/add_an_actor.mjs --build      compiles the copy, runs the actor's
//       tests and the agent: the actor has to be started and restarted by the supervisor,
//       to be in the prompt's trace and in the live view; without its line in the tree of
//       actors it must be in none of them. Takes minutes, as messages/ is compiled into
//       everything.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import vm from 'node:vm';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const page_name = 'docs/add-an-actor.md';
const page = fs.readFileSync(path.join(project, page_name), 'utf8');

const actor = 'turn_counter';
const message = 'turn_ended';
const wiring = 'actors/agent_tree.cpp';

const limit_ms = 30_000; // for what takes less than a second

class Fault extends Error {}

const say = (text) => console.log(`add_an_actor: ${text}`);

// -- reading the page, and doing what it says ----------------------------------------

function placeIn(words) {
  const made = words.match(/[Nn]ew file \*\*([^*]+)\*\*:$/);
  if (made) return { how: 'new', file: made[1] };
  const found = words.match(/In `([^`]+)`, (after|before|instead of) `([^`]+)`:$/);
  return found && { how: found[2], file: found[1], text: found[3] };
}

// Returns the steps, and the commands of the first `sh` block.
function read(text) {
  const lines = text.split('\n');
  const steps = [];
  let commands = '';
  for (let i = 0; i < lines.length; ++i) {
    const fence = lines[i].match(/^```(\w*)$/);
    if (!fence) continue;
    const end = lines.indexOf('```', i + 1);
    const block = lines.slice(i + 1, end);
    let last = i - 1;
    while (lines[last] === '') --last;
    let first = last;
    while (lines[first - 1]) --first;
    const place = placeIn(lines.slice(first, last + 1).join(' '));
    if (fence[1] === 'sh') commands ||= block.join('\n');
    else if (place) steps.push({ ...place, block, at: `${page_name}:${last + 1}` });
    else throw new Fault(`${page_name}:${i + 1}: nothing says where this block belongs`);
    i = end;
  }
  return { steps, commands };
}

// The lines of a file, from and to, that a step is about.
function find(lines, { file, text, at }) {
  const [begin, end] = text.split(' … ');
  const found = lines.flatMap((line, i) => (line.includes(begin) ? [i] : []));
  if (found.length !== 1)
    throw new Fault(`${at}: ${found.length} lines of ${file} have this text: ${begin}`);
  const to = end ? lines.indexOf(end, found[0]) : found[0];
  if (to < 0) throw new Fault(`${at}: in ${file} no line behind "${begin}" is "${end}"`);
  return [found[0], to];
}

function insert(lines, step) {
  const [from, to] = find(lines, step);
  if (step.how === 'instead of') lines.splice(from, to - from + 1, ...step.block);
  else if (step.how === 'before')
    lines.splice(from, 0, ...step.block, ...(lines[from - 1] === '' ? [''] : []));
  else lines.splice(to + 1, 0, ...(lines[to + 1] === '' ? [''] : []), ...step.block);
}

// Returns the files that come of it, by name; `root` is not changed.
function apply(steps, root) {
  const files = new Map();
  for (const step of steps) {
    const { how, file, block, at } = step;
    const place = path.join(root, file);
    const is_there = files.has(file) || fs.existsSync(place);
    if (is_there === (how === 'new'))
      throw new Fault(`${at}: ${file} is ${is_there ? '' : 'not '}there`);
    const lines = how === 'new' ? [...block, '']
      : files.get(file) ?? fs.readFileSync(place, 'utf8').split('\n');
    if (how !== 'new') insert(lines, step);
    files.set(file, lines);
  }
  return new Map([...files].map(([file, lines]) => [file, lines.join('\n')]));
}

function checkLayout(files) {
  if (spawnSync('clang-format-14', ['--version']).error) return;
  for (const [file, text] of files) {
    if (!/\.[ch]pp$/.test(file)) continue;
    const { stdout } = spawnSync('clang-format-14', [`--assume-filename=${file}`],
      { cwd: project, input: text, encoding: 'utf8' });
    const line = text.split('\n').find((one, i) => one !== stdout.split('\n')[i]);
    if (stdout !== text)
      throw new Fault(`${page_name}: \`make format\` would change ${file}: ${line}`);
  }
}

function checkPlaces(text) {
  const { steps } = read(text);
  if (steps.length === 0) throw new Fault(`${page_name}: no block says where it belongs`);
  const files = apply(steps, project);
  checkLayout(files);
  return { steps, files };
}

// -- the copy ------------------------------------------------------------------------

function copyProject(to) {
  const left_out = new Set(['build', 'node_modules', '.git', '.cache']);
  fs.cpSync(project, to, {
    recursive: true,
    filter: (from) => !left_out.has(path.basename(from)),
  });
}

// Writes the files; of the actors' tests only those that the page names stay.
function write(files, root) {
  for (const [file, text] of files) fs.writeFileSync(path.join(root, file), text);
  const tests = path.join(root, 'test/actors');
  for (const name of fs.readdirSync(tests))
    if (name.endsWith('_test.cpp') && !files.has(`test/actors/${name}`))
      fs.rmSync(path.join(tests, name));
}

function sh(commands, root) {
  const { status, stdout, stderr } = spawnSync('sh', ['-eu', '-c', commands], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      CMAKE_GENERATOR: 'Ninja',
      CMAKE_BUILD_PARALLEL_LEVEL: String(os.availableParallelism()),
      CCACHE_BASEDIR: root,
      CCACHE_NOHASHDIR: '1',
    },
  });
  if (status !== 0)
    throw new Fault(`exit code ${status} of\n${commands}\n${(stdout + stderr).slice(-6000)}`);
  return stdout;
}

// -- the agent -----------------------------------------------------------------------

async function until(what, find) {
  const end = Date.now() + limit_ms;
  for (;;) {
    const found = await find();
    if (found) return found;
    if (Date.now() > end) throw new Fault(`${what} did not come in ${limit_ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// An agent of the copy in a folder of its own; `use` is given what can be done with it.
// It is ended by its own number. Returns its log and its trace.
async function withAgent(root, program, env, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-actor-'));
  const trace = path.join(folder, 'trace.jsonl');
  const child = spawn(path.join(root, 'build', program), ['--pipe-dir', folder,
    '--claude-command', path.join(root, 'build/fake_claude'), '--no-attach',
    '--log-level', 'debug', '--health-interval', '0', '--trace-file', trace,
    '--http', '127.0.0.1:0'],
  { env: { PATH: process.env.PATH, HOME: folder, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = once(child, 'exit');
  const log = [];
  readline.createInterface({ input: child.stderr }).on('line', (line) => {
    try {
      log.push(JSON.parse(line));
    } catch {
      log.push({ event: line });
    }
  });
  const logged = (event, more = {}) => log.filter((one) => one.event === event
    && Object.entries(more).every(([name, value]) => one[name] === value));
  let reader;
  try {
    await until('claude_ready', () => logged('claude_ready').length > 0);
    // Somebody has to read, or the answers wait in the agent.
    reader = fs.openSync(path.join(folder, 'claude.out.fifo'),
      fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const live = await use({ folder, logged });
    child.kill('SIGTERM');
    const [code] = await gone;
    if (code !== 0) throw new Fault(`${program} ended with exit code ${code}`);
    return { logged, live, life: await show(root, trace, uuidOf(1)) };
  } catch (error) {
    error.message += `\nThe log:\n${log.slice(-30).map((one) => JSON.stringify(one)).join('\n')}`;
    throw error;
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await gone;
    }
    if (reader !== undefined) fs.closeSync(reader);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const uuidOf = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

// Says something, and waits for the answer.
async function prompt({ folder, logged }, number) {
  const uuid = uuidOf(number);
  fs.appendFileSync(path.join(folder, 'claude.in.fifo'),
    `${JSON.stringify({ type: 'user', uuid, message: { role: 'user', content: 'Hello!' } })}\n`);
  await until('the answer', () => logged('prompt_answered', { uuid }).length > 0);
}

// A prompt's life, as `trace show` tells it.
async function show(root, trace, uuid) {
  const run = promisify(execFile);
  return (await run(path.join(root, 'build/container-agent'), ['trace', 'show', uuid, trace])).stdout;
}

// What the live view knows of an agent: its own scripts, fed with the stream that it reads.
// The status is asked for last, so with its questions all that was before it has come.
async function liveView(root, { folder, logged }) {
  const world = vm.createContext({ Intl, URLSearchParams });
  for (const name of ['text', 'vocabulary', 'store', 'model', 'layout'])
    vm.runInContext(fs.readFileSync(path.join(root, `main/trace/view/${name}.js`), 'utf8'), world);
  const view = vm.runInContext('view', world);
  const model = new view.model.model(new view.store.store(10_000));
  const url = `http://${logged('http_open')[0].address}`;
  await (await fetch(`${url}/status`)).text();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Fault('/trace lacks the last')), limit_ms);
  const { body } = await fetch(`${url}/trace`, { signal: stop.signal });
  let rest = '';
  reading: for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      model.take_line(line.slice(5));
      if (model.types.has('get_conversation_status')) break reading;
    }
  }
  clearTimeout(timer);
  stop.abort();
  const plan = view.layout.arrange([...model.actors.keys()], 1200);
  return { model, nodes: plan.nodes };
}

// -- what has to be there ------------------------------------------------------------

// Runs the built agent. Returns where the actor is missing.
async function look(root) {
  const { logged, live, life } = await withAgent(root, 'container-agent', {}, async (agent) => {
    await prompt(agent, 1);
    return liveView(root, agent);
  });
  const missing = [];
  if (logged('actor_started', { logger: 'supervisor', actor }).length !== 1)
    missing.push('supervised');
  if (logged(message, { logger: actor, turns: 1 }).length !== 1) missing.push('told');
  const { store } = live.model;
  const told = [...store.by_n.values()].find((one) => one.type === message);
  if (!new RegExp(`conversation → ${actor}: ${message} .*took=\\d+`).test(life)
    || store.by_n.get(told?.cause)?.type !== 'child_output_grew')
    missing.push('traced');
  if (!live.nodes.has(actor) || !(live.model.actors.get(actor)?.messages > 0))
    missing.push('shown');
  return { missing, life };
}

// The actor throws at the end of the first turn, when it has counted it.
async function checkRestart(root) {
  const env = { THROWING_AGENT_ONLY: `${actor} ::container_agent::${message} after` };
  const { logged, live } = await withAgent(root, 'throwing_agent', env, async (agent) => {
    await prompt(agent, 1);
    await until('the restart', () => agent.logged('actor_started', { actor }).length > 1);
    await prompt(agent, 2);
    return liveView(root, agent);
  });
  if (logged('restart_scheduled', { actor }).length !== 1
    || logged(message, { turns: 2 }).length !== 1 || live.model.actors.get(actor)?.restarts !== 1)
    throw new Fault('a failure of the actor is not followed by its restart');
}

async function build() {
  const { steps, files } = checkPlaces(page);
  const { commands } = read(page);
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-copy-'));
  let begun = Date.now();
  const done = (what) => {
    say(`${what} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    begun = Date.now();
  };
  try {
    copyProject(root);
    write(files, root);
    const passed = sh(commands, root).match(/\[  PASSED  \] (\d+) tests?\./);
    if (!passed || Number(passed[1]) === 0) throw new Fault(`no test ran in\n${commands}`);
    done(`${steps.length} steps in a copy, built; ${passed[1]} of the actor's tests passed`);

    const { missing, life } = await look(root);
    if (missing.length > 0) throw new Fault(`the actor is not ${missing.join(', ')}`);
    done('the actor is supervised, told, traced and shown');
    say(life.split('\n').find((line) => line.includes(actor)).trim());

    sh('cmake --build --preset release --target throwing_agent', root);
    await checkRestart(root);
    done('it is restarted, and goes on counting');

    fs.copyFileSync(path.join(project, wiring), path.join(root, wiring));
    sh('cmake --build --preset release --target container-agent', root);
    const without = await look(root);
    if (without.missing.join() !== 'supervised,told,traced,shown')
      throw new Fault(`without ${wiring} it is only not ${without.missing.join(', ')}`);
    done(`without ${wiring} it is not ${without.missing.join(', ')}`);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

// -- pages with a fault --------------------------------------------------------------

function selfTest() {
  const anchor = '`X(turn_drained)`';
  const cases = [
    ['the page', page, null],
    ['a text that is not there', page.replace(anchor, '`X(turn_trained)`'),
      /add-an-actor\.md:\d+: 0 lines of messages\/type_ids\.hpp have this text: X\(turn_trained\)/],
    ['a text that is there often', page.replace(anchor, '`X(`'), /md:\d+: \d\d lines of /],
    ['an end that is not there', page.replace('turn_drained { … };', 'turn_drained { … }!'),
      /no line behind "struct turn_drained \{" is "\}!"/],
    ['a file that is not there', page.replace('messages/type_ids', 'messages/types'),
      /messages\/types\.hpp is not there/],
    ['a new file that is there', page.replaceAll('actors/turn_counter.hpp**', `${wiring}**`),
      /agent_tree\.cpp is there/],
    ['a block that belongs nowhere', page.replace(`after ${anchor}:`, `${anchor}:`),
      /nothing says where/],
    ['a bad layout', page.replace('turn_counter_actor turn_counter;', 'turn_counter_actor  x;'),
      /make format/],
    ['no blocks', '# Add an actor\n', /no block says/],
  ];
  let bad = 0;
  for (const [what, text, wanted] of cases) {
    let found = '';
    try {
      checkPlaces(text);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      found = error.message;
    }
    if (wanted ? wanted.test(found) : found === '') continue;
    ++bad;
    console.error(`add_an_actor: error: self-test, ${what}: ${found || 'was accepted'}`);
  }
  say(`${cases.length} pages tried, ${bad} judged wrongly`);
  return bad;
}

async function main(argument) {
  try {
    if (argument === '--self-test') return selfTest() === 0 ? 0 : 1;
    if (argument === '--build') await build();
    else if (argument === '--places') say(`${checkPlaces(page).steps.length} places are there`);
    else throw new Fault('say --places, --self-test or --build');
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    console.error(`add_an_actor: error: ${error.message}`);
    return 1;
  }
}

process.exitCode = await main(process.argv[2]);
