// docker/kubernetes/: against the schemas of the API, against the `restricted`
// profile, and as a pod made by hand: its containers with their arguments,
// variables, volumes and probes, in the engine that is here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { useApi } from './api.mjs';
import { Container, agentUser, attempt, base, docker, image } from './engine.mjs';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));
const file = path.join(here, '../../docker/kubernetes/container-agent.yaml');

const documents = parseAllDocuments(fs.readFileSync(file, 'utf8'), { strict: true })
  .map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS();
  });
const byKind = (kind) => documents.find((it) => it.kind === kind);
const pod = byKind('StatefulSet').spec.template.spec;
const container = (name) => pod.containers.find((it) => it.name === name);

// What the compiler says of the documents as values of the API's types: it knows
// of names that no type has.
function complaints(values) {
  const source = path.join(here, 'node_modules', 'checked.ts');
  const lines = values.map((value, i) =>
    `import { I${value.kind} as T${i} } from 'kubernetes-models/${value.apiVersion}';\n`
    + `export const value${i}: T${i} = ${JSON.stringify(value)};\n`);
  fs.writeFileSync(source, lines.join(''));
  const program = ts.createProgram([source], {
    noEmit: true, strict: true, skipLibCheck: true, types: [],
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
  });
  return ts.getPreEmitDiagnostics(program)
    .map((it) => ts.flattenDiagnosticMessageText(it.messageText, '\n'));
}

test('the API\'s schemas accept each document', () => {
  assert.deepEqual(documents.map((it) => it.kind), ['Service', 'StatefulSet']);
  for (const document of documents) {
    const Model = require(`kubernetes-models/${document.apiVersion}`)[document.kind];
    new Model(document).validate();
  }
  assert.deepEqual(complaints(documents), []);
});

test('a misspelt name and a wrong type would be told', () => {
  const misspelt = structuredClone(byKind('StatefulSet'));
  misspelt.spec.template.spec.containers[0].readinesProbe = {};
  assert.match(complaints([misspelt]).join(), /readinesProbe/);
  const wrong = structuredClone(byKind('Service'));
  wrong.spec.ports[0].port = '9464';
  const { Service } = require('kubernetes-models/v1');
  assert.throws(() => new Service(wrong).validate(), /port must be integer/);
});

test('names and labels fit together', () => {
  const set = byKind('StatefulSet');
  const service = byKind('Service');
  assert.equal(set.spec.serviceName, service.metadata.name);
  assert.deepEqual(set.spec.selector.matchLabels, set.spec.template.metadata.labels);
  assert.deepEqual(service.spec.selector, set.spec.template.metadata.labels);
  const { annotations } = set.spec.template.metadata;
  const port = container('agent').ports[0].containerPort;
  assert.equal(annotations['prometheus.io/port'], String(port));
  assert.equal(service.spec.ports[0].port, port);
  assert.ok(container('agent').args.includes(`--http=0.0.0.0:${port}`));
  const volumes = [...pod.volumes.map((it) => it.name),
    ...set.spec.volumeClaimTemplates.map((it) => it.metadata.name)];
  for (const { name, volumeMounts } of pod.containers)
    for (const mount of volumeMounts) assert.ok(volumes.includes(mount.name), `${name}: ${mount.name}`);
});

// https://kubernetes.io/docs/concepts/security/pod-security-standards/
test('the pod passes the restricted profile', () => {
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) assert.ok(!pod[key], key);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.ok(pod.securityContext.runAsUser > 0);
  assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
  for (const volume of pod.volumes)
    assert.ok(volume.emptyDir || volume.secret, `volume ${volume.name}`);
  for (const it of pod.containers) {
    assert.equal(it.securityContext.allowPrivilegeEscalation, false, it.name);
    assert.deepEqual(it.securityContext.capabilities, { drop: ['ALL'] }, it.name);
    assert.equal(it.securityContext.readOnlyRootFilesystem, true, it.name);
    assert.ok(!it.ports?.some((port) => port.hostPort), it.name);
  }
});

const api = useApi();

// A folder of this machine for each volume, of the pod's group.
function makeVolumes(folder) {
  const secrets = { 'claude-secret': ['api-key', 'dummy'], 'http-secret': ['token', 'a-token'] };
  for (const name of ['tmp', 'state', ...Object.keys(secrets)]) {
    const volume = path.join(folder, name);
    for (const it of [volume, ...(name === 'state' ? ['claude', 'pipes', 'workspace'].map((sub) => path.join(volume, sub)) : [])]) {
      fs.mkdirSync(it);
      fs.chownSync(it, 0, pod.securityContext.fsGroup);
      fs.chmodSync(it, 0o2770);
    }
    if (!secrets[name]) continue;
    const [key, value] = secrets[name];
    fs.writeFileSync(path.join(volume, key), value);
    fs.chownSync(path.join(volume, key), 0, pod.securityContext.fsGroup);
    fs.chmodSync(path.join(volume, key), 0o640);
  }
}

const argsOf = (spec, folder) => [
  '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
  '--user', `${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`,
  ...(spec.env ?? []).flatMap(({ name, value }) => ['-e', `${name}=${value}`]),
  ...spec.volumeMounts.flatMap(({ name, mountPath, subPath, readOnly }) =>
    ['-v', `${path.join(folder, name, subPath ?? '')}:${mountPath}:${readOnly ? 'ro' : 'rw'}`]),
];

test('its two containers talk, its probes say yes, its metrics want the token', async (t) => {
  const folder = fs.mkdtempSync('/tmp/engine-pod-');
  fs.chmodSync(folder, 0o755);
  const made = [];
  t.after(async () => {
    for (const it of made) await it.remove();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  makeVolumes(folder);
  assert.equal(pod.securityContext.runAsUser, agentUser.uid);
  const agent = container('agent');
  const { ANTHROPIC_API_KEY: _, ...environment } = api.environment;
  const begun = await Container.start([...argsOf(agent, folder), '--network', api.network,
    ...Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`])],
  agent.args, image);
  made.push(begun);
  const host = container('host');
  assert.equal(host.image, base);
  const [entry, ...command] = host.command;
  const talks = await Container.start([...argsOf(host, folder), '--network', 'none',
    '--entrypoint', entry], [...command, ...host.args], host.image);
  made.push(talks);
  const result = await talks.output().until((line) =>
    (line.includes('"type":"result"') ? JSON.parse(line) : undefined), 'the answer');
  assert.match(result.result, /You said: Who are you\?/);
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const { code, stdout } = await attempt('docker', ['exec', begun.id, ...agent[probe].exec.command]);
    assert.equal(code, 0, `${probe}: ${stdout}`);
  }
  const address = await docker('inspect', '--format',
    `{{(index .NetworkSettings.Networks "${api.network}").IPAddress}}`, begun.id);
  const url = `http://${address}:${agent.ports[0].containerPort}/metrics`;
  assert.equal((await fetch(url)).status, 401);
  const reply = await fetch(url, { headers: { Authorization: 'Bearer a-token' } });
  assert.match(await reply.text(), /^container_agent_/m);
});
