import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { validate } from 'dockerfile-utils';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Service } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { startServer } from '../server/stand-in.ts';

const folder = new URL('../../examples/deploy/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const root = (name: string) => new URL(`../../${name}`, import.meta.url);

const script = new URL('../../dist/terminal/main.js', import.meta.url).pathname;
const help = execFileSync(process.execPath, [script, 'serve', '--help'], { encoding: 'utf8' });

/** Every flag is one that `serve` has. */
function expectKnownFlags(args: string[]): void {
  const [command, ...flags] = args;
  expect(command).toBe('serve');
  for (const flag of flags.filter(arg => arg.startsWith('--'))) expect(help).toContain(`${flag} `);
}

describe('the Dockerfile', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));
  const all = (instruction: string) => lines.filter(line => line.startsWith(`${instruction} `));

  it('is one that Docker can read', () => {
    expect(validate(read('Dockerfile'))).toEqual([]);
  });

  it('names exact versions: of its base, of the CLI, of each Debian package', () => {
    for (const from of all('FROM')) expect(from).toMatch(/^FROM node:\d+\.\d+\.\d+-bookworm-slim/);
    const tested = JSON.parse(
      readFileSync(root('node_modules/@anthropic-ai/claude-agent-sdk/package.json'), 'utf8'),
    );
    expect(all('ARG')).toEqual([`ARG CLAUDE_CODE_VERSION=${tested.claudeCodeVersion}`]);
    const [, packages = ''] = /--no-install-recommends (.*?) +&&/.exec(all('RUN').join('\n')) ?? [];
    for (const name of packages.split(' ')) expect(name).toMatch(/^[\w-]+=\d/);
  });

  it('runs as nobody special, under an init, with a health check', () => {
    expect(all('USER').at(-1)).toBe('USER node');
    expect(lines.indexOf('USER node')).toBeGreaterThan(lines.findLastIndex(line => line.startsWith('RUN ')));
    expect(all('ENTRYPOINT')).toEqual(['ENTRYPOINT ["tini", "--", "claude-cli-stream"]']);
    expect(all('HEALTHCHECK')).toHaveLength(1);
    expectKnownFlags(JSON.parse(all('CMD')[0]?.slice(4) ?? ''));
  });

  it('copies what there is, and nothing secret', () => {
    const copied = all('COPY')
      .filter(line => !line.includes('--from'))
      .flatMap(line => line.split(' ').slice(1, -1));
    for (const path of copied) expect(existsSync(root(path)), path).toBe(true);
    expect(copied).not.toContain('.');
  });
});

it('the health check of the image passes and fails as it should', async () => {
  const [, script = ''] = /CMD \["node", "-e", "(.*)"\]/.exec(read('Dockerfile')) ?? [];
  await using server = await startServer();
  // Not spawnSync, which would keep the server in this process from answering.
  const check = async (port: number) => {
    const child = spawn(process.execPath, ['-e', script.replace('8787', String(port))]);
    const [code] = await once(child, 'exit');
    return code;
  };
  expect(await check(server.port)).toBe(0);
  expect(await check(1)).toBe(1);
});

it('the compose file has what it says', () => {
  const secretName = z.string();
  const compose = z
    .strictObject({
      name: z.string(),
      services: z.record(
        z.string(),
        z.strictObject({
          build: z.strictObject({
            context: z.literal('../..'),
            dockerfile: z.literal('examples/deploy/Dockerfile'),
          }),
          environment: z.record(z.string(), z.string()),
          secrets: z.array(z.strictObject({ source: secretName, target: z.string() })),
          ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:8787$/)),
          read_only: z.literal(true),
          tmpfs: z.array(z.string().startsWith('/')),
          cap_drop: z.tuple([z.literal('ALL')]),
          security_opt: z.array(z.string()),
          mem_limit: z.string(),
          pids_limit: z.number(),
          stop_grace_period: z.string().regex(/^\d+s$/),
          restart: z.string(),
        }),
      ),
      secrets: z.record(secretName, z.strictObject({ file: z.string() })),
    })
    .parse(parse(read('compose.yaml')));
  const { proxy } = compose.services;
  const [secret] = proxy?.secrets ?? [];
  expect(Object.keys(compose.secrets)).toEqual([secret?.source]);
  expect(read('Dockerfile')).toContain(`/run/secrets/${secret?.target}"`);
  expect(proxy?.environment.ANTHROPIC_API_KEY).toMatch(/^\$\{ANTHROPIC_API_KEY:\?/);
});

