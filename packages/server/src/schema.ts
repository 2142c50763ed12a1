import * as z from 'zod';
import { type Method, parameters } from './parameters.ts';

const PREDICT_SCHEMA = 'https://nnmeter.dev/schema/predict.schema.json#/definitions';
const ID = { description: 'Any number or string; the response has it again.' };

/** What the results look like; the parameters say themselves what they look like. */
const RESULTS: Readonly<Record<Method, object>> = {
  health: {
    type: 'object',
    required: ['status', 'version', 'uptimeSeconds', 'running', 'waiting'],
    properties: {
      status: { const: 'ok' },
      version: { type: 'string' },
      uptimeSeconds: { type: 'number', minimum: 0 },
      running: { type: 'integer', minimum: 0 },
      waiting: { type: 'integer', minimum: 0 },
    },
  },
  schema: { type: 'object', description: 'This schema.' },
  devices: {
    type: 'array',
    items: {
      type: 'object',
      required: ['name', 'aliases', 'version', 'device', 'installed'],
      properties: {
        name: { type: 'string' },
        aliases: { type: 'array', items: { type: 'string' } },
        version: { type: ['string', 'null'], description: 'null if not installed' },
        installed: { type: 'boolean' },
      },
    },
  },
  predict: {
    type: 'array',
    description: 'One for each predictor, in their order.',
    items: { $ref: `${PREDICT_SCHEMA}/prediction` },
  },
  graph: {
    type: 'object',
    required: ['type', 'graph'],
    properties: {
      type: { $ref: `${PREDICT_SCHEMA}/modelType` },
      graph: { type: 'object', description: 'nn-Meter IR.' },
    },
  },
  explain: {
    type: 'object',
    required: ['predictor', 'version', 'index', 'kernel', 'share', 'macs', 'pairs', 'blocks'],
    properties: {
      predictor: { type: 'string' },
      version: { type: 'string' },
      index: { type: 'integer', minimum: 0 },
      kernel: { $ref: `${PREDICT_SCHEMA}/kernel` },
      share: { type: 'number', description: "Of the model's latency, 0..1." },
      macs: { type: ['number', 'null'] },
      pairs: {
        type: 'array',
        description: 'Nodes that follow each other, and why they are or are not one kernel.',
        items: { type: 'object', required: ['from', 'to', 'fused', 'reason'] },
      },
      blocks: { type: 'array', description: 'Blocks that were looked for and not found.' },
    },
  },
  table: {
    type: 'object',
    required: ['devices', 'ms', 'macs', 'parameters', 'activationBytes'],
    properties: {
      devices: { type: 'array', items: { type: 'string' } },
      ms: {
        type: 'array',
        description: 'For each sample, on each device.',
        items: { type: 'array', items: { type: 'number' } },
      },
      macs: { type: 'array', items: { type: 'number' } },
      parameters: { type: 'array', items: { type: 'number' } },
      activationBytes: { type: 'array', items: { type: 'number' } },
    },
  },
  batch: {
    type: 'array',
    items: { type: 'object', anyOf: [{ required: ['result'] }, { required: ['error'] }] },
  },
};

/** JSON Schema (draft 7) of requests and responses: `definitions.request`, `definitions.response`, and by method. */
export function messageSchema(): object {
  const methods = Object.keys(parameters) as Method[];
  const definitions: Record<string, object> = {
    request: {
      anyOf: methods.map((method) => ({
        type: 'object',
        required: ['method'],
        properties: {
          id: ID,
          method: { const: method },
          params: { $ref: `#/definitions/${method}Parameters` },
        },
      })),
    },
    response: {
      anyOf: [
        { type: 'object', required: ['id', 'result'], properties: { id: ID } },
        {
          type: 'object',
          required: ['id', 'error'],
          properties: {
            id: ID,
            error: { $ref: `${PREDICT_SCHEMA}/failure/properties/error` },
          },
        },
      ],
    },
  };
  for (const method of methods) {
    const { $schema: _, ...schema } = z.toJSONSchema(parameters[method], { target: 'draft-7' });
    definitions[`${method}Parameters`] = schema;
    definitions[`${method}Result`] = RESULTS[method];
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'https://nnmeter.dev/schema/messages.schema.json',
    title: 'Messages of nn-meter serve',
    definitions,
  };
}
