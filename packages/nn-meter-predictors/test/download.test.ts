import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { nnMeterDataset, pullDataset, pullNnMeterPredictor } from '@nnmeter/nn-meter-predictors';
import { TINY } from './support/fixtures.ts';
import { useTemporaryHome } from './support/home.ts';
import { zipOf } from './support/zip-writer.ts';

const home = useTemporaryHome();
const NAME = 'adreno640gpu_tflite21';
const QUICK = { retryMs: 1 };
const IMPATIENT = { retryMs: 1, stallMs: 300 };

const ZIP = zipOf(
  ['fusion_rules.json', 'conv-bn-relu.pkl', 'se.pkl'].map((name) => ({
    name: `${NAME}/${name}`,
    content: readFileSync(join(TINY, name)),
  })),
);
const HALF = ZIP.length >> 1;
const SHA256 = createHash('sha256').update(ZIP).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;
let handler: Handler;
let requests: IncomingMessage[];
const server = createServer((request, response) => {
  requests.push(request);
  handler(request, response, requests.length);
});
let address: string;

beforeEach(async () => {
  requests = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  configure({});
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function configure(more: object): void {
  const downloads = { [NAME]: `${address}/p.zip`, dataset: `${address}/d.zip` };
  writeFileSync(join(home(), 'config.json'), JSON.stringify({ downloads, ...more }));
}

const send = (response: ServerResponse, bytes: Uint8Array, headers: object = {}): void => {
  response.writeHead(200, { 'content-length': bytes.length, etag: '"1"', ...headers });
  response.end(bytes);
};
/** Sends the first half, and breaks the connection once that is stored. */
const breakOff = (response: ServerResponse, headers: object = { etag: '"1"' }): void => {
  response.writeHead(200, { 'content-length': ZIP.length, ...headers });
  response.write(ZIP.subarray(0, HALF));
  const part = join(home(), `data/downloads/${NAME}.zip.part`);
  const watch = setInterval(() => {
    if ((statSync(part, { throwIfNoEntry: false })?.size ?? 0) >= HALF) response.destroy();
  }, 5);
  response.on('close', () => clearInterval(watch));
};
const sendRest = (request: IncomingMessage, response: ServerResponse): void => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range!)![1]);
  const rest = ZIP.subarray(from);
  const range = `bytes ${from}-${ZIP.length - 1}/${ZIP.length}`;
  response.writeHead(206, { 'content-length': rest.length, 'content-range': range, etag: '"1"' });
  response.end(rest);
};
const leftovers = () => {
  const folder = join(home(), 'data/downloads');
  return existsSync(folder) ? readdirSync(folder) : [];
};
const isStored = () => existsSync(join(home(), `data/predictors/${NAME}@1.0`));

test('a download is stored, its checksum recorded, and progress told', async () => {
  handler = (_, response) => send(response, ZIP);
  const progress: [number, number | undefined][] = [];
  const stored = await pullNnMeterPredictor('Adreno640', {
    onProgress: (received, total) => progress.push([received, total]),
  });
  expect(stored).toMatchObject({ name: NAME, version: '1.0', category: 'gpu' });
  expect(stored.origin).toMatchObject({ from: `${address}/p.zip`, sha256: SHA256 });
  expect(progress.at(-1)).toEqual([ZIP.length, ZIP.length]);
  const recorded = JSON.parse(readFileSync(join(home(), 'data/checksums.json'), 'utf8'));
  expect(recorded).toEqual({ [`${address}/p.zip`]: SHA256 });
  expect(leftovers()).toEqual([]);
});

test('what broke off is continued where it ended', async () => {
  handler = (request, response, count) =>
    count === 1 ? breakOff(response) : sendRest(request, response);
  await pullNnMeterPredictor(NAME, QUICK);
  expect(requests).toHaveLength(2);
  const from = Number(/^bytes=(\d+)-$/.exec(requests[1]!.headers.range!)![1]);
  expect(from).toBeGreaterThan(0);
  expect(requests[1]!.headers['if-range']).toBe('"1"');
});

test('a later call continues too, and starts again if the file has changed', async () => {
  handler = (_, response, count) =>
    count === 1 ? breakOff(response) : response.writeHead(503).end();
  await expect(pullNnMeterPredictor(NAME, QUICK)).rejects.toThrow(/answers 503/);
  expect(leftovers()).toContain(`${NAME}.zip.part`);
  handler = (_, response) => send(response, ZIP, { etag: '"2"' });
  await pullNnMeterPredictor(NAME, QUICK);
  expect(requests.at(-1)!.headers.range).toMatch(/^bytes=\d+-$/);
  expect(isStored()).toBe(true);
});

