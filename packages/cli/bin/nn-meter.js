#!/usr/bin/env node
const major = Number.parseInt(process.versions.node, 10);
if (major < 20) {
  console.error(
    `nn-meter: error: Node.js 20 or newer is needed, this is ${process.version}; see https://nodejs.org`,
  );
  process.exit(1);
}
const { main } = await import('../dist/index.js');
process.exitCode = await main(process.argv.slice(2));
