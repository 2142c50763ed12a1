import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { GraphBuilder } from '@nnmeter/ir';
import { round } from './measure.ts';
import { ServeProgram } from './serve-program.ts';

type Row = Record<string, string | number>;

/** Samples in one look-up. */
const SAMPLES = 1000;

/**
 * `nn-meter serve` on stdin and stdout, one client: predictions of a small graph (conv, bn, relu) one at a time, and look-ups
 * in a table in batches of 1,000.
 */
export async function serveRates(predictions: number, lookups: number): Promise<Row[]> {
  const server = new ServeProgram(['--threads', '1']);
  try {
    const predict = JSON.stringify({ id: 1, method: 'predict', params: { object: smallGraph() } });
    const table = JSON.stringify({ id: 1, method: 'table', params: lookUp() });
    return [
      await rate('predictions one at a time', server, predict, predictions, 1),
      await rate('look-ups in batches of 1,000', server, table, lookups / SAMPLES, SAMPLES),
    ];
  } finally {
    await server.end();
  }
}

async function rate(
  what: string,
  server: ServeProgram,
  request: string,
  requests: number,
  each: number,
): Promise<Row> {
  // Compiled code is what a search meets.
  for (let warm = 0; warm < requests / 5; warm++) await ask(server, request);
  const [start, processor] = [performance.now(), server.processorSeconds()];
  for (let index = 0; index < requests; index++) await ask(server, request);
  const seconds = (performance.now() - start) / 1000;
  const processorSeconds = server.processorSeconds() - processor;
  return {
    what,
    'a second': round((requests * each) / seconds),
    'a second of processor time': round((requests * each) / processorSeconds),
    'bytes of a request': request.length,
  };
}

async function ask(server: ServeProgram, request: string): Promise<void> {
  const response = await server.ask(request);
  if (!response.startsWith('{"id":1,"result"')) throw new Error(response);
}

function smallGraph(): object {
  const builder = new GraphBuilder('small');
  const image = builder.input('x', [1, 3, 56, 56]);
  const convolved = builder.conv(image, 16, { kernel: 3, stride: 2, padding: 1 });
  return writeNnMeterIr(builder.build(builder.relu(builder.bn(convolved))));
}

function lookUp(): object {
  const path = fileURLToPath(new URL('../../fixtures/nas/example-table.json', import.meta.url));
  const table = JSON.parse(readFileSync(path, 'utf8'));
  const choices = Object.entries<{ values: readonly unknown[] }>(table.choices);
  const samples = Array.from({ length: SAMPLES }, (_, index) =>
    Object.fromEntries(
      choices.map(([label, { values }]) => [label, values[index % values.length]]),
    ),
  );
  return { path, samples };
}
