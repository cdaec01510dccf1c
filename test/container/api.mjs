// The stand-in for the Messages API, on the host, and a network in which
// containers reach it and nothing else.
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import { after, before } from 'node:test';
import { buildFolder, docker, label, removeAll } from './engine.mjs';

const program = path.join(buildFolder, 'messages_api_stand_in');

export class Api {
  // The stand-in listens on 127.0.0.1 only. Containers come in by the gateway of
  // a network without a way out, and are passed on.
  async start() {
    this.child = spawn(program, ['--port', '0', '--until-stdin-closes'],
      { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = readline.createInterface({ input: this.child.stdout });
    const [line] = await new Promise((resolve, reject) => {
      lines.once('line', (text) => resolve([text]));
      this.child.once('error', reject);
    });
    this.port = Number(line.split(':').at(-1));
    this.network = `container-agent-test-${process.pid}`;
    await docker('network', 'create', '--internal', '--label', label, this.network);
    this.gateway = await docker('network', 'inspect', '--format',
      '{{(index .IPAM.Config 0).Gateway}}', this.network);
    this.relay = net.createServer((from) => {
      const to = net.connect(this.port, '127.0.0.1');
      for (const [one, other] of [[from, to], [to, from]]) {
        one.on('error', () => other.destroy());
        one.pipe(other);
      }
    });
    await new Promise((resolve, reject) => {
      this.relay.once('error', reject);
      this.relay.listen(0, this.gateway, resolve);
    });
    this.url = `http://${this.gateway}:${this.relay.address().port}`;
  }

  // What a container needs to ask it.
  get args() {
    return ['--network', this.network, ...Object.entries(this.environment)
      .flatMap(([name, value]) => ['-e', `${name}=${value}`])];
  }

  get environment() {
    return {
      ANTHROPIC_BASE_URL: this.url,
      ANTHROPIC_API_KEY: 'dummy',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    };
  }

  async #control(method, what) {
    const reply = await fetch(`http://127.0.0.1:${this.port}/control/${what}`, { method });
    if (!reply.ok) throw new Error(`the stand-in said ${reply.status} to ${what}`);
    return reply.text();
  }

  release() {
    return this.#control('POST', 'release');
  }

  hold() {
    return this.#control('POST', 'hold');
  }

  // A turn that lasts until `release`.
  async beginSlowTurn(host, text, uuid) {
    await this.hold();
    await host.prompt(text, uuid);
    await host.out.claude.until((line) => {
      const it = JSON.parse(line);
      return it.command_uuid === uuid && it.state === 'started' ? it : undefined;
    }, `the turn of ${uuid}`);
  }

  async runs() {
    return JSON.parse(await this.#control('GET', 'runs'));
  }

  async stop() {
    this.relay.close();
    this.relay.closeAllConnections?.();
    this.child.stdin.end();
    await docker('network', 'rm', this.network);
  }
}

// One for the tests of a file. Whatever they leave behind goes before it does.
export function useApi() {
  const api = new Api();
  before(() => api.start());
  after(async () => {
    await removeAll();
    await api.stop();
  });
  return api;
}
