// A container under test, and how the tests ask the engine for it. Nothing here
// sleeps: what is waited for is a line, an event or the end of a command.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

// For whatever is waited for. Claude Code is 380 MB to load, and other tests or
// a build may run beside it.
export const patience = 90_000;

// Built by test/container/run.mjs.
export const image = 'container-agent:test';
export const slim = 'container-agent:test-slim';
export const base = 'debian:bookworm-slim';

// The release build.
export const buildFolder = process.env.ENGINE_BUILD ?? 'build';

// All that the tests make has this label, and goes by it.
export const label = `container-agent-test=${process.pid}`;

// Who the agent is in the image; the host is somebody else of the same group.
export const agentUser = { uid: 10001, gid: 10001 };
export const hostUser = { uid: 4242, gid: 10001 };

export async function docker(...args) {
  const { stdout } = await run('docker', args, { maxBuffer: 64 << 20 });
  return stdout.trim();
}

// The exit code and what was said, also of a command that fails.
export async function attempt(program, args, options = {}) {
  try {
    const { stdout, stderr } = await run(program, args, options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

export async function removeAll() {
  const ids = await docker('ps', '-aq', '--filter', `label=${label}`);
  if (ids) await docker('rm', '-fv', ...ids.split('\n'));
  const images = await docker('images', '-q', '--filter', `label=${label}`);
  if (images) await docker('rmi', ...new Set(images.split('\n')));
}

// Lines of a stream, those that came and those to come.
export class Lines {
  all = [];
  #waiting = new Set();
  #ended = '';

  constructor(stream) {
    const lines = readline.createInterface({ input: stream });
    lines.on('line', (line) => {
      this.all.push(line);
      for (const look of [...this.#waiting]) look();
    });
    lines.on('close', () => {
      this.#ended = ' (the stream has ended)';
      for (const look of [...this.#waiting]) look();
    });
  }

  // What `find` makes of the first line from number `from` on for which that is
  // not undefined.
  until(find, what, from = 0) {
    return new Promise((resolve, reject) => {
      let next = from;
      const end = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle(value);
      };
      const fail = (why) =>
        end(reject, new Error(`${what} did not come ${why}; the last lines:\n`
          + this.all.slice(-15).map((line) => line.slice(0, 300)).join('\n')));
      const look = () => {
        while (next < this.all.length) {
          const found = find(this.all[next++]);
          if (found !== undefined) return end(resolve, found);
        }
        if (this.#ended) fail(this.#ended);
      };
      const timer = setTimeout(() => fail(`within ${patience / 1000} s`), patience);
      this.#waiting.add(look);
      look();
    });
  }
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

// The host: a user of the machine with two FIFOs in a folder of its own.
export class Host {
  constructor({ user = hostUser, instances = ['claude'], fifos = true } = {}) {
    this.user = user;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engine-'));
    fs.chmodSync(this.folder, 0o755);
    this.pipes = path.join(this.folder, 'pipes');
    fs.mkdirSync(this.pipes);
    fs.chownSync(this.pipes, user.uid, user.gid);
    fs.chmodSync(this.pipes, 0o770);
    this.children = [];
    this.fifos = fifos;
    this.instances = instances;
  }

  async open() {
    for (const name of this.instances)
      for (const end of ['in', 'out'])
        if (this.fifos) await this.#as('mkfifo', '-m', '0660', this.fifo(name, end));
    this.out = {};
    for (const name of this.instances) {
      // Opened for reading and writing, so that no end is seen while the agent
      // is away, and what is in the pipe stays there.
      const child = this.#spawn('sh', ['-c', 'exec cat <>"$1"', 'sh', this.fifo(name, 'out')]);
      this.out[name] = new Lines(child.stdout);
    }
    return this;
  }

  fifo(name, end) {
    return path.join(this.pipes, `${name}.${end}.fifo`);
  }

  async write(text, name = 'claude') {
    const child = this.#spawn('sh', ['-c', 'exec cat >"$1"', 'sh', this.fifo(name, 'in')]);
    child.stdin.end(text + '\n');
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`the host's writer ended with ${code}`);
  }

  // Opens an input, writes a line, and holds it open until `close`.
  async hold(text = 'first', name = 'claude') {
    const child = this.#spawn('sh', ['-c', 'exec 3<>"$1"; echo "$2" >&3; echo held; exec cat >&3',
      'sh', this.fifo(name, 'in'), text]);
    await once(child.stdout, 'data');
  }

  prompt(text, uuid, name) {
    const message = { type: 'container_agent', subtype: 'prompt', text, uuid };
    return this.write(JSON.stringify(message), name);
  }

  record(subtype, { name = 'claude', from = 0 } = {}) {
    return this.out[name].until((line) => {
      const it = parsed(line);
      return it.type === 'container_agent' && it.subtype === subtype ? it : undefined;
    }, `the record '${subtype}'`, from);
  }

  result(uuid, { name = 'claude', from = 0 } = {}) {
    return this.out[name].until((line) => {
      const it = parsed(line);
      return it.type === 'result' && it.user_message_uuids?.includes(uuid) ? it : undefined;
    }, `the result of ${uuid}`, from);
  }

  async ask(text, uuid, name) {
    await this.prompt(text, uuid, name);
    return (await this.result(uuid, { name })).result;
  }

  // How many results a prompt has had.
  results(uuid, name = 'claude') {
    return this.out[name].all.filter((line) => {
      const it = parsed(line);
      return it.type === 'result' && it.user_message_uuids?.includes(uuid);
    }).length;
  }

  seen(name = 'claude') {
    return this.out[name].all.length;
  }

  async #as(program, ...args) {
    await run(program, args, this.user);
  }

  #spawn(program, args) {
    // A reader that never ends must not outlive a test that was killed.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args],
      { ...this.user, stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.push(child);
    return child;
  }

  close() {
    for (const child of this.children) child.kill('SIGKILL');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// What docs/docker.md recommends for every container.
export const hardened = [
  '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL',
  '--security-opt', 'no-new-privileges', '--pids-limit', '256',
];

// With this the next agent goes on with the conversation: its own part of it is
// beside the pipes.
export const kept = ['-v', '/home/agent/.claude'];

// With this, below another process 1, with Claude itself.
export const keepingClaude = ['-e', 'CONTAINER_AGENT_KEEP_CLAUDE=true', ...kept];

// An image made of a Dockerfile without a context; it goes with the tests.
export async function buildImage(dockerfile) {
  const child = spawn('docker', ['build', '-q', '--label', label, '-'],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(dockerfile);
  let id = '';
  child.stdout.on('data', (data) => { id += data; });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`docker build ended with ${code}:\n${dockerfile}`);
  return id.trim();
}

// One container; `args` stand between `docker run` and the image.
export class Container {
  static async start(args, command = [], from = image) {
    const id = await docker('run', '-d', '--label', label, ...args, from, ...command);
    return new Container(id);
  }

  // As `start`, and with the host's pipes.
  static withPipes(host, args, command, from) {
    return Container.start(
      ['-v', `${host.pipes}:/tmp/cc-bridge-pipes:rw`, ...args], command, from);
  }

  constructor(id) {
    this.id = id;
  }

  // A field of `docker inspect`, such as '.State.Pid'.
  async field(name) {
    return JSON.parse(await docker('inspect', '--format', `{{json ${name}}}`, this.id));
  }

  // What it says on stderr: the agent's log.
  logs() {
    return this.#follow('stderr');
  }

  output() {
    return this.#follow('stdout');
  }

  #follow(stream) {
    this.follower = spawn('docker', ['logs', '-f', this.id]);
    return new Lines(this.follower[stream]);
  }

  // The engine's events about it, from its start.
  events(...filters) {
    const child = spawn('docker', ['events', '--since', '0',
      '--filter', `container=${this.id}`,
      ...filters.flatMap((filter) => ['--filter', filter]),
      '--format', '{{.Status}}']);
    this.watcher = child;
    return new Lines(child.stdout);
  }

  exec(...command) {
    return docker('exec', this.id, ...command);
  }

  // [pid on the host, state, name] of all its processes.
  async processes() {
    const text = await docker('top', this.id, '-eo', 'pid,stat,comm');
    return text.split('\n').slice(1).map((line) => line.trim().split(/\s+/));
  }

  async wait() {
    return Number(await docker('wait', this.id));
  }

  async remove() {
    this.follower?.kill();
    this.watcher?.kill();
    await docker('rm', '-fv', this.id);
  }
}

// The container first: it holds the pipes.
export async function end(host, ...containers) {
  try {
    for (const container of containers) await container?.remove();
  } finally {
    host.close();
  }
}

// A host, a container that asks `api`, and its first `ready`; all of it goes
// with the test. `args` for docker run, `command` for the agent.
export async function beginConversation(t, api, args = [], command = [], from = image,
  host = new Host()) {
  await host.open();
  let container;
  t.after(() => end(host, container));
  const state = args.some((arg) => arg.includes('/home/agent/.claude'))
    ? [] : ['--tmpfs', '/home/agent/.claude:uid=10001,gid=10001'];
  container = await Container.withPipes(host,
    [...hardened, ...api.args, ...state, ...args], command, from);
  await host.record('ready').catch(async (error) => {
    const { stdout, stderr } = await attempt('docker', ['logs', container.id]);
    error.message += `\nThe log:\n${stdout}${stderr}`;
    throw error;
  });
  return { host, container };
}
