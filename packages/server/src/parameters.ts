import { NnMeterError, quote } from '@nnmeter/ir';
import * as z from 'zod';

/** Requests that one batch may have; each is answered in turn, by one thread. */
const MAX_BATCH = 10_000;
/** Samples that one look-up may have. */
const MAX_SAMPLES = 1_000_000;

const shape = z.array(z.int().positive()).min(1).max(64);

/** What model is meant, and how it is read. */
const model = {
  path: z.string().min(1).describe('File or folder of the model').optional(),
  base64: z.string().min(1).describe("Content of the model's file").optional(),
  object: z
    .record(z.string(), z.unknown())
    .describe('The model as JSON: a graph of nn-Meter or NNI')
    .optional(),
  name: z.string().min(1).describe('Of a network that `type` has by name: resnet18').optional(),
  type: z
    .string()
    .min(1)
    .describe('Format: onnx, pb, tflite, torchvision, ...; default: by the content')
    .optional(),
  inputShapes: z
    .union([shape, z.record(z.string(), shape)])
    .describe("Shapes of inputs by name, or of the only one, in the model's own order of axes")
    .optional(),
  assume: z
    .record(z.string(), z.int().positive())
    .describe('Sizes that depend on data: {"nonzero": 100}')
    .optional(),
  signature: z.string().describe('Which signature of the model, where it has several').optional(),
};

const version = z.string().min(1).describe('Of the predictor; default: the latest').optional();

/** Methods and their parameters. */
export const parameters = {
  health: z.strictObject({}).describe('Whether requests are answered, and how many wait'),
  schema: z.strictObject({}).describe('JSON Schema of all messages'),
  devices: z.strictObject({}).describe('The predictors that exist, installed or not'),
  predict: z
    .strictObject({
      ...model,
      predictors: z
        .array(z.string().min(1))
        .min(1)
        .max(100)
        .describe('Names; default: those that the server was started with')
        .optional(),
      version,
      strict: z
        .boolean()
        .describe('Whether a model that is not counted to the end is an error')
        .optional(),
    })
    .describe('How long a model takes on devices'),
  graph: z.strictObject(model).describe('A model as nn-Meter IR'),
  explain: z
    .strictObject({
      ...model,
      predictor: z.string().min(1),
      version,
      node: z.string().min(1).describe('Name of any node of the kernel').optional(),
      kernel: z.int().nonnegative().describe('Number of the kernel, from 0').optional(),
    })
    .describe('One kernel of a model: its nodes, its time, and why they are one kernel'),
  table: z
    .strictObject({
      path: z.string().min(1).describe('File of the latency table').optional(),
      table: z.record(z.string(), z.unknown()).describe('The table itself').optional(),
      devices: z
        .array(z.string().min(1))
        .min(1)
        .max(100)
        .describe('Names of devices in the table; default: all')
        .optional(),
      samples: z
        .array(z.record(z.string(), z.unknown()))
        .max(MAX_SAMPLES)
        .describe('Candidates: label -> value'),
    })
    .describe('Latencies of candidates of a search space, by its latency table'),
  batch: z
    .strictObject({
      requests: z
        .array(z.strictObject({ method: z.string(), params: z.unknown().optional() }))
        .max(MAX_BATCH),
    })
    .describe('Several requests at once, answered in their order'),
} as const;

export type Method = keyof typeof parameters;
export type Parameters<M extends Method> = z.infer<(typeof parameters)[M]>;
export type ModelParameters = Parameters<'graph'>;

/** @throws NnMeterError E_USAGE that names the methods */
export function requireMethod(method: unknown): Method {
  if (typeof method === 'string' && Object.hasOwn(parameters, method)) return method as Method;
  const given = typeof method === 'string' ? quote(method) : JSON.stringify(method);
  throw new NnMeterError('E_USAGE', `there is no method ${given?.slice(0, 100)}`, {
    hint: `the methods are ${Object.keys(parameters).join(', ')}`,
  });
}

/** @throws NnMeterError E_USAGE saying which parameter is wrong */
export function parseParameters<M extends Method>(method: M, given: unknown): Parameters<M> {
  const { data, error } = parameters[method].safeParse(given ?? {});
  if (error === undefined) return data as Parameters<M>;
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  const place = path.length === 0 ? `parameters of ${method}` : path.map(String).join('.');
  throw new NnMeterError('E_USAGE', `${place}: ${message}`, {
    hint: `its parameters are ${Object.keys(parameters[method].shape).join(', ') || 'none'}`,
  });
}