describe('the Kubernetes manifests', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'), { merge: true });
  const manifests = documents.map(document => document.toJS());
  const [deployment, service, budget, policy] = manifests;

  it('are valid by the schemas of the Kubernetes API', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    new Deployment(deployment).validate();
    new Service(service).validate();
    new PodDisruptionBudget(budget).validate();
    new NetworkPolicy(policy).validate();
    expect(manifests.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'PodDisruptionBudget',
      'NetworkPolicy',
    ]);
  });

  it('mean the same pods', () => {
    const { labels } = deployment.spec.template.metadata;
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(service.spec.selector).toEqual(labels);
    expect(budget.spec.selector.matchLabels).toEqual(labels);
    expect(policy.spec.podSelector.matchLabels).toEqual(labels);
  });

  it('name ports, volumes and probes that there are', async () => {
    const { containers, volumes, terminationGracePeriodSeconds } = deployment.spec.template.spec;
    const [proxy] = containers;
    expect(proxy.ports).toEqual([{ name: 'http', containerPort: 8787 }]);
    expect(service.spec.ports[0].targetPort).toBe('http');
    const mounted = proxy.volumeMounts.map(({ name }: { name: string }) => name);
    expect(volumes.map(({ name }: { name: string }) => name).sort()).toEqual(mounted.sort());
    expectKnownFlags(proxy.args);
    const grace = Number(proxy.args[proxy.args.indexOf('--grace') + 1]);
    const pause = Number(proxy.lifecycle.preStop.exec.command[1]);
    expect(terminationGracePeriodSeconds).toBeGreaterThan(grace + pause + 5);

    await using server = await startServer({ host: '0.0.0.0', token: 'a-token-of-enough-length' });
    for (const probe of [proxy.startupProbe, proxy.readinessProbe, proxy.livenessProbe]) {
      const url = `http://127.0.0.1:${server.port}${probe.httpGet.path}`;
      expect((await fetch(url)).status).toBe(200);
    }
  });

  it('take the API key from a secret, which is not among them', () => {
    const [proxy] = deployment.spec.template.spec.containers;
    expect(proxy.env).toEqual([
      {
        name: 'ANTHROPIC_API_KEY',
        valueFrom: { secretKeyRef: { name: 'claude-cli-stream', key: 'anthropic-api-key' } },
      },
    ]);
    expect(read('kubernetes.yaml')).not.toMatch(/sk-ant|CLAUDE_CODE_OAUTH_TOKEN/);
  });
});

describe('the systemd unit', () => {
  it('runs the command, and gives it time to end', () => {
    const unit = read('claude-cli-stream.service');
    const [, args = ''] = /^ExecStart=\/usr\/bin\/env claude-cli-stream (.*)$/m.exec(unit) ?? [];
    expectKnownFlags(args.split(' '));
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(30);
    expect(unit).toMatch(/^KillMode=mixed$/m);
  });

  const systemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.runIf(systemd)('is one that systemd can read', () => {
    const path = new URL('claude-cli-stream.service', folder).pathname;
    // It asks for a runtime directory, which a build machine without a login session does not have.
    const env = { ...process.env, XDG_RUNTIME_DIR: tmpdir() };
    const args = ['verify', '--user', '--man=no', path];
    const { status, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8', env });
    expect({
      status,
      complaints: stderr.split('\n').filter(line => line.includes('claude-cli-stream')),
    }).toEqual({
      status: 0,
      complaints: [],
    });
  });
});
