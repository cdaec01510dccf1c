// Runs the commands of the manual: each `sh` block of README.md, CONTRIBUTING.md,
// SECURITY.md and docs/. A document can't say what does not work.
//
//   node test/documents/run.mjs [DOCUMENT[:LINE]]...   some of them only
//   node test/documents/run.mjs --list                 what is run, and what not and why
//   node test/documents/run.mjs --self-test            bad documents must be refused
//
// A block is run by `sh -eu` in a folder and a PID namespace of its own, with the built
// program and, as `claude`, the tests' stand-in; the stand-in's folders take the place of
// /run, /tmp, /workspace and /src. It has to end with exit code 0. Comments directly
// above a block say what is otherwise:
//
//   <!-- not run: REASON -->   it is not
//   <!-- beside: OPTIONS -->   an agent with these options runs already, in the pipes'
//                              folder: $AGENT. It has answered a prompt of the uuid UUID
//   <!-- prompt: TEXT -->      which was this, and is not answered but begun
//   <!-- shows: PATTERN -->    what it prints must match; it may run on then
//   <!-- each line -->         each of its lines is run for itself
//
// DOCUMENTS_BUILD: the release build, if it is not build/.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const project = path.resolve(here, '../..');
const build = process.env.DOCUMENTS_BUILD ?? path.join(project, 'build');

// What each block may take. Most take less than a second, on a machine with time for it.
const limit_ms = 60_000;
// What has to be too slow in the self-test.
const soon_ms = 2000;
// They wait more than they compute. Without root they take turns (test/isolated.sh).
const at_once = process.getuid() === 0 ? 6 : 1;

const known_marks = ['not run', 'beside', 'prompt', 'shows', 'each line'];
const command = new RegExp(
  '^(\\$ |(sudo |exec )?(container-agent|make|cmake|ctest|ninja|npm|node|docker|kubectl' +
    '|curl|socat|jq|claude|mkfifo|kill|tail|pgrep|(build|tools|test)/\\S+)( |$))',
);

// -- reading documents ---------------------------------------------------------------

// `<!-- NAME: VALUE -->`, or nothing.
function markIn(line) {
  const found = line.match(/^<!-- ([a-z ]+?)(?:: (.*))? -->$/);
  return found && { name: found[1], value: found[2]?.trim() ?? '' };
}

function marksAbove(lines, at, complain) {
  const marks = {};
  for (let i = at - 1; i >= 0 && lines[i].startsWith('<!--'); --i) {
    const mark = markIn(lines[i]);
    if (!mark || !known_marks.includes(mark.name)) complain(i, `unknown mark: ${lines[i]}`);
    else marks[mark.name] = mark.value;
  }
  if (marks['not run'] === '') complain(at, 'this block is not run, and no reason is given');
  return marks;
}

// Also where a block is not run, a target has to be there.
const targets = new Set(
  fs.readFileSync(path.join(project, 'Makefile'), 'utf8').match(/^[a-z-]+(?=:)/gm),
);
const missingTargets = (line) =>
  [...line.matchAll(/(?:^|&& |sudo )make ([a-z-]+)/g)].map(([, name]) => name)
    .filter((name) => !targets.has(name));

