import {
  type Frontend,
  type Graph,
  type ModelType,
  NnMeterError,
  quote,
  type ReadOptions,
} from '@nnmeter/ir';
import { importOptional, missingPackage } from './optional-package.ts';

/** The package that reads each type of model. */
const PACKAGES: Readonly<Record<ModelType, string>> = {
  onnx: '@nnmeter/frontend-onnx',
  pb: '@nnmeter/frontend-tf',
  torch: '@nnmeter/zoo',
  'nnmeter-ir': '@nnmeter/frontend-nnmeter-ir',
  'nni-ir': '@nnmeter/frontend-nni',
};

const MODEL_TYPES = Object.keys(PACKAGES) as ModelType[];

/** The types that are recognised by content, the cheapest to load first; NNI IR is the more special kind of JSON. */
const DETECTED_TYPES: readonly ModelType[] = ['nni-ir', 'nnmeter-ir', 'onnx', 'pb'];

/** How much of a file `Frontend.matches` looks at. */
export const HEAD_BYTES = 65536;

const frontends = new Map<ModelType, Frontend>();

/**
 * Makes a frontend known to {@link modelToGraph}, {@link modelFileToGraph} and `predict`. Only needed where packages
 * cannot be found by name: in browsers, in bundles, and for your own readers. Replaces the frontend of that type.
 */
export function registerFrontend(frontend: Frontend): void {
  checkModelType(frontend.modelType);
  frontends.set(frontend.modelType, frontend);
}

/** The frontend for a type of model. @throws NnMeterError E_MISSING_PACKAGE, E_INVALID_INPUT for an unknown type. */
export async function loadFrontend(type: ModelType): Promise<Frontend> {
  checkModelType(type);
  const frontend = await findFrontend(type);
  if (frontend !== undefined) return frontend;
  throw missingPackage(
    `reading a model of type "${type}"`,
    PACKAGES[type],
    'registerFrontend(frontend)',
  );
}

/**
 * The installed frontend that recognises the first bytes of a model; never by file name.
 * @throws NnMeterError E_UNSUPPORTED_FORMAT naming the types tried and the packages not installed.
 */
export async function detectFrontend(head: Uint8Array, where: string): Promise<Frontend> {
  const tried: string[] = [];
  const missing: string[] = [];
  for (const type of DETECTED_TYPES) {
    const frontend = await findFrontend(type);
    if (frontend?.matches(head)) return frontend;
    if (frontend === undefined) missing.push(PACKAGES[type]);
    else tried.push(type);
  }
  const others =
    missing.length === 0 ? '' : `; other formats need: npm install ${missing.join(' ')}`;
  throw new NnMeterError(
    'E_UNSUPPORTED_FORMAT',
    `${where} is not a model of a known format (${tried.join(', ')}); name its type to be told why it is refused${others}`,
  );
}

/**
 * Turns a model in memory into a graph: the bytes of a file, an ONNX `ModelProto`, parsed JSON of an nn-Meter or NNI
 * graph, or a torchvision name. Without `type`, all but names are recognised by their content.
 * @throws NnMeterError what is wrong with the model and where, E_MISSING_PACKAGE if its frontend is not installed.
 */
export async function modelToGraph(
  model: unknown,
  type?: ModelType,
  options?: ReadOptions,
): Promise<Graph> {
  const content = model instanceof ArrayBuffer ? new Uint8Array(model) : model;
  const frontend = await (type === undefined ? detectContent(content) : loadFrontend(type));
  return frontend.toGraph(content, options);
}

async function detectContent(model: unknown): Promise<Frontend> {
  if (model instanceof Uint8Array) return detectFrontend(model.subarray(0, HEAD_BYTES), 'the data');
  if (isModelProto(model)) return loadFrontend('onnx');
  const json = typeof model === 'object' && model !== null ? jsonOf(model) : undefined;
  if (json !== undefined) return detectFrontend(new TextEncoder().encode(json), 'the object');
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `this cannot be recognised by its content; give bytes, a ModelProto or parsed JSON, or name the model type (${MODEL_TYPES.join(', ')})`,
  );
}

/** An ONNX model as protobufjs or this project's frontend decodes it. */
function isModelProto(model: unknown): boolean {
  return (
    typeof model === 'object' &&
    model !== null &&
    'graph' in model &&
    ('opsetImport' in model || 'irVersion' in model)
  );
}

/** The beginning of an object as JSON; undefined if it is no JSON, for it contains itself or a bigint. */
function jsonOf(model: object): string | undefined {
  try {
    return JSON.stringify(model)?.slice(0, HEAD_BYTES);
  } catch {
    return undefined;
  }
}

async function findFrontend(type: ModelType): Promise<Frontend | undefined> {
  const known = frontends.get(type);
  const name = PACKAGES[type];
  if (known !== undefined) return known;
  const frontend = (await importOptional(name))?.frontend as Frontend | undefined;
  if (frontend !== undefined) frontends.set(type, frontend);
  return frontend;
}

function checkModelType(type: string): void {
  if (!MODEL_TYPES.includes(type as ModelType)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `unknown model type ${quote(String(type))}; known are ${MODEL_TYPES.join(', ')}`,
    );
  }
}
