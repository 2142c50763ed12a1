// A Node process that runs one command line of nn-meter after the other: what a shell would start anew, without the
// start. Each message is a command line with its folder and environment, each answer what `nn-meter` would have said.
import { Writable } from 'node:stream';
import { format } from 'node:util';
import { main } from '../../dist/index.js';

// What yargs prints; the console holds on to the streams that the process started with.
console.log = (...values) => process.stdout.write(`${format(...values)}\n`);

let last = Promise.resolve();
process.on('message', (job) => {
  last = last.then(() => run(job));
});

async function run({ args, cwd, environment }) {
  process.chdir(cwd);
  Object.assign(process.env, environment);
  const stdout = collect('stdout');
  const stderr = collect('stderr');
  const code = await main(args);
  process.send({ code, stdout: stdout(), stderr: stderr() });
}

/** Puts a stream in the place of one of the process's own; the result gives what was written to it. */
function collect(name) {
  const chunks = [];
  const value = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  Object.defineProperty(process, name, { value, configurable: true });
  return () => Buffer.concat(chunks).toString();
}
