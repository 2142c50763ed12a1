#!/usr/bin/env node
const major = Number.parseInt(process.versions.node, 10);
if (major < 20) {
  console.error(
    `nn-meter: error: Node.js 20 or newer is needed, this is ${process.version}; see https://nodejs.org`,
  );
  process.exit(1);
}
const { main } = await import('../dist/index.js').catch(({ message }) => {
  console.error(
    `nn-meter: error: its own code cannot be loaded: ${message}; install it again, or allow more open files (ulimit -n 256)`,
  );
  process.exit(1);
});
process.exitCode = await main(process.argv.slice(2));