test('without a validator it starts again', async () => {
  handler = (_, response, count) => (count === 1 ? breakOff(response, {}) : send(response, ZIP));
  await pullNnMeterPredictor(NAME, QUICK);
  expect(requests[1]!.headers.range).toBeUndefined();
});

test.each<[string, Handler, RegExp, number]>([
  ['404', (_, response) => response.writeHead(404).end(), /answers 404/, 1],
  [
    'a server that always breaks off',
    (_, response) => breakOff(response, {}),
    /cannot download/,
    4,
  ],
  [
    'redirects in a circle',
    (_, response) => response.writeHead(302, { location: '/p.zip' }).end(),
    /cannot download.*redirect/,
    84,
  ],
  [
    'another part than asked for',
    (_, response, count) => {
      if (count === 1) return breakOff(response);
      response.writeHead(206, { 'content-range': `bytes 0-9/${ZIP.length}` }).end('0123456789');
      return undefined;
    },
    /cannot download/,
    4,
  ],
])('%s is an error that names the address', async (_, given, message, attempts) => {
  handler = given;
  await expect(pullNnMeterPredictor(NAME, QUICK)).rejects.toMatchObject({
    code: 'E_DOWNLOAD',
    message: expect.stringMatching(message),
  });
  expect(requests.length).toBeLessThanOrEqual(attempts);
  expect(isStored()).toBe(false);
});

test('servers that stall, or never answer, are errors that name the address', async () => {
  const SILENT = 'myriadvpu_openvino2019r2';
  const downloads = { [NAME]: `${address}/p.zip`, [SILENT]: `${address}/silent.zip` };
  configure({ downloads });
  handler = ({ url }, response) => {
    if (url === '/silent.zip') return;
    response.writeHead(200, { 'content-length': ZIP.length });
    response.write('PK');
  };
  await Promise.all(
    [NAME, SILENT].map((name) =>
      expect(pullNnMeterPredictor(name, IMPATIENT)).rejects.toMatchObject({
        code: 'E_DOWNLOAD',
        message: expect.stringMatching(/cannot download.*[Tt]imeout/),
      }),
    ),
  );
  for (const path of ['/p.zip', '/silent.zip'])
    expect(requests.filter(({ url }) => url === path)).toHaveLength(4);
  expect(isStored()).toBe(false);
});

test('a redirect is followed', async () => {
  handler = (request, response) =>
    request.url === '/p.zip'
      ? response.writeHead(302, { location: '/real.zip' }).end()
      : send(response, ZIP);
  await pullNnMeterPredictor(NAME, QUICK);
  expect(isStored()).toBe(true);
});

test('a slow server is waited for as long as bytes come', async () => {
  handler = (_, response) => {
    response.writeHead(200, { 'content-length': ZIP.length });
    const piece = Math.ceil(ZIP.length / 5);
    for (let k = 0; k < 5; k++) {
      setTimeout(() => response.write(ZIP.subarray(k * piece, (k + 1) * piece)), 100 * k);
    }
  };
  await pullNnMeterPredictor(NAME, IMPATIENT);
  expect(requests).toHaveLength(1);
});

test.each([
  ['--sha256', { sha256: 'a'.repeat(64) }, {}],
  ['the configuration', {}, { checksums: { [NAME]: 'b'.repeat(64) } }],
])('another checksum than that of %s is refused', async (_, options, configuration) => {
  configure(configuration);
  handler = (_request, response) => send(response, ZIP);
  await expect(pullNnMeterPredictor(NAME, options)).rejects.toMatchObject({
    code: 'E_DOWNLOAD',
    message: expect.stringContaining(SHA256),
  });
  expect([isStored(), leftovers()]).toEqual([false, []]);
});

test('a file that has changed since the first download is refused', async () => {
  handler = (_, response) => send(response, ZIP);
  await pullNnMeterPredictor(NAME);
  const other = zipOf([{ name: 'x/fusion_rules.json', content: Buffer.from('{}') }]);
  handler = (_, response) => send(response, other);
  await expect(pullNnMeterPredictor(NAME)).rejects.toThrow(/expected was/);
  expect(isStored()).toBe(true);
});

