// A trainer of the user's: node evaluator.js MODE [LOG]. Answers {"accuracy": ...}; LOG takes the id of every candidate.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [mode, log] = process.argv.slice(2);
const WRONG = 3;
for await (const line of createInterface({ input: process.stdin })) {
  const { id, sample } = JSON.parse(line);
  if (log) appendFileSync(log, `${id}\n`);
  const accuracy = 50 + Object.values(sample).reduce((sum, digit) => sum + Math.sqrt(digit), 0);
  const answer = JSON.stringify({ id, values: { accuracy } });
  if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 30));
  if (id !== WRONG || mode === 'slow') console.log(answer);
  else if (mode === 'good') console.log(answer);
  else if (mode === 'garbage') console.log('epoch 1: loss 0.3');
  else if (mode === 'null') console.log('{"id":3,"values":{"accuracy":null}}');
  else if (mode === 'unknown') console.log(answer.replace('3', '99'));
  else if (mode === 'twice') console.log(`${answer}\n${answer}`);
  else if (mode === 'diverges') console.log(JSON.stringify({ id, error: 'loss is NaN' }));
  else if (mode === 'crash') {
    console.error('CUDA out of memory');
    process.exit(7);
  } else if (mode === 'hang') await new Promise((resolve) => setTimeout(resolve, 1e6));
}
