// Builds the images of docker/Dockerfile in an engine, and runs the tests that
// need them. Run by ctest, or by hand for some of the tests:
//
//   node test/container/run.mjs [part of a file's name]...
//   node test/container/run.mjs --prepare    only what the images begin with
//
// The images take the program and the Claude Code that this machine has already:
// two stages of the Dockerfile are replaced by a COPY. ENGINE_ALL=1 builds the
// Dockerfile as it is, and runs the tests that install more into an image.
//
// ENGINE_BUILD: the release build, if it is not build/.
// Uses the engine that runs; else starts Debian's for as long as it takes. What
// that engine has built stays in build/engine, so the second time is quick.
// Exit code 77: no engine can run here, which ctest shows as skipped.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeBase, makeNode } from './base_images.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const project = path.resolve(here, '../..');
const buildFolder = process.env.ENGINE_BUILD ?? path.join(project, 'build');
const state = path.join(project, 'build/engine');

const say = (text) => console.log(`engine: ${text}`);

// Where containers have to be tested (.ci/run says so), it is a failure.
function skip(why) {
  if (process.env.ENGINE_REQUIRED) throw new Error(why);
  console.log(`engine: SKIPPED, no container was tested: ${why}`);
  process.exit(77);
}

const engineAnswers = () =>
  spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore' })
    .status === 0;

// The interface to the outside may take less than the 1,500 bytes that an engine
// expects, and then downloads from inside stall.
function mtu() {
  try {
    const route = JSON.parse(execFileSync('ip', ['-j', 'route', 'show', 'default']));
    return fs.readFileSync(`/sys/class/net/${route[0].dev}/mtu`, 'utf8').trim();
  } catch {
    return '1500';
  }
}

// Returns how to stop it.
async function startEngine() {
  const run = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-engine-')); // short: it holds sockets
  fs.mkdirSync(state, { recursive: true });
  process.env.DOCKER_HOST = `unix://${run}/docker.sock`;
  // It must not outlive this, however this ends.
  const daemon = spawn('setpriv', ['--pdeathsig', 'TERM', 'dockerd',
    '--data-root', path.join(state, 'data'), '--exec-root', path.join(run, 'exec'),
    '--pidfile', path.join(run, 'pid'), '-H', process.env.DOCKER_HOST, '--mtu', mtu(),
  ], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const stop = async () => {
    if (daemon.exitCode === null && daemon.signalCode === null) {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await ended;
    }
    fs.rmSync(run, { recursive: true, force: true });
  };
  const log = fs.createWriteStream(path.join(state, 'dockerd.log'));
  const lines = readline.createInterface({ input: daemon.stderr });
  const ready = await new Promise((resolve) => {
    daemon.once('error', () => resolve(false));
    lines.on('line', (line) => {
      log.write(line + '\n');
      if (line.includes('API listen on')) resolve(true);
    });
    lines.once('close', () => resolve(false));
  });
  if (ready) return stop;
  await stop();
  console.log(fs.readFileSync(path.join(state, 'dockerd.log'), 'utf8').split('\n').slice(-15).join('\n'));
  skip('dockerd does not start, see above');
}

// What the tests import, once for each state of the lock file.
async function installPackages() {
  const lock = fs.readFileSync(path.join(here, 'package-lock.json'), 'utf8');
  const stamp = path.join(here, 'node_modules/.container-agent-lock');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  say('installing the schemas of Kubernetes with npm ci (about 50 MB)');
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund',
    '--no-update-notifier', '--loglevel=error'], { cwd: here });
  fs.writeFileSync(stamp, lock);
}

// A proxy of this machine is one for the build, too.
const proxies = ['http_proxy', 'https_proxy', 'no_proxy']
  .filter((name) => process.env[name])
  .flatMap((name) => ['--build-arg', name]);

// BuildKit works at several stages at a time, and only at those that are needed.
// Debian's client has it; from version 23 on it is a plugin. This machine may have
// another client in front of Debian's.
function buildKit() {
  const run = (...command) => spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  return ['docker', '/usr/bin/docker'].find((docker) => {
    const version = run(docker, 'version', '--format', '{{.Client.Version}}');
    return version.status === 0
      && (parseInt(version.stdout) < 23 || run(docker, 'buildx', 'version').status === 0);
  });
}

