/** What asks a process to end: Ctrl-C, `kill`, a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const endings = new Set<() => Promise<void>>();

/** Ends the process by the convention of shells: 128 and the signal's number. A second signal ends it at once. */
async function end(_name: NodeJS.Signals, signal: number): Promise<void> {
  for (const each of SIGNALS) process.off(each, end);
  for (const ending of endings) await ending().catch(() => {});
  process.exit(128 + signal);
}

/**
 * Has the process do something before a signal ends it. What is being written (`@nnmeter/files`) is removed then. A
 * signal waits while something is computed at one go.
 * @returns what takes that back
 */
export function beforeEnding(ending: () => Promise<void>): () => void {
  if (endings.size === 0) for (const signal of SIGNALS) process.on(signal, end);
  endings.add(ending);
  return () => {
    endings.delete(ending);
    if (endings.size === 0) for (const signal of SIGNALS) process.off(signal, end);
  };
}

/** Runs work that writes files: a signal that ends the process leaves no half of them. */
export async function leavingNothing<T>(work: () => Promise<T>): Promise<T> {
  const takeBack = beforeEnding(async () => {});
  try {
    return await work();
  } finally {
    takeBack();
  }
}
