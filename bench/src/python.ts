import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { cpu } from './devices.ts';

const script = fileURLToPath(new URL('../src/original.py', import.meta.url));

/** Why `original.py` cannot run, or undefined if it can. Python is that of the environment variable PYTHON alone. */
export function pythonMissing(): string | undefined {
  const python = process.env.PYTHON;
  if (python === undefined) return 'PYTHON is not set';
  const { status } = spawnSync(python, ['-c', 'import sklearn'], { stdio: 'ignore' });
  return status === 0 ? undefined : `${python} has no scikit-learn`;
}

/** A process of `original.py`, one request at a time. */
export class Python {
  readonly #child;
  readonly #answers;

  /** `home`: where the original looks for its folder. */
  constructor(home: string) {
    this.#child = spawn(process.env.PYTHON!, [script, cpu.definition.name], {
      env: { ...process.env, HOME: home },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask<Answer>(request: { do: string } & Record<string, unknown>): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`original.py ended at "${request.do}"`);
    return JSON.parse(value) as Answer;
  }

  end(): void {
    this.#child.stdin.end();
  }
}