async function build(docker, context, tag, ...args) {
  const begun = Date.now();
  await promisify(execFile)(docker ?? 'docker',
    ['build', '-f', path.join(context, context === '.' ? 'docker/Dockerfile' : 'Dockerfile'),
      '-t', tag, ...proxies, ...args, context],
    { maxBuffer: 1 << 28, env: { ...process.env, DOCKER_BUILDKIT: docker ? '1' : '0' } })
    .catch((error) => {
      console.log((error.stdout + error.stderr).split('\n').slice(-60).join('\n'));
      throw new Error(`docker build of ${tag} ended with ${error.code}`);
    });
  say(`${tag} built in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
}

const everything = Boolean(process.env.ENGINE_ALL);

const prepare = () => Promise.all([
  installPackages(),
  makeBase(say).then(() => everything && makeNode(say)),
]);

// docker/Dockerfile, but what the stages of these names make is copied from the
// context's folders instead.
function withStagesReplaced(text, stages) {
  const parts = text.split(/^(?=FROM )/m);
  for (const [name, copy] of Object.entries(stages)) {
    const at = parts.findIndex((part) => part.split('\n')[0].endsWith(` AS ${name}`));
    if (at < 0) throw new Error(`docker/Dockerfile has no stage '${name}'`);
    parts[at] = `FROM scratch AS ${name}\nCOPY ${copy}\n`;
  }
  return parts.join('');
}

// A folder with the program as the build's own rules bundle it, and with Claude
// Code as it was installed for the other tests.
function makeContext() {
  const context = fs.mkdtempSync(path.join(os.tmpdir(), 'ca-image-'));
  execFileSync('cmake', ['--install', buildFolder, '--component', 'bundle', '--strip',
    '--prefix', path.join(context, 'bundle')], { stdio: ['ignore', 'ignore', 'inherit'] });
  fs.copyFileSync(fs.realpathSync('test/claude_code/node_modules/.bin/claude'),
    path.join(context, 'claude'));
  fs.chmodSync(path.join(context, 'claude'), 0o755);
  fs.writeFileSync(path.join(context, 'Dockerfile'),
    withStagesReplaced(fs.readFileSync('docker/Dockerfile', 'utf8'), {
      build: 'bundle /opt/container-agent',
      'claude-code': 'claude /opt/claude-code/claude',
    }));
  return context;
}

async function buildImages() {
  const docker = buildKit();
  say(docker ? 'building with BuildKit' : 'building with the classic builder');
  await makeBase(say);
  if (everything) await makeNode(say);
  const context = everything ? '.' : makeContext();
  try {
    // In this order: the classic builder would make what they share twice.
    await build(docker, context, 'container-agent:test-slim', '--target', 'slim');
    await build(docker, context, 'container-agent:test');
  } finally {
    if (!everything) fs.rmSync(context, { recursive: true, force: true });
  }
}

// Whether all is well with the tests in these files.
async function test(files, concurrency) {
  let well = true;
  await new Promise((resolve) => {
    run({ files, concurrency }).on('test:fail', () => { well = false; })
      .compose(new Spec()).on('end', resolve).pipe(process.stdout);
  });
  return well;
}

async function main() {
  process.chdir(project);
  if (process.getuid() !== 0 && !engineAnswers())
    skip('starting an engine needs root');
  const stop = engineAnswers() ? async () => {} : await startEngine();
  let well = false;
  try {
    if (process.argv[2] === '--prepare') {
      await prepare();
      well = true;
      return;
    }
    const begun = Date.now();
    const passed = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;
    await Promise.all([installPackages(), buildImages()]);
    const wanted = process.argv.slice(2);
    const files = fs.readdirSync(here)
      .filter((name) => name.endsWith('.test.mjs'))
      .filter((name) => !wanted.length || wanted.some((part) => name.includes(part)))
      .map((name) => path.join(here, name));
    if (!files.length) throw new Error(`no test file has ${wanted.join(' or ')} in its name`);
    const testing = Date.now();
    // What measures does so alone.
    const measures = files.filter((name) => name.endsWith('measures.test.mjs'));
    well = await test(files.filter((name) => !measures.includes(name)), os.cpus().length);
    well = await test(measures, 1) && well;
    say(`the tests took ${passed(testing)}, all of it ${passed(begun)}`);
  } finally {
    await stop();
    process.exitCode = well ? 0 : 1;
  }
}

await main();
process.exit();
