import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

const running = new Set<ChildProcess>();

/**
 * Starts a program in a process group of its own, which ends with this process at the latest: see {@link endProgram}.
 */
export function startProgram(
  file: string,
  parameters: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const child = spawn(file, parameters, {
    // Not by default: tests and embedders may have replaced it.
    env: process.env,
    // A group of its own, to be killed as a whole.
    detached: process.platform !== 'win32',
    windowsHide: true,
    ...options,
  });
  if (running.size === 0) process.on('exit', killAll);
  running.add(child);
  return child;
}

/** Kills a program and what it started, unless it has ended, and lets go of its output. */
export function endProgram(child: ChildProcess): void {
  kill(child);
  child.stdout?.destroy();
  child.stderr?.destroy();
  running.delete(child);
  if (running.size === 0) process.off('exit', killAll);
}

function killAll(): void {
  for (const child of running) kill(child);
}

function kill(child: ChildProcess): void {
  const hasEnded = child.exitCode !== null || child.signalCode !== null;
  if (child.pid === undefined || hasEnded) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
