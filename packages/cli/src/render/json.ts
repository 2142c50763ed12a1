import type { Succeeded } from '../process-sources.ts';
import type { BatchOutput } from '../run-batch.ts';
import { beforeEnding } from '../signals.ts';
import type { Terminal } from '../terminal.ts';

/**
 * Prints one JSON array, an element on a line as soon as it is known; it is closed whatever happens, signals included.
 * @param elements the elements of an outcome, as JSON
 */
export function jsonOutput<Result>(
  terminal: Terminal,
  elements: (outcome: Succeeded<Result>) => readonly string[],
): BatchOutput<Result> {
  let opened = false;
  async function push(element: string): Promise<void> {
    await terminal.print((opened ? ',\n' : '[\n') + element);
    opened = true;
  }
  const close = () => terminal.print(opened ? '\n]\n' : '[]\n');
  const takeBack = beforeEnding(close);
  return {
    async succeeded(outcome) {
      for (const element of elements(outcome)) await push(element);
    },
    async failed({ model, type, failure: { code, message, where, hint } }) {
      await push(JSON.stringify({ model, type, error: { code, message, where, hint } }));
    },
    async end() {
      takeBack();
      await close();
    },
  };
}