// Returns { blocks, complaints } of a document. A block is { place, text, marks }.
function read(name, text) {
  const lines = text.split('\n');
  const blocks = [];
  const complaints = [];
  const complain = (i, what) => complaints.push(`${name}:${i + 1}: ${what}`);
  let fence = null;
  lines.forEach((line, i) => {
    const found = line.match(/^ *```(\w*)/);
    if (fence && found) {
      if (fence.language === 'sh') {
        const marks = marksAbove(lines, fence.at, complain);
        const inside = lines.slice(fence.at + 1, i);
        const place = (at) => `${name}:${fence.at + 1 + at}`;
        if ('each line' in marks)
          inside.forEach((one, n) => {
            if (one.trim()) blocks.push({ place: place(n + 1), text: one, marks });
          });
        else blocks.push({ place: place(0), text: inside.join('\n'), marks });
      }
      fence = null;
    } else if (found) {
      fence = { at: i, language: found[1] };
    } else if (fence?.language === 'sh') {
      for (const name of missingTargets(line)) complain(i, `the Makefile has no ${name}`);
    } else if ((fence?.language === '' || (!fence && line.startsWith('    ')))
        && command.test(line.trim())) {
      complain(i, `a command outside of a block of sh: ${line.trim()}`);
    }
  });
  return { blocks, complaints };
}

function documents() {
  const docs = fs.readdirSync(path.join(project, 'docs'), { recursive: true });
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs.map((one) => `docs/${one}`)]
    .filter((one) => one.endsWith('.md'))
    .map((name) => [name, fs.readFileSync(path.join(project, name), 'utf8')]);
}

// -- running a block -----------------------------------------------------------------

// Runs within the block's namespace; ends only when it is ended.
const harness = `
: >../begun
if [ -n "\${BESIDE+set}" ]; then
  eval "exec container-agent $BESIDE" >../beside.log 2>&1 &
  export AGENT=$!
  until container-agent health --ready >/dev/null 2>&1; do sleep 0.05; done
  echo '{"type":"user","uuid":"UUID","message":{"role":"user","content":"'"$PROMPT"'"}}' \\
    >claude.in.fifo
  until grep -qs "$AWAIT" claude.state/events.log; do sleep 0.05; done
  case $BESIDE in # the file is a moment behind
    *--trace-file*)
      until container-agent trace show UUID "\${BESIDE##*--trace-file }" >/dev/null 2>&1
      do sleep 0.05; done ;;
  esac
  unset BESIDE PROMPT AWAIT
fi
sh -eu ../block.sh >../output 2>&1
echo $? >../ended.new
mv ../ended.new ../ended
sleep 1000
`;

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// What a reader's machine has, within `folder`.
function localized(text, folder, port) {
  return text
    .replace(/(^|[\s"'=:>])\/(run|tmp|workspace|src)(?=[/\s"']|$)/gm, `$1${folder}/$2`)
    .replaceAll(':9464', `:${port}`);
}

function makeFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-doc-'));
  const pipes = path.join(folder, 'tmp/cc-bridge-pipes');
  for (const one of [pipes, ...['bin', 'home', 'run', 'src', 'workspace'].map(
    (name) => path.join(folder, name))])
    fs.mkdirSync(one, { recursive: true });
  fs.symlinkSync('../tmp/cc-bridge-pipes', path.join(folder, 'run/claude'));
  fs.symlinkSync(path.join(build, 'container-agent'), path.join(folder, 'bin/container-agent'));
  fs.symlinkSync(path.join(build, 'fake_claude'), path.join(folder, 'bin/claude'));
  return { folder, pipes };
}

function processesOf(folder) {
  const mark = Buffer.from(`DOCUMENT_BLOCK=${folder}\0`);
  return fs.readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return fs.readFileSync(`/proc/${pid}/environ`).includes(mark);
    } catch {
      return false; // gone, or another user's
    }
  });
}

// The namespace ends with its first process. Without one, what was started has a mark.
async function endAll(child, folder) {
  if (child.exitCode === null) child.kill('SIGKILL');
  for (let tries = 0; tries < 100; ++tries) {
    const left = processesOf(folder);
    if (left.length === 0) return '';
    for (const pid of left)
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    await sleep(50);
  }
  return `left running: ${processesOf(folder).join(', ')}`;
}

function contents(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

// Waits for what shall come of it. Returns what is wrong.
async function outcome(child, folder, marks, limit) {
  const file = (name) => path.join(folder, name);
  const wanted = marks.shows && new RegExp(marks.shows, 'm');
  let end = Infinity;
  for (;;) {
    const code = contents(file('ended')).trim();
    const shown = !wanted || wanted.test(contents(file('output')));
    if (code !== '' && code !== '0') return `exit code ${code}`;
    if (shown && (wanted || code === '0')) return '';
    if (child.exitCode !== null) return 'could not be run';
    if (end === Infinity && fs.existsSync(file('begun'))) end = Date.now() + limit;
    if (Date.now() > end)
      return code === '0' || wanted
        ? `nothing like ${marks.shows} was shown within ${limit / 1000} s`
        : `not done after ${limit / 1000} s`;
    await sleep(30);
  }
}

const indented = (title, text) =>
  text.trim() && `  ${title}:\n${text.trim().split('\n').slice(-15)
    .map((line) => `    ${line.slice(0, 300)}`).join('\n')}\n`;

// Returns what is wrong with a block, or nothing.
async function run({ text, marks }, limit = limit_ms) {
  const { folder, pipes } = makeFolder();
  const port = await freePort();
  fs.writeFileSync(path.join(pipes, '../block.sh'), `${localized(text, folder, port)}\n`);
  const environment = {
    PATH: `${folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    CONTAINER_AGENT_PIPE_DIR: pipes,
    CONTAINER_AGENT_TRACE_DIR: `${folder}/tmp/container-agent-trace`,
    CONTAINER_AGENT_ENV_PASS: 'FAKE_CLAUDE_STATE',
    FAKE_CLAUDE_STATE: `${folder}/home`,
    DOCUMENT_BLOCK: folder,
  };
  if ('beside' in marks) {
    environment.BESIDE = localized(marks.beside, folder, port);
    environment.PROMPT = marks.prompt ?? 'Hello!';
    environment.AWAIT = marks.prompt ? '"subtype":"init"' : '"type":"result"';
  }
  const child = spawn(path.join(project, 'test/isolated.sh'), ['sh', '-c', harness], {
    cwd: pipes, env: environment, stdio: 'ignore', detached: true,
  });
  const wrong = await outcome(child, path.join(folder, 'tmp'), marks, limit);
  const output = contents(path.join(folder, 'tmp/output'));
  const log = contents(path.join(folder, 'tmp/beside.log'));
  const left = await endAll(child, folder);
  fs.rmSync(folder, { recursive: true, force: true });
  if (!wrong && !left) return null;
  return [wrong, left].filter(Boolean).join('; ') + '\n'
    + indented('printed', output) + indented('the agent beside it', log);
}

// -- all of them ---------------------------------------------------------------------

// Returns { ran, skipped, complaints }.
async function check(all, { only = [], limit = limit_ms } = {}) {
  const complaints = [];
  const waiting = [];
  let skipped = 0;
  for (const [name, text] of all) {
    const found = read(name, text);
    complaints.push(...found.complaints);
    for (const block of found.blocks) {
      if (only.length > 0 && !only.some((one) => [name, block.place].includes(one))) continue;
      if ('not run' in block.marks) ++skipped;
      else waiting.push(block);
    }
  }
  const ran = waiting.length;
  const work = async () => {
    for (let block = waiting.shift(); block; block = waiting.shift()) {
      const begun = Date.now();
      const wrong = await run(block, limit);
      if (wrong) complaints.push(`${block.place}: ${wrong}`);
      if (process.env.DOCUMENTS_TIMES) console.log(`${block.place}: ${Date.now() - begun} ms`);
    }
  };
  await Promise.all(Array.from({ length: at_once }, work));
  return { ran, skipped, complaints };
}

const fenced = (text, ...marks) => [...marks, '```sh', text, '```', ''].join('\n');

async function selfTest() {
  const cases = [
    ['what works', fenced('echo hello'), null],
    ['a wrong option', fenced('container-agent --chekc'), /exit code 2[^]*unknown option/],
    ['a command that fails before another', fenced('false\ntrue'), /exit code 1/],
    ['a block without a mark that can\'t run', fenced('make demo'), /exit code 2/],
    ['a target that is not there', fenced('make nothing', '<!-- not run: no -->'), /no nothing/],
    ['a variable that nobody has set', fenced('echo "$NOBODY"'), /exit code 2/],
    ['a reason', fenced('make demo', '<!-- not run: compiles -->'), null],
    ['no reason', fenced('make demo', '<!-- not run:  -->'), /no reason/],
    ['an unknown mark', fenced('true', '<!-- skipped: no -->'), /unknown mark/],
    ['what does not end', fenced('sleep 98'), /not done/, soon_ms],
    ['what is not shown', fenced('echo one', '<!-- shows: two -->'), /nothing like two/, soon_ms],
    ['what is shown', fenced('echo one; sleep 98', '<!-- shows: ^one$ -->'), null],
    ['one line of two', fenced('true\nfalse', '<!-- each line -->'), /a.md:4: exit code 1/],
    ['an agent', fenced('container-agent status', '<!-- beside -->'), null],
    ['no agent', fenced('container-agent status'), /exit code 1/],
    ['a command in another block', 'So:\n\n    container-agent --check\n', /outside/],
    ['a command in a block without a language', '```\nmake all\n```\n', /outside/],
    ['an output in a block', 'So:\n\n    container-agent: 7 has no unit\n', null],
  ];
  const results = await Promise.all(
    cases.map(([, text, , limit]) => check([['a.md', text]], { limit })),
  );
  let bad = 0;
  cases.forEach(([what, , wanted], i) => {
    const found = results[i].complaints.join('\n');
    if (wanted ? wanted.test(found) : found === '') return;
    ++bad;
    console.error(`documents: error: self-test, ${what}: ${found || 'was accepted'}`);
  });
  console.log(`documents: ${cases.length} documents tried, ${bad} judged wrongly`);
  return bad === 0 ? 0 : 1;
}

async function main(args) {
  if (args[0] === '--self-test') return selfTest();
  const all = documents();
  if (args[0] === '--list') {
    for (const [name, text] of all)
      for (const { place, marks } of read(name, text).blocks)
        console.log(place, 'not run' in marks ? `not run: ${marks['not run']}` : 'run');
    return 0;
  }
  const begun = Date.now();
  const { ran, skipped, complaints } = await check(all, { only: args });
  for (const complaint of complaints) console.error(`documents: error: ${complaint}`);
  console.log(`documents: ${ran} blocks run, ${skipped} not run (--list says why), `
    + `${complaints.length} faults, ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  return complaints.length === 0 && (ran > 0 || args.length > 0) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
