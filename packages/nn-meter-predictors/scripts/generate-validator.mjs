// Compiles stored-predictor.schema.json into src/generated, so that users of the package load neither ajv nor a compiler.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import Ajv from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';

const schema = JSON.parse(readFileSync('stored-predictor.schema.json', 'utf8'));
const ajv = new Ajv.default({
  code: { source: true, esm: true, lines: true },
  allowUnionTypes: true,
});
ajv.addSchema(schema);
const code = standaloneCode.default(ajv, { validate: schema.$id });

const head =
  '// Generated from stored-predictor.schema.json by scripts/generate-validator.mjs: do not edit.\n';
mkdirSync('src/generated', { recursive: true });
writeFileSync('src/generated/validate.ts', `${head}// @ts-nocheck\n${code}`);
