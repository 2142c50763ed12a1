// What the TypeScript of this checkout says of samples: a list of {table, samples} on stdin, of lists of `SampleFigures` on stdout.
import { text } from 'node:stream/consumers';
import { TableScorer } from '../../../packages/nas/dist/index.js';

const figures = JSON.parse(await text(process.stdin)).map(({ table, samples }) => {
  const scorer = new TableScorer(table);
  return samples.map((sample) => scorer.figures(sample));
});
process.stdout.write(JSON.stringify(figures));
