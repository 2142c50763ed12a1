import { NnMeterError } from '@nnmeter/ir';
import { serveTasks } from '@nnmeter/threads';

serveTasks(async ({ kind, value }) => {
  switch (kind) {
    case 'double':
      return value * 2;
    case 'refuse':
      throw new NnMeterError('E_FILE', 'not this one', { where: { file: value }, hint: 'another' });
    case 'exit':
      return process.exit(value);
    case 'hang':
      for (;;);
    case 'wait':
      return new Promise((resolve) => setTimeout(resolve, value, 'waited'));
    case 'fill': {
      const kept = [];
      for (;;) kept.push(new Array(1000).fill(kept.length));
    }
  }
});
