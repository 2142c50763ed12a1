// Builds a predictor of the invented device in a process of its own: node build-process.js MODULES JOURNAL PLUGIN
import { pathToFileURL } from 'node:url';
import { writePlugin } from '@nnmeter/builder/node';

const [modules, journal, plugin] = process.argv.slice(2);
const { buildInvented } = await import(pathToFileURL(`${modules}/build.js`).href);
const built = await buildInvented(journal, { models: 14, resume: true });
await writePlugin(plugin, built);