test('a zip bomb from the network is refused', async () => {
  const bomb = zipOf([{ name: 'x/fc.pkl', content: Buffer.alloc(64 << 20) }]);
  handler = (_, response) => send(response, bomb);
  await expect(pullNnMeterPredictor(NAME)).rejects.toMatchObject({ code: 'E_LIMIT' });
});

test('more than the limit is not taken, whether declared or not', async () => {
  handler = (_, response) => send(response, ZIP);
  const options = { ...QUICK, maxBytes: 1000 };
  await expect(pullNnMeterPredictor(NAME, options)).rejects.toMatchObject({ code: 'E_LIMIT' });
  handler = (_, response) => response.write(ZIP);
  await expect(pullNnMeterPredictor(NAME, options)).rejects.toMatchObject({ code: 'E_LIMIT' });
});

test('the proxy of the environment is used, without a word of its being experimental', async () => {
  const { emitWarning } = process;
  const warnings: unknown[] = [];
  process.emitWarning = (warning) => void warnings.push(warning);
  process.env.http_proxy = address;
  const configuration = { downloads: { [NAME]: 'http://nowhere.invalid/p.zip' } };
  writeFileSync(join(home(), 'config.json'), JSON.stringify(configuration));
  const tunnels: string[] = [];
  const onConnect = (request: IncomingMessage, socket: NodeJS.WritableStream) => {
    tunnels.push(request.url!);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  };
  server.on('connect', onConnect);
  handler = (_, response) => response.writeHead(403).end();
  try {
    await expect(pullNnMeterPredictor(NAME, QUICK)).rejects.toMatchObject({ code: 'E_DOWNLOAD' });
  } finally {
    delete process.env.http_proxy;
    process.emitWarning = emitWarning;
    server.off('connect', onConnect);
  }
  expect(warnings).toEqual([]);
  expect([...tunnels, ...requests.map(({ url }) => url!)][0]).toMatch(/nowhere\.invalid/);
});

const LINES = ['a', 'b'].map((id) => JSON.stringify({ id, [NAME]: 2.5, graph: { x: {} } }));

test('the benchmark is unpacked and read one model at a time', async () => {
  const content = Buffer.from(`${LINES.join('\r\n')}\n\nbroken`);
  const zip = zipOf([
    { name: 'dataset/nets.jsonl', content },
    { name: 'dataset/run.sh', content: Buffer.from('rm -rf /') },
  ]);
  handler = (_, response) => send(response, zip);
  const folder = await pullDataset();
  expect(readdirSync(folder)).toEqual(['nets.jsonl']);
  const models = nnMeterDataset();
  expect((await models.next()).value).toEqual({
    id: 'a',
    graph: { x: {} },
    measured: { [NAME]: 2.5 },
  });
  expect((await models.next()).value).toMatchObject({ id: 'b' });
  await expect(models.next()).rejects.toThrow(/nets\.jsonl, line 4 is not JSON/);
});

test('a zip of the benchmark on disk is unpacked, also where nothing was stored before', async () => {
  const zip = join(home(), 'd.zip');
  writeFileSync(zip, zipOf([{ name: 'a.jsonl', content: Buffer.from(LINES[0]!) }]));
  const folder = await pullDataset({ zip });
  expect(readdirSync(folder)).toEqual(['a.jsonl']);
  expect((await nnMeterDataset().next()).value).toMatchObject({ id: 'a' });
  expect(existsSync(zip)).toBe(true);
});

test('a zip of the benchmark with one name in two folders is refused, what was there stays', async () => {
  const zip = join(home(), 'd.zip');
  const content = Buffer.from(LINES[0]!);
  writeFileSync(zip, zipOf([{ name: 'a.jsonl', content }]));
  const folder = await pullDataset({ zip });
  writeFileSync(
    zip,
    zipOf([
      { name: 'one/nets.jsonl', content },
      { name: 'two/Nets.jsonl', content },
    ]),
  );
  await expect(pullDataset({ zip })).rejects.toMatchObject({
    code: 'E_INVALID_INPUT',
    message: expect.stringMatching(/"one\/nets\.jsonl" and "two\/Nets\.jsonl"/),
  });
  expect(readdirSync(folder)).toEqual(['a.jsonl']);
  expect(readdirSync(join(home(), 'data'))).toEqual(['dataset']);
});

test('without the benchmark, the command that gets it is named and nothing is downloaded', async () => {
  handler = () => {};
  await expect(nnMeterDataset().next()).rejects.toMatchObject({ hint: { download: 'dataset' } });
  expect(requests).toEqual([]);
});
